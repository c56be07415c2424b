"""Arrays are lent to one piece and used again for the next."""

from __future__ import annotations

import pytest
import torch

from engine.execution.buffers import Buffers, LastingArrays, view_bytes


@pytest.fixture
def buffers() -> Buffers:
    return Buffers(100, torch.device("cpu"))


def places(arrays: list[torch.Tensor]) -> list[int]:
    return [array.data_ptr() for array in arrays]


def test_what_is_lent_at_once_never_overlaps(buffers):
    arrays = [buffers.take(torch.float32, 100), buffers.take(torch.float32, 7), buffers.take_host(300), buffers.take_host(300)]
    for number, array in enumerate(arrays):
        array.fill_(number)
    assert [array.unique().tolist() for array in arrays] == [[0], [1], [2], [3]]


def test_an_array_is_as_long_as_it_was_asked_for(buffers):
    assert [buffers.take(torch.float64, count).shape for count in (0, 1, 99, 100, 101)] == [(0,), (1,), (99,), (100,), (101,)]
    assert buffers.take(torch.float64, 3).dtype == torch.float64
    host = buffers.take_host(12)
    assert (host.dtype, host.shape) == (torch.uint8, (12,))


def test_pieces_after_the_first_allocate_nothing(buffers):
    def do_piece(count: int) -> list[torch.Tensor]:
        arrays = [buffers.take(torch.float32, count), buffers.take(torch.float32, count), buffers.take_host(4 * count)]
        buffers.release()
        return arrays

    first = do_piece(100)
    for count in (100, 1, 57):  # the last piece of a tensor is shorter
        assert sorted(places(do_piece(count))) == sorted(places(first))


def test_the_dtypes_do_not_borrow_from_one_another(buffers):
    single = buffers.take(torch.float32, 10)
    buffers.release()
    double, byte = buffers.take(torch.float64, 10), buffers.take(torch.uint8, 10)
    host = buffers.take_host(10)
    assert len({*places([single, double, byte, host])}) == 4


def test_an_array_too_small_is_not_lent_for_a_larger_piece(buffers):
    buffers.take(torch.float32, 10)
    buffers.release()
    large = buffers.take(torch.float32, 250)
    assert large.fill_(1).sum() == 250
    assert buffers.take_host(5000).shape == (5000,)


def test_what_is_read_into_the_bytes_is_seen_in_the_array(buffers):
    host = buffers.take_host(8)
    view = view_bytes(host)
    view[:] = bytes(range(8))
    assert host.tolist() == list(range(8))
    assert (view.nbytes, view.readonly, view.contiguous) == (8, False, True)


def test_host_memory_holds_entries_of_any_dtype(buffers):
    """8 bytes an entry, so that float64 is viewed in place: the array begins where any dtype may."""
    host = buffers.take_host(8 * 100)
    assert host.view(torch.float64).shape == (100,)
    assert buffers.take_host(2 * 100).view(torch.bfloat16).shape == (100,)


def test_lasting_arrays_overlap_only_once_given_back():
    lasting = LastingArrays(100, torch.device("cpu"))
    first = [lasting.take(torch.float32, count) for count in (100, 60, 0, 250)]
    assert [array.numel() for array in first] == [100, 60, 0, 250]
    assert len(set(places(first))) == 4
    lasting.give_back(first[1:2])
    again, more, wide = lasting.take(torch.float32, 100), lasting.take(torch.float32, 100), lasting.take(torch.float64, 1)
    assert again.data_ptr() == first[1].data_ptr()
    assert len({*places(first), *places([more, wide])}) == 6
