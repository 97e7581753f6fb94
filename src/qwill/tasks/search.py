"""The search of the Countdown families: in a fixed order, so that every failed attempt has its place in the thought.

Three numbers x >= y >= z and a target T. Each number in turn, smallest first, is the last one used (c); the other two
(a >= b) give at most four results: a+b, a-b, a/b if it is whole, a*b if it is not too large. For some operation with c
to reach T, the pair must have given one of at most four needed numbers, which are T and c put together in the same
four ways: |T-c|, T+c, the greater divided by the smaller, T*c. So a search is short lists and look-ups in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIGNS = "+-/*"
"""Operations in the order in which results and needs are listed."""


@dataclass(frozen=True)
class Attempt:
    """The look-up of one needed number among the results of a pair.

    Attributes:
        place: which of the three numbers is the last one, 0 for the smallest.
        sign: how target and last number are put together.
        need: the number that the pair must give.
        pair_sign: the operation by which the pair gives it, or "" if it does not.
    """

    place: int
    sign: str
    need: int
    pair_sign: str


@dataclass(frozen=True)
class Merge:
    """Two of four numbers put together: high `sign` low = result; `rest` are the three numbers left, falling."""

    sign: str
    high: int
    low: int
    result: int
    rest: tuple[int, ...]


def apply(sign: str, high: int, low: int) -> int | None:
    """high `sign` low for high >= low >= 0; None for a division that is not whole and for a product too large to be
    useful (the thought does not work such products out)."""
    if sign == "+":
        return high + low
    if sign == "-":
        return high - low
    if sign == "/":
        return high // low if low and high % low == 0 else None
    return high * low if product_is_small(high, low) else None


def product_is_small(high: int, low: int) -> bool:
    return (low <= 10 and high < 100) or high < 20


def split_off(numbers: Sequence[int], place: int) -> tuple[int, int, int]:
    """(a, b, c) of three numbers in falling order: c the one tried last, `place` counted from the smallest."""
    rest = list(numbers)
    last = rest.pop(2 - place)
    return rest[0], rest[1], last


def results(a: int, b: int) -> dict[str, int]:
    """What a pair a >= b can give, by operation."""
    found = {sign: apply(sign, a, b) for sign in SIGNS}
    return {sign: result for sign, result in found.items() if result is not None}


def needs(target: int, last: int) -> dict[str, int]:
    """What a pair must give so that one operation with the last number reaches the target, by the operation that puts
    target and last number together."""
    return results(max(target, last), min(target, last))


def closing_sign(sign: str, target: int, last: int) -> tuple[str, bool]:
    """The operation between the pair's result r and the last number c, and whether c stands first: a need of T-c
    means r+c, of T+c r-c, of T/c r*c, of T*c r/c; where the target is below c, c-T means c-r and c/T means c/r."""
    if sign in "-/" and target < last:
        return sign, True
    return {"-": "+", "+": "-", "/": "*", "*": "/"}[sign], False


def attempts(numbers: Sequence[int], target: int) -> Iterator[Attempt]:
    """All look-ups for three numbers in falling order, in the fixed order; the caller stops at the first that finds."""
    for place in range(3):
        a, b, last = split_off(numbers, place)
        given = results(a, b)
        for sign, need in needs(target, last).items():
            pair_sign = next((s for s, result in given.items() if result == need), "")
            yield Attempt(place, sign, need, pair_sign)


def first_finds(numbers: Sequence[int], limit: int) -> dict[int, int]:
    """Every target up to `limit` that the search reaches, with the place (0 to 11) of the look-up that finds it."""
    found: dict[int, int] = {}
    for place in range(3):
        a, b, c = split_off(numbers, place)
        for result in results(a, b).values():
            for slot, target in _reached(result, c):
                if 0 < target <= limit:
                    at = 4 * place + slot
                    if found.get(target, 12) > at:
                        found[target] = at
    return found


def _reached(result: int, last: int) -> Iterator[tuple[int, int]]:
    """(position of the need among the four, target) for each target that one operation of a pair's result with the
    last number gives."""
    yield 1, result + last
    yield 0, result - last
    yield 1, last - result
    if result:
        yield 2, result * last
        if last % result == 0:
            yield 2, last // result
        target, remainder = divmod(result, last)
        if remainder == 0 and product_is_small(max(target, last), min(target, last)):
            yield 3, target


def merges(numbers: Sequence[int]) -> Iterator[Merge]:
    """The ways of putting two of four numbers (in falling order) together first, the smallest pair first."""
    for low in range(3, 0, -1):
        for high in range(low - 1, -1, -1):
            for sign, result in results(numbers[high], numbers[low]).items():
                if 0 < result < 100:
                    rest = [n for at, n in enumerate(numbers) if at not in (high, low)]
                    yield Merge(sign, numbers[high], numbers[low], result, tuple(sorted([*rest, result], reverse=True)))
