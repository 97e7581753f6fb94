"""Claims that say how measures hang together, and claims that tell a calculation in words.

There are 60 minutes in an hour; gcd(52, 104) = 52; 13 is 1101 in base 2; multiply 3 by $12 to get $36.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from qwill.verify.claims_facts import Fact
from qwill.verify.claims_kinds import Found

# How many of the first are in one of the second. What people round (weeks of a month) or count otherwise is left out.
_INSIDE: dict[tuple[str, str], tuple[int, ...]] = {
    ("second", "minute"): (60,), ("second", "hour"): (3600,), ("minute", "hour"): (60,), ("minute", "day"): (1440,),
    ("hour", "day"): (24,), ("hour", "week"): (168,), ("day", "week"): (7,), ("day", "year"): (365, 366),
    ("week", "year"): (52,), ("month", "year"): (12,), ("year", "decade"): (10,), ("year", "century"): (100,),
    ("inch", "foot"): (12,), ("foot", "yard"): (3,), ("inch", "yard"): (36,), ("foot", "mile"): (5280,),
    ("ounce", "pound"): (16,), ("pound", "ton"): (2000,), ("cup", "pint"): (2,), ("cup", "quart"): (4,),
    ("cup", "gallon"): (16,), ("pint", "quart"): (2,), ("pint", "gallon"): (8,), ("quart", "gallon"): (4,),
    ("ounce", "cup"): (8,), ("ounce", "gallon"): (128,), ("tablespoon", "cup"): (16,), ("teaspoon", "tablespoon"): (3,),
    ("millimeter", "centimeter"): (10,), ("centimeter", "meter"): (100,), ("millimeter", "meter"): (1000,),
    ("meter", "kilometer"): (1000,), ("gram", "kilogram"): (1000,), ("milligram", "gram"): (1000,),
    ("milliliter", "liter"): (1000,), ("cent", "dollar"): (100,), ("penny", "dollar"): (100,),
    ("nickel", "dollar"): (20,), ("dime", "dollar"): (10,), ("quarter", "dollar"): (4,), ("degree", "circle"): (360,),
}  # fmt: skip
_ODD_PLURALS = {"feet": "foot", "inches": "inch", "centuries": "century", "pennies": "penny"}
_BRITISH = re.compile(r"(?<=met|lit)re")
_COUNTED = re.compile(
    r"\b[Tt]here (?:are|is) (?:exactly |only )?(?P<count>\d{1,3}(?:,\d{3})+|\d{1,7}) (?P<small>[a-z]+) in "
    r"(?:(?:an?|one|1|each|every) (?P<big>[a-z]+)|(?:the month of )?(?P<month>[A-Z][a-z]+))(?=[.,;:)\n]| so\b| and\b|$)"
)
_MONTHS = dict(
    zip(calendar.month_name[1:], (calendar.monthrange(2025, month)[1] for month in range(1, 13)), strict=True)
)
_DOZEN = re.compile(
    r"\b(?:[Oo]ne|[Aa]|1) dozen (?:is|equals|is equal to|contains|means|=) (?P<count>\d{1,4})(?![\d.,]\d|%)"
)
_SPELLED_BASES = {"two": 2, "eight": 8, "ten": 10, "sixteen": 16}
_BASE = r"base[- ](?P<base>\d{1,2}|two|eight|sixteen)\b"
_IN_BASE = (
    re.compile(rf"(?<![\w.,])(?P<number>\d{{1,15}}) is (?P<digits>[0-9A-Fa-f]{{1,50}}) in {_BASE}"),
    re.compile(rf"(?<![\w.,])(?P<number>\d{{1,15}}) in {_BASE} is (?P<digits>[0-9A-Fa-f]{{1,50}})(?![\w]|[.,]\d)"),
)
_WHOLE = r"\d{1,15}"
_CALLED = re.compile(
    rf"\b(?P<name>gcd|GCD|lcm|LCM|max|min)\}}? ?(?:\\left)?\((?P<list>{_WHOLE}(?:, ?{_WHOLE}){{1,20}})(?:\\right)?\)"
    rf" ?= ?(?P<value>{_WHOLE})(?![\w%^!]|[.,]\d| ?[-+*/×÷=])"
)
_CALLS: dict[str, Callable[..., int]] = {"gcd": math.gcd, "lcm": math.lcm, "max": max, "min": min}
_FIGURE = r"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,12}}(?:\.\d{{1,6}})?"
_AMOUNT = rf"\\?\$?(?P<{{0}}>{_FIGURE})(?![\w%:/^]|[.,]\d)(?: (?P<{{0}}_unit>[a-z]+))?"
_GETS = r"(?: (?:we|you|I))? (?:to get|get|gives?|giving|which gives|which is|and get|equals)(?: us| you)?"
_TOLD = re.compile(
    rf"\b(?P<verb>[Aa]dd|[Ss]ubtract|[Mm]ultiply|[Dd]ivide)(?:ing)? {_AMOUNT.format('a')} (?P<link>to|and|from|by) "
    rf"{_AMOUNT.format('b')},?{_GETS} {_AMOUNT.format('result')}"
)
_NAMED_VERBS = {"add": ("to", "and"), "subtract": ("from",), "multiply": ("by", "and"), "divide": ("by",)}


def find_measures(text: str) -> Iterator[Found]:
    """The claims of these kinds, with [start, end) of each."""
    for pattern, reading in _PATTERNS:
        for match in pattern.finditer(text):
            if (fact := reading(match)) is not None:
                yield match.start(), match.end(), fact


def _inside(match: re.Match[str]) -> Fact | None:
    counts: tuple[int, ...]
    small, big, month = _singular(match["small"]), _singular(match["big"] or ""), match["month"]
    if month:
        days = _MONTHS.get(month, 0)
        counts = () if small != "day" or not days else (28, 29) if month == "February" else (days,)
    else:
        counts = (1,) if small == big else _INSIDE.get((small, big), ())
    if not counts:
        return None
    holds = int(match["count"].replace(",", "")) in counts
    return Fact(holds, f"there are {counts[0]} in {month or f'a {big}'}")


def _singular(word: str) -> str:
    word = _BRITISH.sub("er", word)
    return _ODD_PLURALS.get(word, word.removesuffix("s"))


def _dozen(match: re.Match[str]) -> Fact:
    return Fact(int(match["count"]) == 12, "a dozen is 12")


def _in_base(match: re.Match[str]) -> Fact | None:
    """Decimal 13 is 1101 in base 2; and the first number may be the numeral of that base: 101 in base 2 is 5."""
    base = _SPELLED_BASES.get(match["base"]) or int(match["base"])
    number, digits = match["number"], match["digits"]
    if base == 10 or not 2 <= base <= 36:
        return None
    values = [int(digits, base)] if _are_digits(digits, base) else []
    other = _are_digits(number, base) and digits.isdigit() and int(number, base) == int(digits)
    if not values and not other:
        return Fact(None, f"{digits} is no numeral of base {base}")
    return Fact(int(number) in values or other, f"{digits} in base {base} is {values[0]}" if values else "")


def _are_digits(written: str, base: int) -> bool:
    return all(int(digit, 36) < base for digit in written)


def _called(match: re.Match[str]) -> Fact:
    value = _CALLS[match["name"].lower()](*(int(number) for number in match["list"].split(",")))
    return Fact(value == int(match["value"]), f"it is {value}")


def _told(match: re.Match[str]) -> Fact | None:
    verb = match["verb"].lower()
    if match["link"] not in _NAMED_VERBS[verb]:
        return None
    a, b, result = (Fraction(match[name].replace(",", "")) for name in ("a", "b", "result"))
    if verb == "divide" and b == 0:
        return None
    value = {"add": a + b, "subtract": b - a, "multiply": a * b}[verb] if verb != "divide" else a / b
    decimals = len(match["result"].partition(".")[2])
    if value == result or abs(value - result) * 2 <= Fraction(1, 10**decimals) * (decimals > 0):
        return Fact(True, "")
    units = {match[name].removesuffix("s") for name in ("a_unit", "b_unit", "result_unit") if match[name]}
    near = abs(value - result) < 1 and value.denominator > 1
    converts = len(units) > 1
    return Fact(None if near or converts else False, f"it is {value if value.denominator == 1 else float(value)}")


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Fact | None]], ...] = (
    (_COUNTED, _inside), (_DOZEN, _dozen), (_IN_BASE[0], _in_base), (_IN_BASE[1], _in_base), (_CALLED, _called),
    (_TOLD, _told),
)  # fmt: skip
