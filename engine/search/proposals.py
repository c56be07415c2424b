"""Strengths for many vectors, proposed one set after another: by coordinates, or by Optuna's TPE where it is installed.

A proposal is a tuple of places on the grid, one for each vector; whoever measures it sends back how good it is.
"""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec
from typing import Literal, get_args

from engine.errors import SelectionError

Places = tuple[int, ...]
Proposals = Generator[Places, float, None]
MethodName = Literal["coordinate", "tpe"]
METHODS: tuple[MethodName, ...] = get_args(MethodName)

_COMMON_STRENGTHS = 5
"""So many strengths are tried for all vectors alike before they part."""
_FIRST_STRIDE = 4
"""The first step along a coordinate is this part of the grid; it is halved where no step makes it better."""
_REPEATS = 20
"""A sampler that proposes nothing but what is known, so often for each new proposal, has seen it all."""


def propose(method: MethodName, vectors: int, size: int, seed: int) -> Proposals:
    """Return a generator of proposals: each is answered by `send` with how good it is, the more the better.

    None is made twice. It ends when it has nothing more to propose.

    Args:
        method: coordinate: the same strength for all at first, then one vector after the other, in steps that shrink (compass search;
            Kolda, Lewis, Torczon 2003, SIAM Review 45). tpe: the tree-structured Parzen estimator (Bergstra et al. 2011).
        vectors: how many strengths a proposal has.
        size: how many strengths the grid has.
        seed: of what is drawn at random.

    Raises:
        SelectionError: the method needs a package that is not installed.
    """
    return _climb(vectors, size) if method == "coordinate" else _sample(vectors, size, seed)


def is_installed(method: str) -> bool:
    """Tell whether what a method needs is there."""
    return method != "tpe" or find_spec("optuna") is not None


def _climb(vectors: int, size: int) -> Proposals:
    known: dict[Places, float] = {}
    here, best = (0,) * vectors, float("-inf")
    for place in _spread(size):
        found = yield from _ask((place,) * vectors, known)
        here, best = ((place,) * vectors, found) if found > best else (here, best)
    stride = max((size - 1) // _FIRST_STRIDE, 1)
    while stride:
        is_better = False
        for index in range(vectors):
            for there in (here[index] + stride, here[index] - stride):
                moved = (*here[:index], there, *here[index + 1 :])
                found = (yield from _ask(moved, known)) if 0 <= there < size else float("-inf")
                if found > best:
                    here, best, is_better = moved, found, True
                    break
        stride = stride if is_better else stride // 2


def _spread(size: int) -> list[int]:
    """Return a few places over the whole grid, the middle ones first: the ends are seldom best."""
    count = min(size, _COMMON_STRENGTHS)
    places = [round(index * (size - 1) / max(count - 1, 1)) for index in range(count)]
    return sorted(dict.fromkeys(places), key=lambda place: abs(2 * place - (size - 1)))


def _ask(places: Places, known: dict[Places, float]) -> Generator[Places, float, float]:
    if places not in known:
        known[places] = yield places
    return known[places]


def _sample(vectors: int, size: int, seed: int) -> Proposals:
    if not is_installed("tpe"):
        fact = "The search method tpe needs the package optuna, which is not installed."
        raise SelectionError(fact, "Take the method coordinate, or install it where Weightloom runs from Python (pip install optuna).")
    # Optional, and slow to import.
    import optuna  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    axes: dict[str, optuna.distributions.BaseDistribution] = {
        f"strength {index}": optuna.distributions.IntDistribution(0, size - 1) for index in range(vectors)
    }
    known: dict[Places, float] = {}
    repeats = 0
    while repeats < _REPEATS and len(known) < size**vectors:
        trial = study.ask(axes)
        places = tuple(int(trial.params[name]) for name in axes)
        repeats = repeats + 1 if places in known else 0
        found = yield from _ask(places, known)
        study.tell(trial, max(found, -1e9))
