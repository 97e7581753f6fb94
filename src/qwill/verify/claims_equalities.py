"""Equalities and comparisons in a text: `40 + 60 + 50 = 150`, `3/4 > 2/3`, 3乘以4等于12.

An operand is the longest closed expression beside its sign, and only if what stands behind it cannot belong to it: an
open sign ("… + 40 + 60 = 150"), a name ("f(3)", "2x"), a word that calculates ("half of 40"). An equality with an
unknown in it is no claim that could be checked here, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qwill.core import Status
from qwill.verify.claims_expressions import (
    SINGLE_LETTER_UNITS,
    Node,
    NotClosedError,
    Number,
    has_operation,
    is_literal,
    literal,
    numbers,
)
from qwill.verify.claims_kinds import ClaimKind
from qwill.verify.claims_links import casts_out_nines, judge_link, runs_on, value_of, written
from qwill.verify.claims_parser import MAX_TOKENS, parse
from qwill.verify.claims_tokens import T, Token, tokens
from qwill.verify.claims_units import mixed_units

_RELATIONS = (T.EQUALS, T.APPROXIMATELY, T.SAYS, T.COMPARES)
_STOPS = (*_RELATIONS, T.BREAK, T.LINE, T.FOREIGN, T.REMAINDER)
_STARTS = (T.NUMBER, T.CURRENCY, T.OPEN, T.FRACTION, T.ROOT, T.PI)
_CLEAN_BEFORE = (T.BREAK, T.LINE, T.EQUALS, T.APPROXIMATELY, T.SAYS, T.COMPARES)
_CLEAN_BEHIND = (T.BREAK, T.LINE, T.EQUALS, T.APPROXIMATELY, T.SAYS, T.COMPARES, T.CLOSE, T.CURRENCY)
# Before an expression these change what it means.
_CALCULATING = (
    "of than times twice thrice half double triple doubled from by less more per log ln lg sin cos tan cot "
    "sqrt root cube squared mod modulo plus minus not max min gcd lcm abs exp over"
)
_CALCULATING_WORDS = frozenset(_CALCULATING.split())
# Before a number that is equal to a calculation these make it part of a name.
_NAMING_WORDS = "after before during each every first for in last next over per since until within"
_NAMING = frozenset(_NAMING_WORDS.split())


@dataclass(frozen=True)
class Side:
    """One side of an equality: the expression, its text, and [start, end) of it."""

    node: Node
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Relations:
    """A chain of relations: sides, and between each two of them one of = ≈ < > <= >= !=.

    `doubt` says why a refutation would not be fair; empty where it would. `ends_text`: nothing stands behind it, so
    the text may have broken off in it.
    """

    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    doubt: str = ""
    ends_text: bool = False

    @property
    def kind(self) -> ClaimKind:
        if any(relation not in "=≈" for relation in self.relations):
            return ClaimKind.COMPARISON
        literal = all(is_literal(side.node) for side in self.sides)
        return ClaimKind.CONVERSION if literal and _converts(self.sides) else ClaimKind.ARITHMETIC

    def check(self, seconds: float) -> tuple[Status, str]:
        """Status of the chain, and what it should have been. A chain is as good as its weakest link."""
        del seconds  # bounded by the sizes of its numbers
        links = list(zip(self.sides, self.relations, self.sides[1:], strict=False))
        statuses = [judge_link(left.node, right.node, relation) for left, relation, right in links]
        if Status.REFUTED in statuses:
            if self._runs_on(statuses):
                status = Status.UNKNOWN if Status.UNKNOWN in statuses else Status.VERIFIED
                return status, "read as one calculation after the other"
            if self._converts_by_calculation(statuses):
                return Status.VERIFIED, ""
            left, relation, right = links[statuses.index(Status.REFUTED)]
            detail, doubt = _correction(left, relation, right), self.doubt
            if casts_out_nines([side.node for side in self.sides]):
                doubt = doubt or "digit sums, perhaps"
            if is_literal(left.node) and _repeats(literal(left.node), right.node):
                doubt = doubt or "an equation without a solution or a conversion, perhaps"  # 90 = 90 + 2
            if self.ends_text and right is self.sides[-1] and _is_begun(left, right):
                doubt = doubt or "the text breaks off, perhaps"
            return (Status.UNKNOWN, f"{detail}; {doubt}") if doubt else (Status.REFUTED, detail)
        return (Status.UNKNOWN, "") if Status.UNKNOWN in statuses else (Status.VERIFIED, "")

    def _runs_on(self, statuses: Sequence[Status]) -> bool:
        """3 × 4 = 12 + 1 = 13: each part begins with the result of the one before."""
        calculated = (has_operation(self.sides[0].node), *(True for _ in self.sides[2:]))
        links = zip(statuses, self.relations, self.sides, self.sides[1:], calculated, strict=False)
        return is_literal(self.sides[-1].node) and all(
            status is not Status.REFUTED or (relation == "=" and after and runs_on(left.node, right.node))
            for status, relation, left, right, after in links
        )

    def _converts_by_calculation(self, statuses: Sequence[Status]) -> bool:
        """30 minutes = 30/60 = 1/2 hours: the numbers in between leave their unit out."""
        first, last = self.sides[0].node, self.sides[-1].node
        others_hold = all(status is Status.VERIFIED for status in statuses[1:])
        return others_hold and mixed_units(first, last) and judge_link(first, last, "=") is Status.VERIFIED


def find_relations(text: str) -> Iterator[tuple[int, int, Relations]]:
    """Chains of relations between closed expressions, with [start, end) of each."""
    found, length = tokens(text), len(text.rstrip())
    chain: list[Side] = []
    relations: list[str] = []
    doubts: list[str] = []
    previous = (0, 0)
    for at, token in enumerate(found):
        if token.kind not in _RELATIONS or (link := _Link.at(found, at, text)) is None:
            continue
        if not (chain and link.left_tokens == previous):
            yield from _finished(chain, relations, doubts, length)
            chain, relations, doubts = [link.left], [], []
        chain.append(link.right)
        relations.append(link.relation)
        doubts.append(link.doubt)
        previous = link.right_tokens
    yield from _finished(chain, relations, doubts, length)


def _finished(
    chain: list[Side], relations: list[str], doubts: list[str], length: int
) -> Iterator[tuple[int, int, Relations]]:
    """The chain, if it claims anything: "15 = 15" and "3 packs = 18 pens" do not."""
    if not chain:
        return
    calculates = any(not is_literal(side.node) and has_operation(side.node) for side in chain)
    compares = any(relation in ("<", ">", "<=", ">=", "!=") for relation in relations)
    if calculates or compares or _converts(chain):
        start, end, doubt = chain[0].start, chain[-1].end, next(filter(None, doubts), "")
        yield start, end, Relations(tuple(chain), tuple(relations), doubt, end == length)


def _converts(chain: Sequence[Side]) -> bool:
    """1 hour = 60 minutes."""
    return any(mixed_units(left.node, right.node) for left, right in pairwise(chain))


@dataclass(frozen=True)
class _Link:
    """One relation with both its sides; of each side the tokens [first, last) too."""

    left: Side
    left_tokens: tuple[int, int]
    relation: str
    right: Side
    right_tokens: tuple[int, int]
    doubt: str

    @classmethod
    def at(cls, found: list[Token], at: int, text: str) -> _Link | None:
        """The link around the relation at this token, if both its sides are closed."""
        left, right = _left(found, at), _right(found, at)
        if left is None or right is None:
            return None
        token, spelled = found[at], _is_spelled(found[at])
        (first, left_node), (last, right_node, doubt) = left, right
        right_first = at + 2 if found[at + 1].kind is T.LINE else at + 1
        left_last = at - 1 if found[at - 1].kind is T.LINE else at
        converts = token.kind is T.EQUALS and mixed_units(left_node, right_node)
        equals = token.kind is T.EQUALS and has_operation(left_node)
        opens = equals or converts or _calculates_openly(found[first:left_last], left_node)
        if spelled and not (opens and is_literal(right_node)):
            return None
        if is_literal(left_node) and not is_literal(right_node) and _is_named(found, first):
            return None
        if _has_letter(left_node) and _has_letter(right_node):  # 3C/16 + C/4 = 7C/16: an identity or an equation
            return None
        lined = found[at - 1].kind is T.LINE and found[first - 1 : first] != [] and found[first - 1].kind is T.COMPARES
        if lined:  # "5.7>4.79" on one line, "=5.79" on the next: a result of its own
            return None
        if found[first].text == "-" and (first == 0 or found[first - 1].kind is T.LINE):
            doubt = doubt or "the minus may be a bullet"
        if token.text == "≈" and first and found[first - 1].kind is T.SAYS:  # whose cosine is 3/14 is about 15°
            doubt = doubt or "said of something else, perhaps"
        if _lists(found[first:left_last]):
            doubt = doubt or "two numbers or a difference"
        if _shares_sum(found[first:left_last]) or _shares_sum(found[right_first:last]):
            doubt = doubt or "of one number or of the sum"
        endless = last < len(found) and found[last].kind is T.REMAINDER
        relation = token.text if token.kind is T.COMPARES else "≈" if token.text == "≈" or endless else "="
        return cls(
            _side(found, first, left_last, left_node, text), (first, left_last), relation,
            _side(found, right_first, last, right_node, text), (right_first, last), doubt,
        )  # fmt: skip


def _is_named(found: Sequence[Token], first: int) -> bool:
    """Whether a number ends a name: trees after 10 years = 50 + 8 × 10, Day 3 = 70 + 140."""
    before = found[first - 1] if first else None
    return (
        before is not None
        and before.kind is T.WORD
        and (before.text.lower() in _NAMING or (before.text[0].isupper() and before.text[1:].islower()))
    )


def _has_letter(node: Node) -> bool:
    """Whether a letter right behind a number may be an unknown: 16C/16."""
    return has_operation(node) and any(number.glued and number.unit in SINGLE_LETTER_UNITS for number in numbers(node))


def _lists(side: Sequence[Token]) -> bool:
    """Whether a minus stands between numbers as a sign does, apart from the one and at the other: 7 -8.8."""
    return any(
        sign.text == "-" and before.kind is T.NUMBER and before.end < sign.start and sign.end == after.start
        for before, sign, after in zip(side, side[1:], side[2:], strict=False)
    )


def _shares_sum(side: Sequence[Token]) -> bool:
    """Whether "of" stands before a sum: half of 40 + 20."""
    kinds = [token.kind for token in side]
    return T.OF in kinds and any(token.text in ("+", "-") for token in side[kinds.index(T.OF) :])


def _is_spelled(token: Token) -> bool:
    """Whether a relation is said in words: "is", "equals", "is equal to"; a word may stand for less than a sign."""
    return token.kind is T.SAYS or (token.kind is T.EQUALS and token.end - token.start > 3)


def _side(found: list[Token], first: int, last: int, node: Node, text: str) -> Side:
    start, end = found[first].start, found[last - 1].end
    return Side(node, text[start:end], start, end)


def _calculates_openly(side: Sequence[Token], node: Node) -> bool:
    """Whether "is" behind it can mean "equals": a calculation, and no range such as 9-5."""
    return has_operation(node) and not all(
        token.text == "-" for token in side if token.kind in (T.SIGN, T.OF, T.FRACTION, T.ROOT)
    )


def _left(found: list[Token], at: int) -> tuple[int, Node] | None:
    """First token and node of the longest closed expression that ends before the relation."""
    end = at
    if end and found[end - 1].kind is T.LINE:
        end -= 1
    low = end
    while low and found[low - 1].kind not in _STOPS and end - low < MAX_TOKENS:
        low -= 1
    for first in range(low, end):
        if not _may_start(found, first) or (found[at].kind is T.COMPARES and _lists(found[first:end])):
            continue
        if (node := _parsed(found[first:end])) is not None:
            return first, node
    return None


def _may_start(found: list[Token], first: int) -> bool:
    """Whether an expression may begin at this token: nothing before it can belong to it."""
    token, before = found[first], found[first - 1] if first else None
    sign = token.kind is T.SIGN and token.text == "-" and found[first + 1].start == token.end
    if token.kind not in _STARTS and not sign:
        return False
    if before is None:
        return True
    if before.text == "," and before.end == token.start and first >= 2 and found[first - 2].end == before.start:
        return found[first - 2].kind is not T.NUMBER  # 33,4000
    if before.kind in _CLEAN_BEFORE:
        return True
    if sign and before.kind is T.NUMBER and before.end < token.start:  # the sign of the second number: 7 -8.8
        return True
    if sign or (before.end == token.start and before.text[-1:].isascii() and before.kind is not T.OPEN):
        return False
    if before.kind is T.OPEN:
        named = first >= 2 and found[first - 2].kind in (T.WORD, T.FOREIGN) and found[first - 2].end == before.start
        return before.text == "(" and not (named and found[first - 2].text.isascii())
    if before.kind is T.NUMBER and first >= 2:  # "7+6=13 7-6=1": the result before it is complete
        return found[first - 2].kind in (T.EQUALS, T.COMPARES) and token.kind is T.NUMBER
    return before.kind is T.WORD and before.text.lower() not in _CALCULATING_WORDS


def _right(found: list[Token], at: int) -> tuple[int, Node, str] | None:
    """End and node of the longest closed expression behind the relation, and what is doubtful about its end."""
    first = at + 1
    if first < len(found) and found[first].kind is T.LINE:
        first += 1
    high = first
    while high < len(found) and found[high].kind not in _STOPS and high - first < MAX_TOKENS:
        high += 1
    for end in range(high, first, -1):
        if (node := _parsed(found[first:end])) is not None:
            doubt = _doubt_behind(found, end, spelled=_is_spelled(found[at]))
            return None if doubt is None else (end, node, doubt)
    return None


def _doubt_behind(found: list[Token], end: int, spelled: bool) -> str | None:
    """What the token behind a right side does to it: nothing (""), a doubt, or it belongs to it (None)."""
    if end >= len(found):
        return ""
    token, after = found[end], found[end + 1] if end + 1 < len(found) else None
    glued = found[end - 1].end == token.start
    if token.kind in _CLEAN_BEHIND:
        exclaimed = token.kind is T.BREAK and token.text == "!" and glued
        if token.text == "," and glued and after and after.start == token.end and after.text[0].isdigit():
            return "digits follow a comma"  # 479,0016
        return "the exclamation mark may be a factorial" if exclaimed else ""
    if token.kind is T.WORD:
        return _doubt_of_word(token, after, glued, spelled)
    if token.kind is T.OF and found[end - 1].kind is T.WORD:
        return ""  # 2000 loaves of bread
    if token.kind is T.REMAINDER and glued and found[end - 1].decimals:
        return ""  # 0.333...
    if token.kind is T.OPEN:
        lone = after is None or (len(after.text) == 1 and after.text.isascii() and after.text.isalpha())
        if after is None or after.kind is T.SIGN or after.text.lower() in ("mod", "modulo"):
            return None
        if glued and (lone or after.kind is not T.WORD):
            return None
        return "what stands in brackets may change it" if after.kind is not T.WORD else ""
    if (
        token.kind is T.SIGN
        and token.text == "-"
        and not glued
        and after
        and len(after.text) > 1
        and after.kind is T.WORD
    ):
        return "a dash or a minus"
    if token.kind is T.NUMBER and not spelled and not glued:
        begins = after is not None and after.kind is T.SIGN  # "7+6=13 7-6=1": another calculation
        return "" if begins else "another number follows"
    if token.kind is T.FOREIGN and not glued and not token.text[0].isdigit():
        return "something unknown follows"
    return None


def _doubt_of_word(token: Token, after: Token | None, glued: bool, spelled: bool) -> str | None:
    word = token.text.lower()
    if glued and token.text.isascii():
        return None
    if len(token.text) == 1 and token.text.isascii() and word not in ("a", "i"):
        return "a letter follows" if token.text in SINGLE_LETTER_UNITS else None
    compared = after is not None and after.text.lower() == "than"
    if word in ("more", "less", "fewer", "greater") and (compared or spelled):
        return None
    return None if word in ("mod", "modulo", "remainder", "times") else ""


def _parsed(side: Sequence[Token]) -> Node | None:
    try:
        return parse(side)
    except NotClosedError:
        return None


def _repeats(number: Number, node: Node) -> bool:
    """Whether an expression has the same number in it, in whatever unit: 30 minutes = 30/60."""
    return any(other.value == number.value for other in numbers(node))


def _is_begun(left: Side, right: Side) -> bool:
    """Whether a side is the beginning of what it should be: 2420 of 24200, 225 - 3 of 225 - 30."""
    whole, digits = value_of(left.node), right.text.replace(",", "")
    if left.text.startswith(right.text):
        return True
    return whole is not None and is_literal(right.node) and written(whole).startswith(digits)


def _correction(left: Side, relation: str, right: Side) -> str:
    """What is the case instead."""
    a, b = value_of(left.node), value_of(right.node)
    if a is None or b is None or mixed_units(left.node, right.node):
        return f"{left.text} {relation} {right.text} does not hold"
    if relation in ("=", "≈") and is_literal(left.node) and not is_literal(right.node):
        return f"{right.text} = {written(b)}, not {left.text}"
    if relation in ("=", "≈"):
        return f"{left.text} = {written(a)}, not {right.text if is_literal(right.node) else written(b)}"
    return f"{written(a)} {relation} {written(b)} does not hold"
