"""Closed expressions out of tokens, by recursive descent."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from qwill.verify.claims_expressions import (
    PI,
    SINGLE_LETTER_UNITS,
    Applied,
    Node,
    NotClosedError,
    Number,
    Operation,
    Percent,
    is_literal,
)
from qwill.verify.claims_tokens import T, Token

_MAX_UNIT_WORDS = 4
_MAX_DEPTH = 24
MAX_TOKENS = 160
# Words that never name what is counted: behind a number they end its unit.
_NO_UNIT_WORDS = (
    "is are was were and or so then therefore thus hence which that this these those the a an to for in on "
    "at with by from has have had he she they we you it i if when let but because since as not than more "
    "less fewer total each mod squared cubed plus minus times divided multiplied equals remainder answer "
    "does do did will would can could wait ok"
)
_NO_UNIT = frozenset(_NO_UNIT_WORDS.split())
_SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12, "dozens": 12,
    "k": 1000, "万": 10**4, "亿": 10**8, "萬": 10**4, "億": 10**8, "千": 1000, "百": 100, "打": 12,
}  # fmt: skip


def parse(tokens: Sequence[Token]) -> Node:
    """The expression that all these tokens make.

    Raises:
        NotClosedError: they do not make one.
    """
    if not tokens or len(tokens) > MAX_TOKENS:
        raise NotClosedError
    return Parser(tokens).whole()


class Parser:
    """sum = product (± product)*; product = power (×÷ power)*; power = atom (^ atom)?; "of" multiplies."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Node:
        """The expression that all the tokens make.

        Raises:
            NotClosedError: they do not make one.
        """
        node = self.sum(0)
        if self._at < len(self._tokens):
            raise NotClosedError
        return node

    def _peek(self, ahead: int = 0) -> Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _is(self, kind: T, *texts: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind is kind and (not texts or token.text in texts)

    def _take(self) -> Token:
        token = self._peek()
        if token is None:
            raise NotClosedError
        self._at += 1
        return token

    def sum(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise NotClosedError
        node = self._product(depth)
        while self._is(T.SIGN, "+", "-"):
            sign = self._take().text
            node = Operation(sign, node, self._product(depth))
        return node

    def _product(self, depth: int) -> Node:
        node = self._signed(depth)
        while True:
            if self._is(T.SIGN, "*", "/", "//", "mod"):
                sign = self._take().text
                node = Operation(sign, node, self._signed(depth))
            elif self._is(T.PERCENT) and self._number_next(1) and not isinstance(node, Percent):
                raise NotClosedError  # 17 % 5: a remainder or a percentage, who knows
            elif self._is(T.OF) and (isinstance(node, Percent) or _is_share(node)):
                self._take()
                node = Operation("*", node, self._signed(depth))
            elif self._multiplies_silently():
                node = Operation("*", node, self._power(depth))
            else:
                return node

    def _number_next(self, ahead: int) -> bool:
        return self._is(T.NUMBER, ahead=ahead)

    def _multiplies_silently(self) -> bool:
        """A bracket right behind a factor, π or a root behind one: 2(3 + 4), (1 + 2)(3 + 4), 25π, 2 √3."""
        token = self._peek()
        if token is None or self._at == 0 or self._tokens[self._at - 1].kind not in (T.NUMBER, T.CLOSE):
            return False
        glued = self._tokens[self._at - 1].end == token.start
        return token.kind in (T.PI, T.ROOT) or (token.kind is T.OPEN and glued and token.text != "[")

    def _signed(self, depth: int) -> Node:
        negative = False
        if self._is(T.SIGN, "-", "+"):
            negative = self._take().text == "-"
        node = self._power(depth)
        return Applied("neg", node) if negative else node

    def _power(self, depth: int) -> Node:
        node = self._atom(depth)
        if self._is(T.SIGN, "^"):
            self._take()
            negative = self._is(T.SIGN, "-")
            if negative:
                self._take()
            exponent = self._atom(depth)
            node = Operation("^", node, Applied("neg", exponent) if negative else exponent)
            node = self._unit_behind(node)
        return node

    def _unit_behind(self, node: Node) -> Node:
        """The words behind a bracket or a power name a unit that the numbers inside keep for themselves.

        Raises:
            NotClosedError: a letter follows at once, and may be an unknown: (3/4)N.
        """
        token = self._peek()
        letter = token is not None and token.kind is T.WORD and len(token.text) == 1 and token.text.isascii()
        if token and letter and self._tokens[self._at - 1].end == token.start:
            raise NotClosedError
        self._unit()
        return node

    def _atom(self, depth: int) -> Node:
        if self._is(T.OPEN):
            node = self._group(depth)
        elif self._is(T.FRACTION):
            self._take()
            node = Operation("/", self._group(depth), self._group(depth))
        elif self._is(T.ROOT):
            node = self._root(depth)
        elif self._is(T.PI):
            self._take()
            node = Number(PI, exact=False)
        else:
            node = self._number()
        if self._is(T.FACTORIAL):
            self._take()
            node = Applied("factorial", node)
        if self._is(T.PERCENT) and not self._number_next(1):
            self._take()
            self._unit()
            node = Percent(node)
        return node

    def _root(self, depth: int) -> Node:
        """√2, \\sqrt{2}, \\sqrt[3]{8}."""
        self._take()
        degree = self._group(depth) if self._is(T.OPEN, "[") else None
        node = self._group(depth) if self._is(T.OPEN) else self._number()
        return (
            Applied("sqrt", node)
            if degree is None
            else Operation("^", node, Operation("/", Number(Fraction(1)), degree))
        )

    def _group(self, depth: int) -> Node:
        opening = self._take()
        if opening.kind is not T.OPEN:
            raise NotClosedError
        node = self.sum(depth + 1)
        closing = self._take()
        if closing.kind is not T.CLOSE or closing.text != {"(": ")", "[": "]", "{": "}"}[opening.text]:
            raise NotClosedError
        return self._unit_behind(node)

    def _number(self) -> Number:
        currency = self._take().text if self._is(T.CURRENCY) else ""
        if currency and self._is(T.SIGN, "-"):
            raise NotClosedError
        token = self._take()
        if token.kind is not T.NUMBER:
            raise NotClosedError
        value, scale = token.value, 1
        if self._mixed(token):
            whole = value
            upper, _, lower = self._take(), self._take(), self._take()
            if lower.value == 0:
                raise NotClosedError
            value = whole + upper.value / lower.value
        word = self._peek()
        if word and word.text == "k" and not currency:  # 6k + 5 = 59
            raise NotClosedError
        if word and word.kind is T.WORD and (named := _SCALES.get(word.text.lower()[:8]) or _scale_of(word)):
            scale = named
            if word.text.lower() in _SCALES:
                self._take()
        glued = (word := self._peek()) is not None and word.kind is T.WORD and word.start == token.end
        if not currency and self._is(T.CURRENCY) and not self._number_next(1):
            currency = self._take().text
        return Number(value, token.decimals, self._unit(), currency, scale, glued)

    def _mixed(self, whole: Token) -> bool:
        """Whether a mixed number stands here: 2 1/2."""
        upper, lower = self._peek(), self._peek(2)
        return (
            upper is not None
            and lower is not None
            and upper.value < lower.value
            and whole.value.denominator == 1
            and whole.value > 0
            and upper.start > whole.end
            and self._is(T.NUMBER)
            and self._is(T.SIGN, "/", ahead=1)
            and self._is(T.NUMBER, ahead=2)
            and self._tokens[self._at + 1].start == upper.end
        )

    def _unit(self) -> str:
        """The words beside a number, and what they are per: "apples", "m/s^2", "dollars per hour"."""
        words: list[str] = []
        while (token := self._peek()) is not None and len(words) < _MAX_UNIT_WORDS:
            if token.kind is T.WORD and _names_unit(token, words):
                words.append(self._take().text)
            elif words and self._is(T.SIGN, "^") and self._number_next(1) and _takes_power(words[-1]):
                self._at += 1
                words[-1] += "^" + str(self._take().value)
            elif self._is(T.SIGN, *("/*" if words else "/")) and self._is(T.WORD, ahead=1) and self._unit_at(1):
                words.append(self._take().text)
            else:
                break
        return " ".join(words)

    def _unit_at(self, ahead: int) -> bool:
        token = self._peek(ahead)
        return token is not None and _names_unit(token, ["/"])


_POWERED = frozenset(("m", "cm", "mm", "km", "s", "g", "kg", "l", "ft", "in", "inch", "feet", "meters", "meter"))


def _takes_power(word: str) -> bool:
    """Whether a power behind a unit is the unit's: m^2, miles^2."""
    return word.lower() in _POWERED or (len(word) > 3 and word.isascii())


def _names_unit(token: Token, before: list[str]) -> bool:
    """Whether a word can be, or go on with, the unit of a number."""
    word = token.text
    if word.lower() in _NO_UNIT:
        return False
    if len(word) == 1 and word.isascii():
        return word in SINGLE_LETTER_UNITS and (not before or before[-1] in "/*")
    return True


def _scale_of(word: Token) -> int:
    """Chinese counts by ten thousands: 3万元."""
    return {"万": 10**4, "亿": 10**8, "萬": 10**4, "億": 10**8}.get(word.text[0], 0)


def _is_share(node: Node) -> bool:
    """Whether "of" behind it multiplies: 3/4 of, half of."""
    if isinstance(node, Operation):
        return node.sign == "/" and is_literal(node.left) and is_literal(node.right)
    return isinstance(node, Number) and 0 < node.value < 1 and not node.unit
