"""Which kernels can be computed of a family alone, and what they are known by."""

import os
from dataclasses import replace

import pytest
import torch

from engine.document.edits import set_label, set_parameter
from engine.document.model import Settings
from engine.planning.families import find_family_files
from engine.planning.kernel_graph import KernelGraph
from tests.engine.graph_lines import TWO_VECTORS


@pytest.fixture
def document(bench, family):
    return bench.document(f"{TWO_VECTORS}\n kept = trim vector=ta density:0.3\n dropped = dare vector=tb drop:0.4")


def test_what_hangs_on_a_search_is_left_out(bench, family):
    lines = f"""{TWO_VECTORS}
        target = test_set source:target.npz split:validation
        found = strength_search base=base vectors=ta targets=target start:0 stop:1 step:0.5
        made = task_vector tuned=found base=base
        late = trim vector=made density:0.5
        kept = trim vector=ta density:0.3
    """
    graph = bench.kernel_graph(bench.document(lines))
    assert graph.kernels == ("kept",)


def test_a_kernel_of_another_family_is_left_out(bench, family):
    for name in ("small", "tuned"):
        bench.save(name, {"weight": torch.ones(4)})
    lines = f"""{TWO_VECTORS}
        small = checkpoint source:small
        tuned = checkpoint source:tuned
        ts = task_vector tuned=tuned base=small
        kept = trim vector=ta density:0.3
        other = trim vector=ts density:0.3
    """
    document, resolved = bench.document(lines), bench.resolve(lines)
    found = {files.base: KernelGraph.of(document, bench.folder, resolved, files).kernels for files in find_family_files(resolved)}
    assert found == {"base": ("kept",), "small": ("other",)}


def test_a_kernel_is_known_by_what_decides_its_value(bench, document):
    first = bench.kernel_graph(document).identify()
    assert set(first) == {"kept", "dropped"}
    assert first["kept"] != first["dropped"]
    assert bench.kernel_graph(set_label(document, "kept", "Other")).identify() == first
    changed = bench.kernel_graph(set_parameter(document, "kept", "density", 0.4)).identify()
    assert changed["kept"] != first["kept"]
    assert changed["dropped"] == first["dropped"]


@pytest.mark.parametrize(("name", "value"), [("precision", "float64"), ("misfit", "keep_base"), ("non_finite", "allow")])
def test_a_kernel_is_known_by_the_settings_it_is_computed_under(bench, document, name, value):
    other = replace(document, settings=Settings({name: value}))
    first, second = (bench.kernel_graph(each).identify() for each in (document, other))
    assert first.keys() == second.keys()
    assert all(first[kernel] != second[kernel] for kernel in first)


def test_another_file_of_the_same_size_and_time_is_another_kernel(bench, document):
    first = bench.kernel_graph(document).identify()
    path = bench.folder / "a" / "model.safetensors"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=times)
    second = bench.kernel_graph(document).identify()
    assert second["kept"] != first["kept"]
    assert second["dropped"] == first["dropped"]
