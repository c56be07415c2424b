"""Devices by name, and what is said of those that are not there."""

from __future__ import annotations

import pytest
import torch

from engine.errors import DeviceError
from engine.execution.device import describe_device, find_device, free_cached_memory, is_out_of_memory, list_devices

GRAPH = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    out = export_vector vector=ta folder:out
"""


def test_the_processor_is_always_there():
    assert list_devices()[-1] == "cpu"
    assert find_device("cpu") == torch.device("cpu")
    assert describe_device(torch.device("cpu")) == "cpu"
    free_cached_memory(torch.device("cpu"))


def test_auto_takes_the_preferred_one():
    assert find_device("auto").type == list_devices()[0]


@pytest.mark.parametrize(
    "name",
    ["", "gpu", "CPU", "xpu", "meta", "cuda:x", "cuda:-1", "cuda:99", "cpu:", "cpu:²", "cpu:01", "cpu:0:1", "cpu :0", "cpu:9999999999"],
)
def test_what_is_not_there_is_refused_and_the_message_says_what_is(name):
    with pytest.raises(DeviceError, match=r"is not there|There is no") as caught:
        find_device(name)
    assert name in caught.value.fact
    assert "this machine has" in caught.value.fact
    assert caught.value.remedy


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_a_gpu_is_refused_where_torch_finds_none(name):
    with pytest.raises(DeviceError, match=f"“{name}” is not there; this machine has .*cpu"):
        find_device(name)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_is_found_by_its_number_and_described_by_its_name():
    assert find_device("cuda") == torch.device("cuda")
    assert find_device("cuda:0") == torch.device("cuda:0")
    assert torch.cuda.get_device_name(0) in describe_device(find_device("cuda:0"))
    with pytest.raises(DeviceError, match="counted from 0"):
        find_device(f"cuda:{torch.cuda.device_count()}")


@pytest.mark.parametrize("name", ["cuda:99", "gpu"])
def test_a_run_on_a_device_that_is_not_there_writes_nothing(bench, family, name):
    plan = bench.plan(GRAPH, {"device": name})
    before = sorted(bench.folder.iterdir())
    with pytest.raises(DeviceError, match=name):
        bench.run_plan(plan)
    assert sorted(bench.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("failure", "is_memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("shapes differ"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_the_end_of_memory_is_told_from_other_failures(failure, is_memory):
    assert is_out_of_memory(failure) is is_memory
