"""Claims about whole numbers: primes, divisors, remainders, sums and averages of lists, greatest common divisors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from qwill.core import Status
from qwill.verify.claims_kinds import ClaimKind, Found

_MAX_PRIME = 10**10
_MAX_LISTED = 10**6
_MAX_LIST = 60
_N = r"\d{1,3}(?:,\d{3})+|\d{1,15}"
_DECIMAL = rf"-?(?:{_N})(?:\.\d{{1,10}})?"
_NOT_MORE = r"(?![\w%]|[.,]?\d| ?[-+*/×÷=^!])"  # what a claim must not go on with
_NOT_BEFORE = r"(?<![\w.,^/*+×÷-])"
_LIST = rf"(?P<list>{_DECIMAL}(?:(?:, and |, | and |、|，|和){_DECIMAL}){{1,{_MAX_LIST}}})"
_SEPARATORS = re.compile(", and |, | and |、|，|和")


@dataclass(frozen=True)
class Fact:
    """A claim about numbers: whether it holds (None: nobody can say), and what is the case."""

    kind: ClassVar[ClaimKind] = ClaimKind.NUMBERS
    holds: bool | None
    detail: str

    def check(self, seconds: float) -> tuple[Status, str]:
        del seconds
        if self.holds is None:
            return Status.UNKNOWN, self.detail
        return (Status.VERIFIED, "") if self.holds else (Status.REFUTED, self.detail)


def find_facts(text: str) -> Iterator[Found]:
    for pattern, reading in _PATTERNS:
        for match in pattern.finditer(text):
            if reading in _OF_ONE and _ONE_OF_SEVERAL.search(text, max(0, match.start() - 20), match.start()):
                continue
            if (found := reading(match)) is not None:
                yield match.start(), match.end(), found


def _integer(written: str) -> int:
    return int(written.replace(",", ""))


def _numbers(written: str) -> list[Fraction]:
    return [Fraction(number.replace(",", "")) for number in _SEPARATORS.split(written) if number.strip()]


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def _prime(match: re.Match[str]) -> Fact | None:
    number = _integer(match["n"])
    if number > _MAX_PRIME:
        return None
    negated = bool(match.groupdict().get("negated"))
    composite = match["what"].lower() in ("composite", "合数", "合數")
    prime = _is_prime(number)
    is_it = (number > 1 and not prime) if composite else prime
    least = next((divisor for divisor in range(2, math.isqrt(number) + 1) if number % divisor == 0), None)
    detail = f"{number} = {least} × {number // least}" if least else f"{number} is {'a' if prime else 'no'} prime"
    return Fact(is_it != negated, detail)


def _divisible(match: re.Match[str]) -> Fact | None:
    number, divisor = _integer(match["n"]), _integer(match["d"])
    if divisor == 0:
        return None
    negated = bool(match["negated"])
    return Fact((number % divisor == 0) != negated, f"{number} = {number // divisor} × {divisor} + {number % divisor}")


def _factor(match: re.Match[str]) -> Fact | None:
    number, divisor = _integer(match["n"]), _integer(match["d"])
    if divisor == 0:
        return None
    return Fact(number % divisor == 0, f"{number} = {number // divisor} × {divisor} + {number % divisor}")


def _parity(match: re.Match[str]) -> Fact | None:
    number = _integer(match["n"])
    odd = match["what"].lower() in ("odd", "奇数", "奇數")
    return Fact((number % 2 == 1) == odd, f"{number} is {'odd' if number % 2 else 'even'}")


def _remainder(match: re.Match[str]) -> Fact | None:
    """17 ÷ 5 = 3 R 2, 17÷5=3……2."""
    number, divisor = _integer(match["n"]), _integer(match["d"])
    quotient, remainder = _integer(match["q"]), _integer(match["r"])
    if divisor == 0:
        return None
    holds = number == divisor * quotient + remainder and remainder < divisor
    return Fact(holds, f"{number} ÷ {divisor} = {number // divisor} remainder {number % divisor}")


def _left_over(match: re.Match[str]) -> Fact | None:
    """The remainder of 17 divided by 5 is 2."""
    number, divisor = _integer(match["n"]), _integer(match["d"])
    return Fact(number % divisor == _integer(match["r"]), f"it is {number % divisor}") if divisor else None


def _of_list(match: re.Match[str]) -> Fact | None:
    numbers, claimed = _numbers(match["list"]), Fraction(match["value"].replace(",", ""))
    value = _FOLDS[_CHINESE_NAMES.get(match["what"], match["what"].lower())](numbers)
    if value is None:
        return None
    decimals = len(match["value"].partition(".")[2])
    if value != claimed and value.denominator > 1 and abs(value - claimed) < Fraction(1, 10**decimals):
        return Fact(True if decimals and abs(value - claimed) * 2 <= Fraction(1, 10**decimals) else None, "rounded")
    return Fact(value == claimed, f"it is {value if value.denominator == 1 else float(value)}")


def _gcd(numbers: list[Fraction]) -> Fraction | None:
    return Fraction(math.gcd(*map(int, numbers))) if all(n.denominator == 1 for n in numbers) else None


def _lcm(numbers: list[Fraction]) -> Fraction | None:
    return Fraction(math.lcm(*map(int, numbers))) if all(n.denominator == 1 for n in numbers) else None


def _difference(numbers: list[Fraction]) -> Fraction | None:
    return abs(numbers[0] - numbers[1]) if len(numbers) == 2 else None


def _product(numbers: list[Fraction]) -> Fraction | None:
    return math.prod(numbers, start=Fraction(1)) if len(numbers) <= 20 else None


_FOLDS: dict[str, Callable[[list[Fraction]], Fraction | None]] = {
    "sum": lambda numbers: sum(numbers, Fraction(0)),
    "product": _product,
    "difference": _difference,
    "average": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "mean": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "gcd": _gcd,
    "greatest common divisor": _gcd,
    "greatest common factor": _gcd,
    "lcm": _lcm,
    "least common multiple": _lcm,
    "maximum": max,
    "largest": max,
    "minimum": min,
    "smallest": min,
}
_CHINESE_NAMES = {
    "和": "sum", "积": "product", "差": "difference", "平均数": "mean", "最大公约数": "gcd", "最大公因数": "gcd",
    "最小公倍数": "lcm",
}  # fmt: skip


def _divisors(match: re.Match[str]) -> Fact | None:
    number, listed = _integer(match["n"]), _numbers(match["list"])
    if number == 0 or number > _MAX_LISTED:
        return None
    wrong = [entry for entry in listed if entry == 0 or number % entry]
    if wrong:
        return Fact(False, f"{wrong[0]} does not divide {number}")
    actual = {divisor for divisor in range(1, number + 1) if number % divisor == 0}
    return Fact(True if set(listed) == actual else None, f"{len(actual)} numbers divide {number}")


def _primes_between(match: re.Match[str]) -> Fact | None:
    low, high, listed = _integer(match["low"]), _integer(match["high"]), _numbers(match["list"])
    if high > _MAX_LISTED or high - low > 1000:
        return None
    wrong = [entry for entry in listed if entry.denominator > 1 or not _is_prime(int(entry))]
    if wrong:
        return Fact(False, f"{wrong[0]} is no prime")
    actual = {number for number in range(low, high + 1) if _is_prime(number)}
    inside = actual - {low, high}
    return Fact(True if set(listed) in (actual, inside) else None, ", ".join(map(str, sorted(actual))))


_NAMES = "|".join(sorted((name for name in _FOLDS if name not in ("largest", "smallest")), key=len, reverse=True))
_VALUE = rf"(?P<value>{_DECIMAL}){_NOT_MORE}"
_ZH_NAMES = "|".join(_CHINESE_NAMES)
_QUOTIENT = rf"{_NOT_BEFORE}(?P<n>{_N}) ?(?:÷|/|\\div|除以) ?(?P<d>{_N}) ?(?:=|等于) ?(?P<q>{_N}) ?[^\d\W]{{0,2}} ?"
_AND_OVER = r"(?:…{1,2}|\.{3,6}|·{3,6}|余|餘|,? ?(?:with )?(?:a )?remainder (?:of )?|[Rr] ?) ?"
_OF_ONE = (_prime, _divisible, _factor, _parity)
# "a number from 1 through 100 is a multiple of 3", "the sum of 3 and 4 is odd": not said of the number alone.
_ONE_OF_SEVERAL = re.compile(r"(?:\b(?:and|between|by|from|of|or|than|through|to)|[和到与至—–]) ?$")
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Fact | None]], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (rf"{_NOT_BEFORE}(?P<n>{_N}) is (?P<negated>not )?(?:also )?a (?P<what>prime|composite)(?: number)?\b", _prime),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) is (?P<negated>not )?(?P<what>prime|composite)\b(?! (?:to|factor))", _prime),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) ?(?P<negated>不)?是(?:一?个)?(?P<what>质数|素数|質數|合数|合數)", _prime),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) is (?P<negated>not )?divisible by (?P<d>{_N}){_NOT_MORE}", _divisible),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) ?(?P<negated>不)?能被 ?(?P<d>{_N}) ?整除", _divisible),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) is a multiple of (?P<d>{_N}){_NOT_MORE}", _factor),
        (rf"{_NOT_BEFORE}(?P<d>{_N}) is a (?:factor|divisor) of (?P<n>{_N}){_NOT_MORE}", _factor),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) is (?:an )?(?P<what>odd|even)(?: number)?(?=[.,;:!)]|$| and| so)", _parity),
        (rf"{_NOT_BEFORE}(?P<n>{_N}) ?是(?P<what>奇数|偶数|奇數|偶數)", _parity),
        (rf"{_QUOTIENT}{_AND_OVER}(?P<r>{_N}){_NOT_MORE}", _remainder),
        (rf"remainder (?:when|of) (?P<n>{_N}) (?:is )?divided by (?P<d>{_N}) is (?P<r>{_N}){_NOT_MORE}", _left_over),
        (rf"\b(?P<what>{_NAMES}) of {_LIST} (?:is|=|equals) (?P<value>{_DECIMAL}){_NOT_MORE}", _of_list),
        (rf"{_NOT_BEFORE}{_LIST} ?的(?P<what>{_ZH_NAMES}) ?(?:是|为|等于|=) ?{_VALUE}", _of_list),
        (rf"(?:factors|divisors) of (?P<n>{_N}) are:? {_LIST}{_NOT_MORE}", _divisors),
        (rf"(?P<n>{_N}) ?的(?:因数|约数|因數)(?:有|是)：? ?{_LIST}{_NOT_MORE}", _divisors),
        (rf"[Pp]rime(?: number)?s between (?P<low>{_N}) and (?P<high>{_N}) are:? {_LIST}{_NOT_MORE}", _primes_between),
    )
)  # fmt: skip
