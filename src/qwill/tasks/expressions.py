"""Arithmetic expressions in untrusted text: found, parsed by our own small parser, and computed with exact fractions.

Only whole numbers, `+ - * /` (also `× ÷ −` and full-width signs) and parentheses are known. Anything else inside an
expression (`**`, `//`, `%`, `!`, decimals, functions, a sign before a number, a factor left unwritten) makes it
malformed; nothing is ever evaluated by Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

MAX_TEXT = 4000
_MAX_TOKENS = 80
_MAX_DIGITS = 6
_MAX_DEPTH = 20

_PLAIN_SIGNS = str.maketrans("０１２３４５６７８９（）［］＋－−–＊×✕／÷∕＝％", "0123456789()[]+---***///=%")
_LATEX = (
    ("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", ""), ("\\(", " "), ("\\)", " "),
)  # fmt: skip
_BOXED = re.compile(r"\\boxed\{([^{}]{0,200})\}")
_EMPHASIS = re.compile(r"(?<![\d)])\*\*|\*\*(?![\d(])")
_BULLET = re.compile(r"^[ \t]*[-*+•][ \t]+", re.MULTILINE)
_RUN = re.compile(r"(?:[0-9+\-*/()\[\]=%^ \t]|\.(?=\d))+")
_TOKEN = re.compile(r"\s*(?:(\d+)|(.))")


class MalformedError(Exception):
    """The text is no expression of the small language."""


@dataclass(frozen=True)
class Computed:
    """An expression's value, and the numbers it uses, sorted."""

    value: Fraction
    numbers: tuple[int, ...]


def compute(text: str) -> Computed:
    """Parses and computes one expression.

    Raises:
        MalformedError: not an expression of the small language, too long, too deep, or a division by zero.
    """
    return _Parser(text).whole()


def chains(reply: str) -> list[list[str]]:
    """The calculations a reply states: each stretch of numbers and operators, cut at its equals signs. Stretches
    that state no calculation (a number alone, numbers with no operator) are left out. What stands in a LaTeX box, if
    there is one, is all that counts.

    Raises:
        MalformedError: the reply is too long, or a stretch touches a letter or a sign that could change its meaning.
    """
    if len(reply) > MAX_TEXT:
        raise MalformedError("too long")
    text = reply
    if boxes := _BOXED.findall(text):
        text = "\n".join(boxes)
    for sign, plain in _LATEX:
        text = text.replace(sign, plain)
    text = _EMPHASIS.sub("", _BULLET.sub("", text.translate(_PLAIN_SIGNS)))
    found = []
    for match in _RUN.finditer(text):
        run = match[0]
        if len(re.findall(r"\d+", run)) < 2 or not re.search(r"[+\-*/%^]", run):
            continue
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        parts = [part.strip() for part in run.split("=")]
        if _changes_meaning(before, run[0]) or _changes_meaning(after, run[-1]):
            raise MalformedError(f"what stands beside {run!r} may change its meaning")
        if after == "!" and not parts[-1].isdigit():
            raise MalformedError("a factorial")
        found.append([part for part in parts if part])
    return found


def _changes_meaning(neighbour: str, edge: str) -> bool:
    """Whether the character next to a run, which ends in `edge` there, belongs to it: a name (`sqrt(9)`), a power
    (`3²`), a root. Nothing does behind white space or an equals sign, but a root before them."""
    if edge in " \t=":
        return neighbour == "√"
    return (
        neighbour in ("√", "_", "&", "|", "~") or neighbour.isdigit() or (neighbour.isascii() and neighbour.isalpha())
    )


class _Parser:
    """Recursive descent: sum = product (± product)*, product = atom (×÷ atom)*, atom = number or ( sum )."""

    def __init__(self, text: str) -> None:
        tokens: list[str] = [number or sign for number, sign in _TOKEN.findall(text.strip())]
        if len(tokens) > _MAX_TOKENS:
            raise MalformedError("too long")
        self._tokens = [*tokens, ""]
        self._at = 0
        self._numbers: list[int] = []

    def whole(self) -> Computed:
        value = self._sum(0)
        if self._tokens[self._at]:
            raise MalformedError(f"unexpected {self._tokens[self._at]!r}")
        return Computed(value, tuple(sorted(self._numbers)))

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while self._tokens[self._at] in ("+", "-"):
            sign = self._take()
            right = self._product(depth)
            value = value + right if sign == "+" else value - right
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._atom(depth)
        while self._tokens[self._at] in ("*", "/"):
            sign = self._take()
            right = self._atom(depth)
            if sign == "/" and right == 0:
                raise MalformedError("division by zero")
            value = value * right if sign == "*" else value / right
        return value

    def _atom(self, depth: int) -> Fraction:
        token = self._take() if self._tokens[self._at] else ""
        if token.isdigit() and token.isascii() and len(token) <= _MAX_DIGITS:
            self._numbers.append(int(token))
            return Fraction(int(token))
        if token in ("(", "[") and depth < _MAX_DEPTH:
            value = self._sum(depth + 1)
            if self._tokens[self._at] != {"(": ")", "[": "]"}[token]:
                raise MalformedError("a parenthesis is not closed")
            self._at += 1
            return value
        raise MalformedError(f"unexpected {token!r}")
