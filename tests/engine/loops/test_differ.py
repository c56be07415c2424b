"""Products and counts over the differences of a family are those of NumPy in float64, whatever its members come as."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.loops.differ import SUB_BLOCK_ENTRIES, count_bins, make_pairs, measure_members

EDGES = (1, 2, 63, 64, 65, SUB_BLOCK_ENTRIES - 1, SUB_BLOCK_ENTRIES, SUB_BLOCK_ENTRIES + 1, 2 * SUB_BLOCK_ENTRIES + 100)
PRECISIONS = {np.float32: 1e-6, np.float64: 1e-14}
"""Each with the error of a product over a sub-block, relative to the sum of the magnitudes."""
LEAST, BINS = 100, 40
"""The exponent of the first bin of magnitudes, and how many bins there are: numbers as `draw` makes them lie on both sides of them."""


class Family:
    """Members as the loop takes them, with rubbish where it must not look, and their differences in float64."""

    def __init__(self, values, halves, differences, precision=np.float32):
        self.entries = values.shape[1]
        width = self.entries + 37
        # With float64 nothing comes as halves.
        halves = [is_half and precision is np.float32 for is_half in halves]
        self.kinds = np.array(halves), np.array(differences)
        self.halves = np.full((len(values), width), 0x7FC0, np.uint16)
        self.numbers = np.full((len(values), width), np.nan, precision)
        read = np.empty((len(values), self.entries))
        for member, row in enumerate(values):
            if halves[member]:
                # The upper half of a float32 is a bfloat16.
                bits = row.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
                self.halves[member, : self.entries] = bits >> np.uint32(16)
                read[member] = bits.view(np.float32)
            else:
                self.numbers[member, : self.entries] = row
                read[member] = row.astype(precision)
        base = read[0].astype(precision)
        for member in range(1, len(values)):
            if not differences[member]:
                read[member] = read[member].astype(precision) - base
        self.differences = read

    def measure(self, rows):
        members, blocks = len(self.halves), -(-self.entries // SUB_BLOCK_ENTRIES)
        places = [rows.index(member) if member in rows else -1 for member in range(members)]
        products = np.full((blocks, len(rows), members), np.nan, self.numbers.dtype)
        both, conflicts = np.zeros((2, len(rows), members), np.int64)
        pairs = make_pairs(len(rows), BINS)
        numbering = np.array(rows, np.int64), np.array(places, np.int64)
        measure_members((self.halves, self.numbers), self.kinds, numbering, (self.entries, LEAST), (products, both, conflicts, pairs))
        return products, both, conflicts, pairs


def draw(members, entries, seed=0):
    """Return numbers of which many are 0, equal to the base's or of other magnitudes."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((members, entries)) * 2.0 ** generator.integers(-30, 30, (members, entries))
    values[generator.random((members, entries)) < 0.2] = 0
    same = generator.random(entries) < 0.2
    values[:, same] = values[0, same]
    return values


def assert_products(family, rows, products):
    tolerance = PRECISIONS[family.numbers.dtype.type]
    for block in range(len(products)):
        part = family.differences[:, block * SUB_BLOCK_ENTRIES : (block + 1) * SUB_BLOCK_ENTRIES]
        expected = part[rows] @ part.T
        assert (np.abs(products[block] - expected) <= tolerance * (np.abs(part[rows]) @ np.abs(part).T)).all()


def assert_counts(family, rows, both, conflicts):
    for index, row in enumerate(rows):
        for other in range(1, len(family.differences)):
            one, two = family.differences[row], family.differences[other]
            # What two rows have in common is in the line of the earlier.
            is_here = row > 0 and other not in rows[:index]
            assert both[index, other] == (((one != 0) & (two != 0)).sum() if is_here else 0)
            assert conflicts[index, other] == ((one * two < 0).sum() if is_here else 0)
    assert not both[:, 0].any()
    assert not conflicts[:, 0].any()


def assert_bins(family, rows, pairs):
    for index, row in enumerate(rows):
        # A zero has an exponent below all others.
        exponents = np.where(family.differences[row], np.frexp(family.differences[row])[1] - 1 + 127, 0)
        expected = np.bincount(np.clip(exponents - LEAST, 0, BINS - 1), minlength=BINS) if row else np.zeros(BINS, np.int64)
        # What fills the last sub-block up counts as zeros.
        expected[0] += -family.entries % SUB_BLOCK_ENTRIES if row else 0
        assert count_bins(pairs[index]).tolist() == expected.tolist()


def assert_measured(family, rows):
    products, both, conflicts, pairs = family.measure(rows)
    assert_products(family, rows, products)
    assert_counts(family, rows, both, conflicts)
    assert_bins(family, rows, pairs)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("entries", EDGES)
def test_every_length(entries, precision):
    assert_measured(Family(draw(4, entries), [True, True, False, True], [False] * 4, precision=precision), [0, 1, 2, 3])


@pytest.mark.parametrize("rows", [[0], [2], [0, 3], [1, 2], [1, 3, 4], [0, 1, 2, 3, 4]], ids=str)
@pytest.mark.parametrize("halves", [True, False])
def test_some_rows_of_all(rows, halves):
    assert_measured(Family(draw(5, 5000), [halves] * 5, [False] * 5), rows)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_a_difference_already_is_taken_as_it_is(precision):
    differences = [False, True, False, True]
    assert_measured(Family(draw(4, 4500), [False, True, True, False], differences, precision=precision), [0, 1, 2, 3])


@given(
    members=st.integers(1, 5),
    entries=st.integers(1, 300),
    kinds=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=5, max_size=5),
    wanted=st.sets(st.integers(0, 4), min_size=1),
    seed=st.integers(0, 1000),
)
def test_any_family(members, entries, kinds, wanted, seed):
    rows = sorted({number % members for number in wanted})
    halves, differences = ([kind[place] for kind in kinds[:members]] for place in (0, 1))
    assert_measured(Family(draw(members, entries, seed), halves, [False, *differences[1:]]), rows)


def test_counts_are_added_to_what_is_there():
    family = Family(draw(2, 100), [True, True], [False, False])
    numbering = np.array([1]), np.array([-1, 0])
    products = np.empty((1, 1, 2), np.float32)
    both, conflicts = np.zeros((2, 1, 2), np.int64)
    pairs = make_pairs(1, BINS)
    for _ in range(2):
        measure_members((family.halves, family.numbers), family.kinds, numbering, (100, LEAST), (products, both, conflicts, pairs))
    assert both[0, 1] == 2 * (family.differences[1] != 0).sum()
    assert count_bins(pairs[0]).sum() == 2 * SUB_BLOCK_ENTRIES


def test_magnitudes_beyond_float32_are_in_the_first_and_the_last_bin():
    values = np.array([[0.0] * 4, [1e-300, 1e300, 2.0**-149, 1.0]])
    family = Family(values, [False, False], [False, True], precision=np.float64)
    counted = count_bins(family.measure([1])[3][0])
    assert counted[[0, 127 - LEAST, BINS - 1]].tolist() == [SUB_BLOCK_ENTRIES - 2, 1, 1]
