"""Closed arithmetic expressions and their values, by exact fractions.

"Closed" means that nothing in it is unknown: numbers, signs, brackets, powers, roots, percentages, units beside
numbers. Sizes are limited everywhere, so that no text of a model can make this slow or large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, isqrt

_MAX_BITS = 2000
_MAX_EXPONENT = 64
_MAX_DEGREE = 12
_ROOT_DIGITS = 40
PI = Fraction(3141592653589793238462643383279502884197, 10**39)

SINGLE_LETTER_UNITS = frozenset("mgLlshANVJWKCF")


class NotClosedError(Exception):
    """The tokens are no closed expression, or one beyond the limits."""


@dataclass(frozen=True)
class Number:
    """A number as written: value, decimals shown, the words beside it, and whether a currency sign stands there.

    `scale` is 10⁶ for "3 million", 12 for "3 dozen"; `glued` means that its unit follows without a space; `exact` is
    False for π.
    """

    value: Fraction
    decimals: int = 0
    unit: str = ""
    currency: str = ""
    scale: int = 1
    glued: bool = False
    exact: bool = True


@dataclass(frozen=True)
class Percent:
    """A percentage."""

    of: Node


@dataclass(frozen=True)
class Operation:
    """Two operands and a sign: one of + - * / // mod ^."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Applied:
    """A function of one operand: neg, sqrt, factorial."""

    function: str
    operand: Node


Node = Number | Percent | Operation | Applied


def numbers(node: Node) -> Iterator[Number]:
    """All numbers of an expression, from left to right."""
    if isinstance(node, Number):
        yield node
    elif isinstance(node, Percent):
        yield from numbers(node.of)
    elif isinstance(node, Applied):
        yield from numbers(node.operand)
    else:
        yield from numbers(node.left)
        yield from numbers(node.right)


def has_percent(node: Node) -> bool:
    if isinstance(node, Operation):
        return has_percent(node.left) or has_percent(node.right)
    return isinstance(node, Percent) or (isinstance(node, Applied) and has_percent(node.operand))


def has_operation(node: Node) -> bool:
    """Whether it calculates anything: not a mere number, percentage or negative number."""
    if isinstance(node, Applied):
        return node.function != "neg" or has_operation(node.operand)
    return isinstance(node, Operation) or (isinstance(node, Percent) and has_operation(node.of))


def is_literal(node: Node) -> bool:
    """Whether it is one written number, perhaps with a minus or a percent sign."""
    if isinstance(node, Applied):
        return node.function == "neg" and is_literal(node.operand)
    return isinstance(node, Number) or (isinstance(node, Percent) and is_literal(node.of))


def literal(node: Node) -> Number:
    """The number that a literal is written with."""
    return next(numbers(node))


@dataclass(frozen=True)
class Range:
    """The values an expression may stand for: `exact` as written, [low, high] if its decimals were rounded."""

    exact: Fraction
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Reading:
    """How to read what is ambiguous: percentages of the term before them ("100 + 20%"), scales as multipliers."""

    relative_percent: bool = False
    scaled: bool = True


def compute(node: Node, reading: Reading) -> Range:
    """Value of an expression in one reading.

    Raises:
        NotClosedError: a division by zero, a root of a negative number, or a number beyond the limits.
    """
    if isinstance(node, Number):
        return _number(node, reading)
    if isinstance(node, Percent):
        return _map(compute(node.of, reading), lambda value: value / 100)
    if isinstance(node, Applied):
        return _apply(node.function, compute(node.operand, reading))
    left, right = compute(node.left, reading), compute(node.right, reading)
    if reading.relative_percent and node.sign in "+-" and isinstance(node.right, Percent):
        right = _corners(left, right, "*")
    return _corners(left, right, node.sign)


def _number(number: Number, reading: Reading) -> Range:
    scale = number.scale if reading.scaled else 1
    value = number.value * scale
    # A price or a plain half is meant as written; 0.33 or 16.67 may stand for a number with more decimals.
    slack = Fraction(scale, 10**number.decimals) if number.decimals > 1 and (number.value * 20).denominator > 1 else 0
    return Range(value, value - slack, value + slack)


def _map(values: Range, function: Callable[[Fraction], Fraction]) -> Range:
    low, high = sorted((function(values.low), function(values.high)))
    return Range(function(values.exact), low, high)


def _apply(function: str, operand: Range) -> Range:
    if function == "neg":
        return _map(operand, lambda value: -value)
    if function == "sqrt":
        return Range(_root(operand.exact), _root(max(operand.low, Fraction(0))), _root(operand.high))
    value = operand.exact
    if value.denominator != 1 or not 0 <= value <= 50:
        raise NotClosedError
    exact = Fraction(factorial(int(value)))
    return Range(exact, exact, exact)


def _root(value: Fraction, degree: int = 2) -> Fraction:
    """A root: exact where it is rational, else to 40 digits."""
    if value < 0 or value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise NotClosedError
    upper, lower = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    if upper**degree == value.numerator and lower**degree == value.denominator:
        return Fraction(upper, lower)
    shift = 10**_ROOT_DIGITS
    return Fraction(_whole_root(value.numerator * shift**degree // value.denominator, degree), shift)


def _whole_root(value: int, degree: int) -> int:
    """The largest whole number whose power is not above the value, by Newton's method from above."""
    if degree == 2 or value < 2:
        return isqrt(value)
    root = 1 << -(-value.bit_length() // degree)
    while (smaller := ((degree - 1) * root + value // root ** (degree - 1)) // degree) < root:
        root = smaller
    return root


def _corners(left: Range, right: Range, sign: str) -> Range:
    exact = _operate(left.exact, right.exact, sign)
    if left.low == left.high and right.low == right.high:
        return Range(exact, exact, exact)
    if sign in ("//", "mod", "^") or (sign == "/" and right.low <= 0 <= right.high):
        return Range(exact, exact, exact)
    ends = [_operate(a, b, sign) for a in (left.low, left.high) for b in (right.low, right.high)]
    return Range(exact, min(ends), max(ends))


def _operate(left: Fraction, right: Fraction, sign: str) -> Fraction:
    if sign in ("/", "//", "mod") and right == 0:
        raise NotClosedError
    if sign == "^":
        return _power(left, right)
    if sign in ("//", "mod"):
        quotient = Fraction(left // right)
        value = quotient if sign == "//" else left - quotient * right
    else:
        value = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__, "/": left.__truediv__}[sign](right)
    if value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise NotClosedError
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if 1 < exponent.denominator <= _MAX_DEGREE:
        return _power(_root(base, exponent.denominator), Fraction(exponent.numerator))
    if exponent.denominator != 1 or abs(exponent) > _MAX_EXPONENT or (base == 0 and exponent < 0):
        raise NotClosedError
    if (base.numerator.bit_length() + base.denominator.bit_length()) * abs(exponent) > _MAX_BITS:
        raise NotClosedError
    return Fraction(base ** int(exponent))
