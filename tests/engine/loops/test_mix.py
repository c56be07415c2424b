"""The compiled sums are those of arrays, bit by bit, whatever goes in and wherever a step of the loop ends."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.loops import mix
from engine.loops.mix import Terms, mix_and_round, mix_halves, mix_reals

EDGES = (0, 1, 2, 2047, 2048, 2049, 4096, 4099)
"""Around the ends of a step."""
UPPER_HALVES = np.arange(1 << 16, dtype=np.uint16)
FINITE = UPPER_HALVES[(UPPER_HALVES & 0x7F80) != 0x7F80]


def widen(halves):
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


def mix_arrays(parts, anchor, terms):
    """Do what the loop does with one array operation after the other."""
    total = None
    with np.errstate(all="ignore"):
        for part, factor, differs in zip(parts, terms.factors, terms.differs, strict=True):
            value = factor * (part - anchor if differs else part)
            total = value if total is None else total + value
        if terms.adds_anchor:
            result = total + anchor
            total = np.where((result == 0) & (anchor == 0), anchor, result) if terms.keeps_bits else result
    return total


def assert_same_bits(one, other):
    assert one.dtype == other.dtype
    defined = ~np.isnan(one)
    assert np.array_equal(one, other, equal_nan=True)
    assert np.array_equal(np.signbit(one)[defined], np.signbit(other)[defined])


def make_terms(factors, differs, dtype=np.float32, adds_anchor=True, keeps_bits=True):
    return Terms(np.array(factors, dtype), np.array(differs), adds_anchor, keeps_bits)


def draw_halves(count, length, seed=0):
    """Return finite bfloat16 numbers near 1, as halves."""
    drawn = np.random.default_rng(seed).standard_normal((count, length)).astype(np.float32)
    return [(row.view(np.uint32) >> np.uint32(16)).astype(np.uint16) for row in drawn]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("length", EDGES)
def test_halves_are_summed_as_arrays_are(count, length):
    anchor, *parts = draw_halves(count + 1, length)
    terms = make_terms([0.3, -1, 2, 1e-3, 7][:count], [number % 2 == 0 for number in range(count)])
    out = np.full(length, np.nan, np.float32)
    mix_halves(tuple(parts), anchor, terms, out)
    assert_same_bits(out, mix_arrays([widen(part) for part in parts], widen(anchor), terms))


@pytest.mark.parametrize("length", EDGES)
def test_reals_are_summed_as_arrays_are(length):
    draws = np.random.default_rng(length).standard_normal((3, length)).astype(np.float32)
    terms = make_terms([0.3, -1.5], [True, False])
    out = np.full(length, np.nan, np.float32)
    mix_reals((draws[0], draws[1]), draws[2], terms, out)
    assert_same_bits(out, mix_arrays(draws[:2], draws[2], terms))


@pytest.mark.parametrize(("dtype", "unit"), [(np.float32, 2.0**-24), (np.float64, 2.0**-53)])
def test_a_sum_is_as_near_as_its_precision_allows(dtype, unit):
    draws = np.random.default_rng(5).standard_normal((3, 5000)).astype(dtype)
    factors = np.array([0.7, -1.1], dtype)
    out = np.empty(5000, dtype)
    mix_reals((draws[0], draws[1]), draws[2], make_terms(factors, [True, True], dtype), out)
    wide, anchor = draws[:2].astype(np.longdouble), draws[2].astype(np.longdouble)
    terms = factors.astype(np.longdouble)[:, None] * (wide - anchor)
    error = np.abs(out - (anchor + terms.sum(axis=0)))
    assert (error <= 6 * unit * (np.abs(anchor) + np.abs(terms).sum(axis=0))).all()


def test_sums_are_those_of_torch():
    draws = [torch.from_numpy(row) for row in np.random.default_rng(6).standard_normal((3, 3000)).astype(np.float32)]
    expected = (draws[0] - draws[2]) * 0.3 + draws[1] * -2.0 + draws[2]
    out = np.empty(3000, np.float32)
    mix_reals((draws[0].numpy(), draws[1].numpy()), draws[2].numpy(), make_terms([0.3, -2], [True, False]), out)
    assert torch.equal(torch.from_numpy(out), expected)


SINGLES = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0**-149, -(2.0**-126), float(np.finfo(np.float32).max)])


@given(
    entries=st.lists(st.tuples(SINGLES, SINGLES, SINGLES), min_size=1, max_size=6),
    length=st.sampled_from(EDGES),
    factors=st.tuples(SINGLES, SINGLES),
    differs=st.tuples(st.booleans(), st.booleans()),
    adds_anchor=st.booleans(),
    keeps_bits=st.booleans(),
)
def test_any_numbers_are_summed_as_arrays_are(entries, length, factors, differs, adds_anchor, keeps_bits):
    columns = np.resize(np.array(entries, np.float32), (length, 3))
    one, other, anchor = (np.ascontiguousarray(column) for column in columns.T)
    terms = make_terms(factors, differs, adds_anchor=adds_anchor, keeps_bits=keeps_bits)
    out = np.full(length, np.nan, np.float32)
    mix_reals((one, other), anchor, terms, out)
    assert_same_bits(out, mix_arrays((one, other), anchor, terms))


@pytest.mark.parametrize("keeps_bits", [True, False])
def test_the_anchors_zeros_keep_their_sign_where_it_is_wanted(keeps_bits):
    anchor = np.array([0x8000, 0x0000, 0x8000, 0x3F80], np.uint16)
    part = np.array([0x0000, 0x8000, 0x8000, 0xBF80], np.uint16)
    out = np.empty(4, np.float32)
    mix_halves((part,), anchor, make_terms([1], [False], keeps_bits=keeps_bits), out)
    assert out.tolist() == [0, 0, 0, 0]
    # −0 + −0 is −0 by itself; 1 − 1 is +0 and no zero of the anchor's.
    assert np.signbit(out).tolist() == [keeps_bits, False, True, False]


def round_by_torch(values):
    return torch.from_numpy(values).to(torch.bfloat16).view(torch.uint16).numpy()


@pytest.mark.parametrize("lower", [0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
def test_every_upper_half_is_rounded_as_torch_does(lower):
    bits = (UPPER_HALVES.astype(np.uint32) << np.uint32(16)) | np.uint32(lower)
    bits = bits[~np.isnan(bits.view(np.float32))]
    out = np.empty(bits.size, np.uint16)
    largest = mix._round(bits, np.uint32(0), out)
    assert np.array_equal(out, round_by_torch(bits.view(np.float32)))
    assert largest == (bits & np.uint32(0x7FFFFFFF)).max()


@pytest.mark.parametrize("factor", [1, -1, 0.5, 1 + 2**-8, 1 - 2**-9, 2**-120, 1e-3])
def test_what_is_rounded_is_what_would_be_summed(factor):
    # Ties, numbers without an exponent and −0 are among them.
    terms = make_terms([factor], [False], adds_anchor=False, keeps_bits=False)
    wide, out = np.empty(FINITE.size, np.float32), np.empty(FINITE.size, np.uint16)
    mix_halves((FINITE,), FINITE, terms, wide)
    kept = np.isfinite(wide)
    largest = mix_and_round((FINITE,), FINITE, terms, out)
    assert np.array_equal(out[kept], round_by_torch(wide)[kept])
    assert largest == np.abs(wide).max()


@pytest.mark.parametrize("length", EDGES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_rounded_sums_of_every_length(count, length):
    anchor, *parts = draw_halves(count + 1, length, seed=1)
    terms = make_terms([0.3, -1, 2, 1e-3, 7][:count], [number % 2 == 0 for number in range(count)])
    wide, out = np.empty(length, np.float32), np.full(length, 0xFFFF, np.uint16)
    mix_halves(tuple(parts), anchor, terms, wide)
    largest = mix_and_round(tuple(parts), anchor, terms, out)
    assert np.array_equal(out, round_by_torch(wide))
    assert largest == np.abs(wide).max(initial=0)


@pytest.mark.parametrize("place", [0, 2047, 2048, 4098])
def test_a_number_too_large_is_told_wherever_it_is(place):
    terms = make_terms([2], [False], adds_anchor=False)
    values, out = np.full(4099, 0x3F80, np.uint16), np.empty(4099, np.uint16)
    values[place] = 0x7F7F
    assert mix_and_round((values,), values, terms, out) == np.inf
    values[place] = 0x7FC0
    assert np.isnan(mix_and_round((values,), values, terms, out))
    values[place] = 0xFEFF
    largest = mix_and_round((values,), values, terms, out)
    assert largest == 2 * -widen(values[place : place + 1])[0]
    assert out[place] == 0xFF7F
