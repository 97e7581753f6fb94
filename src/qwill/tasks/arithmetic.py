"""Arithmetic with integers: sums, differences and products, worked in columns and checked by digit sums modulo 9."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal

from qwill.core import Language
from qwill.tasks.arithmetic_wordings import ask
from qwill.tasks.asides import asides
from qwill.tasks.base import Family, Style
from qwill.tasks.columns import Slip, Worked, add, combine, multiply, residue, subtract
from qwill.tasks.replies import says
from qwill.tasks.wording import vary

_SLIPS = 0.1
_LONG_WORK = 170  # characters; a check that fails after longer work would have too much to do again
_DIGITS, _DIGIT_WEIGHTS = (1, 2, 3, 4, 5), (16, 36, 28, 12, 8)
_FACTORS = ((1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (3, 3))
_FACTOR_WEIGHTS = (18, 32, 18, 22, 7, 3)
_HARDEST = 21


@dataclass(frozen=True)
class ArithmeticSpec:
    """A sum of two or three integers of any sign, or a product of two natural numbers.

    Attributes:
        kind: "sum" or "product".
        terms: the numbers in the order asked; a number to be subtracted is a negative term.
    """

    kind: Literal["sum", "product"]
    terms: tuple[int, ...]

    @property
    def result(self) -> int:
        return sum(self.terms) if self.kind == "sum" else prod(self.terms)


class Arithmetic(Family[ArithmeticSpec]):
    """+ and - up to five digits, three terms up to three digits, products up to 3 x 3 digits."""

    name: ClassVar[str] = "arithmetic"

    def draw(self, rng: random.Random) -> ArithmeticSpec:
        draw = rng.random()
        if draw < 0.26:
            p, q = _pair(rng, rng.choices(_FACTORS, _FACTOR_WEIGHTS)[0])
            return ArithmeticSpec("product", (p, q) if rng.random() < 0.6 else (q, p))
        if draw < 0.36:
            terms = [_natural(rng, rng.choices(_DIGITS[:3], (3, 5, 2))[0]) for _ in range(3)]
            return ArithmeticSpec("sum", (terms[0], *(rng.choice((1, 1, -1)) * term for term in terms[1:])))
        longer = rng.choices(_DIGITS, _DIGIT_WEIGHTS)[0]
        p, q = _pair(rng, (longer, longer if rng.random() < 0.6 else rng.randint(1, longer)))
        if draw < 0.64:
            return ArithmeticSpec("sum", (p, q) if rng.random() < 0.5 else (q, p))
        if draw < 0.96:
            return ArithmeticSpec("sum", (max(p, q), -min(p, q)) if rng.random() < 0.7 else (p, -q))
        return ArithmeticSpec("sum", (-p, rng.choice((q, -q))))

    def key(self, spec: ArithmeticSpec) -> str:
        return f"{spec.kind} {' '.join(map(str, sorted(spec.terms)))}"

    def difficulty(self, spec: ArithmeticSpec) -> float:
        """By the number of columns to work."""
        digits = [len(str(abs(term))) for term in spec.terms]
        if spec.kind == "sum":
            columns = max(digits) + (max(digits) + 0.5 if len(digits) > 2 else 0)
            columns += 0.5 * (min(spec.terms) < 0)
        else:
            columns = digits[0] * digits[1] + (min(digits) - 1) * (max(digits) + 1.5)
        return min(1.0, (columns - 1) / (_HARDEST - 1))

    def ask(self, spec: ArithmeticSpec, language: Language, rng: random.Random) -> str:
        return ask(spec.kind, spec.terms, language, rng)

    def think(self, spec: ArithmeticSpec, language: Language, rng: random.Random, style: Style) -> str:
        if style == "unchecked":
            return _work(spec).text
        say = asides(language)
        work = _work(spec)
        slip = None
        if rng.random() < _SLIPS and len(spec.terms) == 2 and spec.terms[0] >= 0:
            late = rng.random() < 0.5 and len(work.text) < _LONG_WORK
            slip = Slip(rng.randrange(3), None if late else say.wait)
            work = _work(spec, slip)
        lines = [work.text, say.check]
        expected = self._add_residues(spec, lines)
        found = _residue_line(lines, work.result)
        if found != expected:
            lines.append(f"{found} {expected} {say.no}")
            work = _work(spec)
            lines.append(work.text)
            found = _residue_line(lines, work.result)
        lines.append(f"{found} {expected} {say.well}")
        lines.append(f"={work.result}")
        return "\n".join(lines)

    @staticmethod
    def _add_residues(spec: ArithmeticSpec, lines: list[str]) -> int:
        total = 0
        for i, term in enumerate(spec.terms):
            text, rest = residue(abs(term))
            lines.append(f"{abs(term)}: {text}")
            if i == 0 and term >= 0:
                total = rest
                continue
            sign = "*" if spec.kind == "product" else "-" if term < 0 else "+"
            after = (total * rest if sign == "*" else total - rest if sign == "-" else total + rest) % 9
            lines.append(f"{total}{sign}{rest}={after}")
            total = after
        return total

    def reply(self, spec: ArithmeticSpec, language: Language, rng: random.Random) -> str:
        value = self.value(spec)
        sign = "×" if spec.kind == "product" else "+"
        expression = str(spec.terms[0])
        for term in spec.terms[1:]:
            expression += f" {sign} {term}" if term >= 0 else f" - {-term}"
        if language.is_chinese:
            return vary(rng, ("{e} = {v}。", "答案是 {v}。"), e=expression, v=value)
        return vary(rng, ("{e} = {v}.", "The answer is {v}."), e=expression, v=value)

    def value(self, spec: ArithmeticSpec) -> str:
        return str(spec.result)

    def grade(self, spec: ArithmeticSpec, reply: str) -> bool:
        return says(reply, spec.result, {*spec.terms, *(abs(term) for term in spec.terms)})


def _natural(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)


def _pair(rng: random.Random, digits: tuple[int, int]) -> tuple[int, int]:
    return _natural(rng, digits[0]), _natural(rng, digits[1])


def _work(spec: ArithmeticSpec, slip: Slip | None = None) -> Worked:
    if spec.kind == "product":
        return multiply(spec.terms[0], spec.terms[1], slip)
    u, v = spec.terms[:2]
    if len(spec.terms) == 2:
        if u < 0:
            return combine(u, v)
        return add(u, v, slip) if v >= 0 else subtract(u, -v, slip)
    first = combine(u, v)
    second = combine(first.result, spec.terms[2])
    head = f"{u}{v:+d}{spec.terms[2]:+d}"
    return Worked(f"{head}\n{first.text}\n{second.text}", second.result)


def _residue_line(lines: list[str], result: int) -> int:
    text, rest = residue(abs(result))
    lines.append(f"{abs(result)}: {text}")
    if result >= 0:
        return rest
    lines.append(f"0-{rest}={-rest % 9}")
    return -rest % 9
