"""How long an edit is follows exactly from the vectors that were compared, wherever it is a sum of them."""

from __future__ import annotations

import pytest
import torch

from tests.engine.graph_lines import TWO_VECTORS


def measure_share(bench, weights):
    """Return ‖Σ wᵢτᵢ‖/‖θ₀‖ from the files."""
    base, *tuned = ({name: value.double() for name, value in bench.load(model).items() if name != "steps"} for model in ("base", *weights))
    edits = (
        sum(weight * (model[name] - base[name]) for weight, model in zip(weights.values(), tuned, strict=True)) for name in sorted(base)
    )
    square = sum(float((edit**2).sum()) for edit in edits)
    return (square / sum(float((value**2).sum()) for value in base.values())) ** 0.5


def run(bench, made, compared):
    return bench.run(f"""{TWO_VECTORS}
        {made}
        edit = apply base=base vector=x strength:0.25
        s = similarity vectors={compared}
        out = export_checkpoint checkpoint=edit metrics=s folder:out
    """)


@pytest.mark.parametrize("compared", ["ta,tb", "x,ta", "tb,x,ta"], ids=["its parts", "itself and a part", "both"])
def test_a_sum_of_compared_vectors_is_known_exactly_and_not_called_an_estimate(bench, family, compared):
    result = run(bench, "x = add vectors=ta,tb weights:[1,-2]", compared)
    (output,) = result.outputs
    assert not output.is_edit_norm_estimated
    assert output.edit_norm_share == pytest.approx(measure_share(bench, {"a": 0.25, "b": -0.5}), rel=1e-6)
    assert not any("estimated" in remark.text for remark in result.remarks)


def test_a_vector_that_is_zero_adds_nothing(bench, family):
    result = run(bench, "x = add vectors=ta,tb weights:[1,-2]\n z = add vectors=ta,ta weights:[1,-1]", "ta,z,tb")
    assert result.outputs[0].edit_norm_share == pytest.approx(measure_share(bench, {"a": 0.25, "b": -0.5}), rel=1e-6)


def test_nothing_is_a_share_of_a_base_of_zeros(bench, family):
    bench.save("base", {name: torch.zeros_like(tensor) for name, tensor in family["base"].items()})
    assert run(bench, "x = add vectors=ta,tb", "ta,tb").outputs[0].edit_norm_share is None


def test_of_what_the_compared_vectors_do_not_make_there_is_an_estimate(bench, family):
    result = run(bench, "x = add vectors=ta,tb weights:[1,-2]", "ta")
    assert result.outputs[0].is_edit_norm_estimated
    assert any("estimated" in remark.text for remark in result.remarks)
