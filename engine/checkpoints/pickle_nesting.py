"""How deep the tuples of a pickle lie in one another, found without making them.

Python hashes a tuple by recursion in C without a bound, so one that is nested a million times, used as a key, ends the process.
"""

from __future__ import annotations

from pickletools import OpcodeInfo, genops, markobject

_TUPLES = frozenset({"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "FROZENSET"})
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_MARK = -1


def measure_nesting(content: bytes) -> int:
    """Return the depth of the deepest tuple that a pickle makes on the way.

    Raises:
        ValueError: It is no pickle.
        IndexError: It takes more from its stack than it put there.
    """
    stack: list[int] = []
    memo: dict[object, int] = {}
    deepest = 0
    for opcode, argument, _ in genops(content):
        if opcode.name in _PUTS or opcode.name == "MEMOIZE":
            memo[argument if opcode.name in _PUTS else len(memo)] = stack[-1]
        elif opcode.name in _GETS:
            stack.append(memo.get(argument, 0))
        else:
            inner = _take(stack, opcode)
            depth = inner + 1 if opcode.name in _TUPLES else inner
            deepest = max(deepest, depth)
            stack += [_MARK if kind is markobject else depth for kind in opcode.stack_after]
    return deepest


def _take(stack: list[int], opcode: OpcodeInfo) -> int:
    """Take from the stack what an opcode takes, and return the depth of the deepest of it."""
    before = opcode.stack_before
    deepest, single = 0, len(before)
    if markobject in before:
        single = before.index(markobject)
        while (depth := stack.pop()) != _MARK:
            deepest = max(deepest, depth)
    for _ in range(single):
        deepest = max(deepest, stack.pop())
    return deepest
