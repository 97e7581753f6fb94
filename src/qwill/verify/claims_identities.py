"""Equalities between expressions with letters that hold whatever the letters stand for: 2x + 15 - 5 = 2x + 10.

Most equations with a letter are no claims: they say what the letter is. So only identities are found, and only ever
verified. Both sides are computed exactly with several numbers in place of each letter; a polynomial that is not zero
hardly vanishes on numbers this odd (Schwartz and Zippel).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

from qwill.core import Status
from qwill.verify.claims_expressions import Node, NotClosedError, Number, Reading, compute
from qwill.verify.claims_kinds import ClaimKind, Found
from qwill.verify.claims_parser import MAX_TOKENS, Parser
from qwill.verify.claims_tokens import T, Token, tokens

_POINTS = (Fraction(7919, 31), Fraction(104729, 97), Fraction(1299709, 1009))
_CLOSE = Fraction(1, 10**25)  # roots are known to so many digits of their size
_MOST_LETTERS = 6
_ENDS = (T.BREAK, T.LINE, T.COMPARES, T.APPROXIMATELY, T.SAYS, T.REMAINDER)


@dataclass(frozen=True)
class Identity:
    """An equality that was found to hold for all values of its letters."""

    kind: ClassVar[ClaimKind] = ClaimKind.ARITHMETIC

    def check(self, seconds: float) -> tuple[Status, str]:
        del seconds
        return Status.VERIFIED, ""


def find_identities(text: str) -> Iterator[Found]:
    """Chains of equal expressions with letters, with [start, end) of each."""
    statement: list[Token] = []
    for token in tokens(text):
        if token.kind not in _ENDS:
            statement.append(token)
            continue
        yield from _in_statement(statement)
        statement = []
    yield from _in_statement(statement)


def _in_statement(found: Sequence[Token]) -> Iterator[Found]:
    signs = [at for at, token in enumerate(found) if token.kind is T.EQUALS]
    if not signs or not any(map(_is_letter, found)) or len(found) > MAX_TOKENS:
        return
    sides = [found[start + 1 : end] for start, end in pairwise([-1, *signs, len(found)])]
    broken = found[0].kind is T.SIGN and found[0].text != "-"  # the beginning was cut off: 4s' + 48 = ...
    first = (
        None
        if broken
        else next(
            (start for start in range(len(sides[0])) if _starts(sides[0], start) and _parses(sides[0][start:])), None
        )
    )
    last = next(
        (end for end in range(len(sides[-1]), 0, -1) if _stops(sides[-1], end) and _parses(sides[-1][:end])), None
    )
    if last is None:
        return
    sides[-1] = sides[-1][:last]
    sides = sides[1:] if first is None else [sides[0][first:], *sides[1:]]
    while sides and len(sides[0]) == 1:  # a name for what follows: S = F - 12 + 25 = F + 13
        sides = sides[1:]
    if len(sides) > 1 and all(map(_parses, sides)) and _are_equal(sides):
        yield sides[0][0].start, sides[-1][-1].end, Identity()


def _is_letter(token: Token) -> bool:
    return token.kind is T.WORD and len(token.text) == 1 and token.text.isascii()


def _starts(side: Sequence[Token], start: int) -> bool:
    """Whether an expression may begin here: at the beginning or behind a word."""
    return start == 0 or (side[start - 1].kind is T.WORD and len(side[start - 1].text) > 2)


def _stops(side: Sequence[Token], end: int) -> bool:
    """Whether an expression may end here: at the end or before a word."""
    return end == len(side) or (side[end].kind is T.WORD and len(side[end].text) > 2)


def _parses(side: Sequence[Token]) -> bool:
    return _value(side, {}) is not None


def _are_equal(sides: Sequence[Sequence[Token]]) -> bool:
    letters = sorted({token.text for side in sides for token in side if _is_letter(token)})
    written = {tuple(token.text for token in side) for side in sides}
    if not 0 < len(letters) <= _MOST_LETTERS or len(written) < 2:
        return False
    for shift in range(3):
        values = {letter: _POINTS[(at + shift) % 3] + at * (shift + 2) for at, letter in enumerate(letters)}
        computed = [_value(side, values) for side in sides]
        if any(a is None or b is None or abs(a - b) > _CLOSE * max(abs(a), abs(b)) for a, b in pairwise(computed)):
            return False
    return True


def _value(side: Sequence[Token], values: Mapping[str, Fraction]) -> Fraction | None:
    """The value of an expression with these for its letters (an odd number for one that has none)."""
    try:
        node = _Symbolic(side, values).whole()
        return compute(node, Reading()).exact
    except NotClosedError:
        return None


class _Symbolic(Parser):
    """Expressions in which single letters are numbers, and nothing is a unit."""

    def __init__(self, found: Sequence[Token], values: Mapping[str, Fraction]) -> None:
        super().__init__(found)
        self._values = values

    def _number(self) -> Number:
        token = self._peek()
        if token is None or not _is_letter(token):
            return super()._number()
        self._take()
        return Number(self._values.get(token.text, _POINTS[0]))

    def _multiplies_silently(self) -> bool:
        token = self._peek()
        if token is None or self._at == 0:
            return False
        before = self._tokens[self._at - 1]
        if not _is_letter(token) and not _is_letter(before):
            return super()._multiplies_silently()
        factor = before.kind in (T.NUMBER, T.CLOSE, T.PI) or _is_letter(before)
        return factor and (_is_letter(token) or token.kind in (T.OPEN, T.PI, T.ROOT))

    def _unit(self) -> str:
        return ""

    def _unit_behind(self, node: Node) -> Node:
        return node
