"""Remainders, greatest common divisors, and numbers in other bases.

Thoughts go by small steps that stand next to what they need: a remainder by bringing digits down one at a time past a
table of multiples, a greatest common divisor by Euclid's algorithm, a conversion to a base by taking powers away, and
one from a base by Horner's rule.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import ClassVar, Literal

from qwill.core import Language
from qwill.tasks.base import Family, Style
from qwill.tasks.numbers_words import ask, grade_converted, tell
from qwill.tasks.replies import says

DIGITS = "0123456789ABCDEF"
_SLIP_RATE = 0.18
_BASES, _BASE_WEIGHTS = (2, 8, 16, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15), (34, 14, 24, 4, 4, 4, 4, 4, 3, 1, 2, 1, 1, 1)


@dataclass(frozen=True)
class NumberProblem:
    """One problem.

    Attributes:
        kind: "remainder" of first divided by second, "gcd" of both, "to_base": first (decimal) written in base
            second, "from_base": what first looks like in base second is given, and first is asked.
        first: a natural number.
        second: the divisor, the other number, or the base.
    """

    kind: Literal["remainder", "gcd", "to_base", "from_base"]
    first: int
    second: int


def in_base(number: int, base: int) -> str:
    """A number >= 0 written in a base from 2 to 16, with capital letters."""
    digits = ""
    while True:
        number, digit = divmod(number, base)
        digits = DIGITS[digit] + digits
        if not number:
            return digits


class Numbers(Family[NumberProblem]):
    """Remainders of up to five digits by up to two, gcd up to three digits, bases 2 to 16 up to 1023."""

    name: ClassVar[str] = "numbers"

    def draw(self, rng: random.Random) -> NumberProblem:
        kind = rng.random()
        if kind < 0.34:
            divisor = rng.randint(2, 9) if rng.random() < 0.35 else rng.randint(10, 99)
            return NumberProblem("remainder", _of_digits(rng, rng.choices((2, 3, 4, 5), (2, 4, 4, 4))[0]), divisor)
        if kind < 0.67:
            return NumberProblem("gcd", *_pair(rng))
        base = rng.choices(_BASES, _BASE_WEIGHTS)[0]
        number = rng.randint(1, rng.choice((31, 127, 255, 511, 1023)))
        return NumberProblem("to_base" if rng.random() < 0.5 else "from_base", number, base)

    def key(self, spec: NumberProblem) -> str:
        numbers = (spec.first, spec.second)
        first, second = sorted(numbers) if spec.kind == "gcd" else numbers
        return f"{spec.kind} {first} {second}"

    def difficulty(self, spec: NumberProblem) -> float:
        """By the number of lines to work, and the length of what is calculated in them."""
        if spec.kind == "remainder":
            wide = len(str(spec.second))
            return (2 * max(0, len(str(spec.first)) - wide) + 3 * (wide - 1)) / 12
        if spec.kind == "gcd":
            return min(1.0, (len(_euclid(spec.first, spec.second)) - 1) / 11)
        digits = len(in_base(spec.first, spec.second))
        return min(1.0, (digits - 1 + len(str(spec.second)) - 1) / 9)

    def ask(self, spec: NumberProblem, language: Language, rng: random.Random) -> str:
        return ask(spec.kind, *self._shown(spec), language, rng)

    def reply(self, spec: NumberProblem, language: Language, rng: random.Random) -> str:
        return tell(spec.kind, *self._shown(spec), language, rng, value=self.value(spec))

    def value(self, spec: NumberProblem) -> str:
        if spec.kind == "remainder":
            return str(spec.first % spec.second)
        if spec.kind == "gcd":
            return str(math.gcd(spec.first, spec.second))
        return in_base(spec.first, spec.second) if spec.kind == "to_base" else str(spec.first)

    def grade(self, spec: NumberProblem, reply: str) -> bool:
        value = self.value(spec)
        if spec.kind in ("to_base", "from_base"):
            given, base = self._shown(spec)
            return grade_converted(reply, value, given, base, base if spec.kind == "to_base" else 10)
        beside = [spec.first, spec.second]
        if spec.kind == "remainder":
            beside.append(spec.first // spec.second)
        return says(reply, int(value), beside)

    def _shown(self, spec: NumberProblem) -> tuple[str, int]:
        """What the question shows: the first number as text, and the second."""
        shown = in_base(spec.first, spec.second) if spec.kind == "from_base" else str(spec.first)
        return shown, spec.second

    def think(self, spec: NumberProblem, language: Language, rng: random.Random, style: Style) -> str:
        wait = None
        if style == "checked" and rng.random() < _SLIP_RATE:
            wait = "等一下，" if language.is_chinese else "wait,"
        writer = {"remainder": _divide, "gcd": _find_gcd, "to_base": _to_base, "from_base": _from_base}[spec.kind]
        lines = writer(spec.first, spec.second, _Slip(rng, wait), style == "checked")
        word = {
            "remainder": ("remainder", "余数", "餘數"),
            "gcd": ("gcd", "最大公约数", "最大公約數"),
        }.get(spec.kind, ("result", "结果", "結果"))[_script(language)]
        return "\n".join([*lines, f"{word} {self.value(spec)}"])


def _script(language: Language) -> int:
    return (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL).index(language)


class _Slip:
    """At most one deliberate mistake in a thought, in one of its first lines that allow one."""

    def __init__(self, rng: random.Random, wait: str | None) -> None:
        self.rng = rng
        self.wait = wait
        self._left = rng.randrange(1, 4) if wait else 0

    def due(self, possible: bool = True) -> bool:
        if not self._left or not possible:
            return False
        self._left -= 1
        return self._left == 0


def _divide(number: int, divisor: int, slip: _Slip, checked: bool) -> list[str]:
    """Digits come down one at a time; each time the largest multiple in the table is taken away."""
    digits = str(number)
    lines = [f"{number} mod {divisor}", " ".join(str(divisor * times) for times in range(1, 10))]
    chunk = digits[: len(str(divisor))]
    rest = digits[len(chunk) :]
    current = int(chunk)
    while True:
        times, left = divmod(current, divisor)
        line = f"{current}|{rest}: "
        if slip.due(times > 0):
            short = divisor * (times - 1)
            line += f"{current}-{short}={current - short}>={divisor} {slip.wait} "
        line += f"{current}-{divisor * times}={left}"
        lines.append(line + (f"<{divisor}" if checked else ""))
        if not rest:
            return lines
        current, rest = 10 * left + int(rest[0]), rest[1:]


def _euclid(first: int, second: int) -> list[tuple[int, int, int]]:
    """The lines of Euclid's algorithm, as (greater, smaller, how many times it is taken away). A number of three
    digits is taken away once at a time, and a number of times above 9 goes by its first digit first, so that every
    product is a small one."""
    lines = []
    high, low = max(first, second), min(first, second)
    while low:
        times = high // low
        if low >= 100:
            times = 1
        elif times >= 10:
            unit = 10 ** (len(str(times)) - 1)
            times -= times % unit
        lines.append((high, low, times))
        left = high - low * times
        high, low = max(left, low), min(left, low)
    return lines


def _find_gcd(first: int, second: int, slip: _Slip, checked: bool) -> list[str]:
    lines = [f"gcd {first} {second}"]
    for high, low, times in _euclid(first, second):
        line = f"{high},{low}: "
        if slip.due(1 < times < 10 and high < low * (times + 1)):
            line += f"{low}*{times + 1}={low * (times + 1)}>{high} {slip.wait} "
        if times > 1:
            line += f"{low}*{times}={low * times} "
        lines.append(f"{line}{high}-{low * times}={high - low * times}")
    if checked:
        divisor = math.gcd(first, second)
        lines.append(f"{first}/{divisor}={first // divisor} {second}/{divisor}={second // divisor} ✓")
    return lines


def _to_base(number: int, base: int, slip: _Slip, checked: bool) -> list[str]:
    """From the highest power down, each power is taken away as often as it fits; the digits so far stand behind |."""
    powers = [1]
    while powers[-1] * base <= number:
        powers.append(powers[-1] * base)
    lines = [f"{number} → base {base}", " ".join(map(str, powers))]
    left, written, parts = number, "", []
    for power in reversed(powers):
        times = left // power
        line = f"{left},{power}: "
        if power > 1:
            if slip.due(times > 0):
                line += _take_away(left, power, times - 1) + f"{slip.wait} {left - power * (times - 1)}>={power} "
            line += _take_away(left, power, times)
        written += DIGITS[times]
        lines.append(f"{line}|{written}")
        left -= power * times
        if times:
            parts.append(power * times)
    if checked:
        lines.append(" ".join([*_running_sums(parts), f"{number} ✓"]))
    return lines


def _take_away(left: int, power: int, times: int) -> str:
    if not times:
        return "0 "
    product = f"{power}*{times}={power * times} " if times > 1 else ""
    return f"{product}{left}-{power * times}={left - power * times} "


def _running_sums(parts: list[int]) -> list[str]:
    texts, total = [], parts[0]
    for part in parts[1:]:
        texts.append(f"{total}+{part}={total + part}")
        total += part
    return texts


def _from_base(number: int, base: int, slip: _Slip, checked: bool) -> list[str]:
    """Horner's rule: what is read so far times the base, plus the next digit; the digits to come stand behind |."""
    digits = in_base(number, base)
    value = DIGITS.index(digits[0])
    lines = [f"base {base}: {digits} → 10", f"{value}|{digits[1:]}"]
    before = 0
    for at in range(1, len(digits)):
        before, digit = value, DIGITS.index(digits[at])
        product = before * base
        line = ""
        if slip.due():
            wrong = max(0, product + slip.rng.choice((-10, -base, base, 10)))
            line = f"{before}*{base}={wrong} {slip.wait} "
        value = product + digit
        lines.append(f"{line}{before}*{base}={product} {product}+{digit}={value}|{digits[at + 1 :]}")
    if checked and len(digits) > 1:
        last = value - before * base
        lines.append(f"{value}-{last}={value - last} {value - last}/{base}={before} ✓")
    return lines


def _of_digits(rng: random.Random, count: int) -> int:
    return rng.randint(10 ** (count - 1), 10**count - 1)


def _pair(rng: random.Random) -> tuple[int, int]:
    """Two different numbers up to 999, mostly with a common divisor worth finding."""
    highest = rng.choice((99, 300, 999))
    divisor = rng.randint(1, 60) if rng.random() < 0.75 else 1
    most = max(2, highest // divisor)
    first, second = rng.sample(range(1, most + 1), 2)
    return first * divisor, second * divisor
