"""Whether one relation between two closed expressions holds: exactly, by rounding, not at all, or nobody can say.

The doubtful cases are many in what models write (percentages, rounded inputs, whole numbers of buses, mixed units) and
all end in UNKNOWN: a relation is refuted only when it is false in every reading that a fair reader would try.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product

from qwill.core import Status
from qwill.verify.claims_expressions import (
    SINGLE_LETTER_UNITS,
    Applied,
    Node,
    NotClosedError,
    Number,
    Operation,
    Percent,
    Range,
    Reading,
    compute,
    has_operation,
    has_percent,
    is_literal,
    literal,
    numbers,
)
from qwill.verify.claims_units import Quantity, mixed_units, quantity

_FAR = Fraction(1, 10)  # an approximation is refuted when it is farther than this share from the value
_CLOSE = Fraction(1, 10**9)  # as far as factors of units and irrational numbers are told apart


def judge_link(left: Node, right: Node, relation: str) -> Status:
    """Status of `left relation right`; relation is one of = ≈ < > <= >= !=."""
    try:
        if relation in ("=", "≈"):
            return _equal(left, right, about=relation == "≈")
        return _compare(left, right, relation)
    except NotClosedError:
        return Status.UNKNOWN


def runs_on(left: Node, right: Node) -> bool:
    """Whether `left` equals the number that the expression `right` begins with: 3 × 4 = 12 + 1."""
    first = right
    while isinstance(first, Operation):
        first = first.left
    return first is not right and judge_link(left, first, "=") is Status.VERIFIED


def casts_out_nines(sides: Sequence[Node]) -> bool:
    """5 + 8 = 4 + 6 = 1: digits are added until one is left, so that values differ by nines."""
    if any(number.value not in range(10) for side in sides for number in numbers(side)):
        return False
    for left, right in pairwise(sides):
        first = right
        while isinstance(first, Operation):
            first = first.left
        values = [value for node in (left, right, first) if (value := value_of(node)) is not None]
        if len(values) < 3 or ((values[0] - values[1]) % 9 and (values[0] - values[2]) % 9):
            return False
    return True


def value_of(node: Node) -> Fraction | None:
    """The value of an expression in its plainest reading; None where there is none."""
    try:
        return compute(node, Reading()).exact
    except NotClosedError:
        return None


def written(value: Fraction) -> str:
    """A value for people: whole, with at most six decimals, or as a fraction where these would not show it."""
    if value.denominator == 1:
        return str(value.numerator)
    decimals = f"{float(value):.6f}".rstrip("0")
    return decimals if Fraction(decimals) == value or value.denominator > 999 else f"{value} ≈ {decimals}"


def _readings(node: Node) -> list[Range]:
    """The values of an expression in all readings that make a difference to it."""
    relative = (False, True) if has_percent(node) and has_operation(node) else (False,)
    scaled = (True, False) if any(number.scale > 1 for number in numbers(node)) else (True,)
    return [compute(node, Reading(percent, scale)) for percent, scale in product(relative, scaled)]


def _equal(left: Node, right: Node, about: bool) -> Status:
    pairs = list(product(_readings(left), _readings(right)))
    if _converts(left, right):
        return _quantities(left, right, about)
    if any(_same(a, b, left, right, about) for a, b in pairs):
        return Status.VERIFIED
    percent = has_percent(left) or has_percent(right)
    if percent and _percent_left_out(left, right):
        return Status.VERIFIED
    if mixed_units(left, right):
        return _quantities(left, right, about)
    if _says_little(left, right) or any(_could_be(a, b, left, right, about) for a, b in pairs):
        return Status.UNKNOWN
    if percent and any(_is_hundredfold(a.exact, b.exact) or _is_hundredfold(b.exact, a.exact) for a, b in pairs):
        return Status.UNKNOWN
    return Status.REFUTED


def _is_hundredfold(a: Fraction, b: Fraction) -> bool:
    """Whether one value is about a hundred times the other: 500/9 ≈ 55.55%."""
    return abs(a - 100 * b) <= _FAR / 10 * abs(a)


def _same(a: Range, b: Range, left: Node, right: Node, about: bool) -> bool:
    """Equal exactly, or to the decimals that one side shows."""
    if a.exact == b.exact:
        return True
    irrational = not (_is_exact(left) and _is_exact(right))
    if irrational and abs(a.exact - b.exact) <= _CLOSE * max(abs(a.exact), abs(b.exact)):
        return True
    steps = [step for node in (left, right) if (step := _step(node, about)) is not None]
    return any(abs(a.exact - b.exact) * 2 <= step for step in steps)


def _could_be(a: Range, b: Range, left: Node, right: Node, about: bool) -> bool:
    """Whether rounded inputs, a cut decimal or a whole number for a broken one could explain the difference."""
    slack = sum(step for node in (left, right) if (step := _step(node, about)) is not None)
    if any(_is_whole(node) and value.exact.denominator > 1 for node, value in ((left, b), (right, a))):
        slack += Fraction(999, 1000)
    if has_operation(left) and has_operation(right) and _shows_decimals(left) != _shows_decimals(right):
        slack += min(Fraction(999, 1000), abs(a.exact) / 100)  # 11600 - 7466.66 = 11600 - 7466
    if a.low - slack <= b.high and b.low - slack <= a.high:
        return True
    return about and abs(a.exact - b.exact) <= _FAR * max(abs(a.exact), abs(b.exact))


def _step(node: Node, about: bool) -> Fraction | None:
    """Weight of the last place that a written number shows: 0.01 of 3.14; with "about" 100 of 1500. None where the
    number is whole or the node is no written number."""
    factor = Fraction(1)
    if _is_scientific(node) and isinstance(node, Operation):
        factor, node = compute(node.right, Reading()).exact, node.left
    if not is_literal(node):
        return None
    number = literal(node)
    if has_percent(node):
        factor /= 100
    if number.decimals or number.scale > 1 or factor > 1:
        return abs(factor) * Fraction(number.scale, 10**number.decimals)
    if not about:
        return None
    whole = str(abs(number.value.numerator)) if number.value.denominator == 1 else ""
    zeros = len(whole) - len(whole.rstrip("0")) if number.value else 0
    return factor * Fraction(10) ** zeros


def _is_scientific(node: Node) -> bool:
    """3.0 × 10^8."""
    if not (isinstance(node, Operation) and node.sign == "*" and is_literal(node.left)):
        return False
    power = node.right
    return isinstance(power, Operation) and power.sign == "^" and power.left == Number(Fraction(10))


def _is_whole(node: Node) -> bool:
    return is_literal(node) and not literal(node).decimals and literal(node).value.denominator == 1


def _shows_decimals(node: Node) -> bool:
    return any(number.decimals for number in numbers(node))


def _is_exact(node: Node) -> bool:
    """Free of π and of roots."""
    if isinstance(node, Number):
        return node.exact
    if isinstance(node, Applied):
        return node.function != "sqrt" and _is_exact(node.operand)
    if isinstance(node, Percent):
        return _is_exact(node.of)
    half = node.sign == "^" and not (is_literal(node.right) and literal(node.right).value.denominator == 1)
    return not half and _is_exact(node.left) and _is_exact(node.right)


def _percent_left_out(left: Node, right: Node) -> bool:
    """10/50 × 100 = 20%: the percent sign of a result that was already multiplied by a hundred."""
    for whole, share in ((left, right), (right, left)):
        if isinstance(share, Percent) and is_literal(share) and not has_percent(whole):
            a, b = compute(whole, Reading()), compute(share.of, Reading())
            if _same(a, b, whole, share.of, about=False):
                return True
    return False


def _says_little(left: Node, right: Node) -> bool:
    """A letter beside a number may be a unit or an unknown: 5m + 3 = 13, 45π = π · 9 h."""
    letters = [number for node in (left, right) for number in numbers(node) if number.unit in SINGLE_LETTER_UNITS]
    if not letters:
        return False
    is_result = is_literal(right) and any(number in letters for number in numbers(right))
    return any(number.glued for number in letters) or not is_result


def _converts(left: Node, right: Node) -> bool:
    """1 hour = 60 minutes: two written quantities of one dimension in different units."""
    return is_literal(left) and is_literal(right) and mixed_units(left, right)


def _quantities(left: Node, right: Node, about: bool) -> Status:
    """The relation with units converted; UNKNOWN where their dimensions do not fit."""
    a, b = quantity(left), quantity(right)
    if a is None or b is None or a.dimension != b.dimension or _same_letter(left, right):
        return Status.UNKNOWN
    if abs(a.value - b.value) <= _CLOSE * abs(a.value) or _rounds(a, b, left, about) or _rounds(b, a, right, about):
        return Status.VERIFIED
    convertible = a.factor and b.factor and max(a.factor / b.factor, b.factor / a.factor).denominator == 1
    margin = 0 if convertible and not about and _is_whole(left) and _is_whole(right) else _FAR / 2
    return Status.REFUTED if abs(a.value - b.value) > margin * max(abs(a.value), abs(b.value)) else Status.UNKNOWN


def _same_letter(left: Node, right: Node) -> bool:
    """One letter on both sides is more likely an unknown than a unit: 15F = 5F."""
    units = {number.unit for node in (left, right) for number in numbers(node)}
    return len(units) == 1 and units <= SINGLE_LETTER_UNITS


def _rounds(shown: Quantity, other: Quantity, node: Node, about: bool) -> bool:
    step = _step(node, about)
    return step is not None and shown.factor is not None and abs(shown.value - other.value) * 2 <= step * shown.factor


def _compare(left: Node, right: Node, relation: str) -> Status:
    if mixed_units(left, right):
        a, b = quantity(left), quantity(right)
        if a is None or b is None or a.dimension != b.dimension:
            return Status.UNKNOWN
        return Status.VERIFIED if _holds(a.value, b.value, relation) else Status.REFUTED
    units = [{number.unit.lower() for number in numbers(node) if number.unit} for node in (left, right)]
    results = {_holds(a.exact, b.exact, relation) for a, b in product(_readings(left), _readings(right))}
    if len(results) > 1 or (units[0] and units[1] and not units[0] & units[1]):
        return Status.UNKNOWN
    if results == {False} and (_says_little(left, right) or has_percent(left) != has_percent(right)):
        return Status.UNKNOWN
    if results == {False} and relation in ("<=", ">=") and is_literal(left) and is_literal(right):
        return Status.UNKNOWN  # 37 ≥ 40: a condition that is not met, more often than a statement
    return Status.VERIFIED if results == {True} else Status.REFUTED


def _holds(a: Fraction, b: Fraction, relation: str) -> bool:
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b, "!=": a != b}[relation]
