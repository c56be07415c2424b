from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from engine.report.model_card import escape_markdown, list_hub_ids, name_source, quote_code
from engine.report.render import render_model_card


def render(result):
    return render_model_card(result, result.outputs[0])


def front_matter(card):
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_the_front_matter_names_hub_bases_and_tags(crowded):
    assert front_matter(render(crowded)) == {
        "base_model": ["some-org/some.model", "other/tuned"],
        "base_model_relation": "merge",
        "tags": ["merge", "task-arithmetic", "weightloom"],
    }


def test_folders_of_the_users_are_no_base_model_and_a_config_means_transformers(analogy):
    assert front_matter(render(analogy)) == {"library_name": "transformers", "tags": ["merge", "task-arithmetic", "weightloom"]}


@pytest.mark.parametrize("source", ["hub:a/b\nevil: true", 'hub:a"b/c', "hub:", "hub:a/b/c", "models/base", "hub:../etc", "hub:a b/c"])
def test_only_names_that_the_hub_allows_reach_the_front_matter(source, analogy):
    output = replace(analogy.outputs[0], base=source)
    assert list_hub_ids(analogy, output) == []


def test_checkpoints_that_were_not_read_were_not_merged(analogy):
    inputs = tuple(replace(record, source=f"hub:org/{record.node}") for record in analogy.inputs)
    output = replace(analogy.outputs[0], base="hub:org/base@v1")
    assert list_hub_ids(replace(analogy, inputs=inputs), output) == ["org/base", "org/a", "org/b"]


def test_hostile_labels_stay_in_their_cells(crowded):
    card = render(crowded)
    assert "<script" not in card.replace("```</title></svg><script", "")  # the formula's block of code shows it as it is
    below_the_formula = card[card.index("## Metrics") :]
    table = [line for line in below_the_formula.splitlines() if line.startswith("| ")]
    separators = {line.replace("\\\\", "").replace("\\|", "").count("|") for line in table}
    assert separators == {5, 6}  # metrics: 4 columns; inputs: 5


def test_labels_lose_their_meaning_as_markdown():
    assert escape_markdown("a*b_c`d|e\n# f <b> & [x](y)") == r"a\*b\_c\`d\|e \# f &lt;b&gt; &amp; \[x\](y)"


def test_a_formula_cannot_close_its_block():
    assert quote_code("a ```` b").startswith("`````text\n")
    assert quote_code("a").startswith("```text\n")


def test_the_card_tells_formula_figures_and_how_to_load(analogy):
    card = render(analogy)
    assert analogy.outputs[0].formula in card
    assert "**0.639** ±.06" in card
    assert "AutoModel.from_pretrained" in card
    assert "chosen on validation data" in card


def test_a_vector_is_called_one(vector_export):
    card = render(vector_export)
    assert "not a model" in card
    assert "load_file" in card
    assert "## Metrics" not in card
    assert "library_name" not in card


def test_sources_are_named_by_id_or_last_folder():
    sources = ("hub:org/name@main", "models/base/", r"C:\models\base", "")
    assert [name_source(source) for source in sources] == ["org/name", "base", "base", ""]


def test_the_card_loads_with_the_class_that_the_config_names(analogy):
    output = replace(analogy.outputs[0], architecture="ViTForImageClassification")
    card = render_model_card(analogy, output)
    assert "from transformers import ViTForImageClassification\n" in card
    assert 'model = ViTForImageClassification.from_pretrained("FOLDER")' in card
    assert "AutoModel" not in card
    hostile = replace(output, architecture="x\nimport os")
    assert "import os" not in render_model_card(analogy, hostile)
