"""Written arithmetic: sums, differences and products in columns, as text in which every step is one small fact.

A number is written as a row of labelled digits ("c4 b7 a8" is 478; a is the place of units), so that a step finds its
digits by their label. Every column line has a fixed form: "b7+5+1=13" adds two digits and a carry, and always gives
two digits, carry first; "b17-9-1=7" takes a digit and a borrow from a digit which has borrowed ten ("17") or not
("07"); "b4*6+4=28" multiplies. The result row is read off the columns, and then written as a number after "=".
"""

from __future__ import annotations

from dataclasses import dataclass

LABELS = "abcdefghijkl"


@dataclass(frozen=True)
class Worked:
    """A calculation written out: its text (lines, the last one "=result") and the result it comes to."""

    text: str
    result: int


@dataclass(frozen=True)
class Slip:
    """A mistake to be made on purpose in one column.

    Attributes:
        column: which column, counted from the units; taken modulo the number of columns.
        wait: the word with which the mistake is seen at once and the column done again, or None to leave it in the
            result, for a check to find.
    """

    column: int
    wait: str | None


def row(number: int, places: int = 1, shift: int = 0) -> str:
    """Labelled digits of a number >= 0, highest place first, padded to at least `places`."""
    digits = str(number).zfill(places)
    top = len(digits) - 1 + shift
    return " ".join(f"{LABELS[top - i]}{digit}" for i, digit in enumerate(digits))


def add(p: int, q: int, slip: Slip | None = None) -> Worked:
    """p + q for p, q >= 0."""
    places = max(len(str(p)), len(str(q)))
    lines = [f"{p}+{q}", row(p, places), row(q, places)]
    carry = result = 0
    for place in range(places):
        top, bottom = p // 10**place % 10, q // 10**place % 10
        total = top + bottom + carry
        head = f"{LABELS[place]}{top}+{bottom}+{carry}="
        if slip and slip.column % places == place:
            # The likeliest mistake of all: the carry is forgotten; without one, off by one.
            total = _noted(lines, head, total, total - 1 if carry else total + 1, slip)
        lines.append(f"{head}{total:02d}")
        carry, digit = divmod(total, 10)
        result += digit * 10**place
    result += carry * 10**places
    return _concluded(lines, result, places)


def subtract(p: int, q: int, slip: Slip | None = None) -> Worked:
    """p - q for p, q >= 0; the greater one is found first, and the difference is turned where q is greater."""
    places = max(len(str(p)), len(str(q)))
    lines = [f"{p}-{q}", row(p, places), row(q, places), _compared(p, q, places)]
    if p == q:
        return Worked("\n".join([*lines, "=0"]), 0)
    sign = 1
    if p < q:
        p, q, sign = q, p, -1
        lines += [f"-({p}-{q})", row(p, places), row(q, places)]
    borrow = result = 0
    for place in range(places):
        top, bottom = p // 10**place % 10, q // 10**place % 10
        borrowed = top < bottom + borrow
        digit = top + 10 * borrowed - bottom - borrow
        head = f"{LABELS[place]}{int(borrowed)}{top}-{bottom}-{borrow}="
        if slip and slip.column % places == place:
            digit = _noted(lines, head, digit, digit + 1 if digit < 9 else 8, slip)
        lines.append(f"{head}{digit}")
        borrow = int(borrowed)
        result += digit * 10**place
    return _concluded(lines, result, places, sign)


def multiply(p: int, q: int, slip: Slip | None = None) -> Worked:
    """p * q for p, q >= 0: one product for each digit of the number with fewer digits, then sums."""
    lines = [f"{p}*{q}"]
    if len(str(p)) < len(str(q)):
        p, q = q, p
        lines.append(f"{p}*{q}")
    parts: list[int] = []
    for place, digit in enumerate(int(digit) for digit in reversed(str(q))):
        if digit or q == 0:
            part = _multiply_by_digit(p, digit, place, slip if not parts else None)
            lines.append(part.text)
            parts.append(part.result)
    result = parts[0]
    for part_result in parts[1:]:
        total = add(result, part_result)
        lines.append(total.text)
        result = total.result
    return Worked("\n".join(lines), result)


def combine(u: int, v: int) -> Worked:
    """u + v for integers of any sign, through a sum or a difference of numbers without sign."""
    if u >= 0:
        return add(u, v) if v >= 0 else subtract(u, -v)
    head = f"{u}{v:+d}"
    if v >= 0:
        work = subtract(v, -u)
        return Worked(f"{head}\n{work.text}", work.result)
    work = add(-u, -v)
    return Worked(f"{head}\n-({-u}+{-v})\n{work.text}\n=-{work.result}", -work.result)


def residue(number: int) -> tuple[str, int]:
    """The digits of a number >= 0 added up modulo 9, as text ("4+7=2+8=1" for 478), and the remainder."""
    text = ""
    total = 0
    for i, digit in enumerate(str(number)):
        total = (total + int(digit)) % 9
        if i:
            text += f"+{digit}={total}"
        else:
            text = digit if digit != "9" else "9=0"
    return text, total


def _multiply_by_digit(p: int, digit: int, shift: int, slip: Slip | None) -> Worked:
    places = len(str(p))
    lines = [f"{digit}: {row(p, shift=shift)}"]
    carry = result = 0
    for place in range(places):
        top = p // 10**place % 10
        total = top * digit + carry
        head = f"{LABELS[place + shift]}{top}*{digit}+{carry}="
        if slip and slip.column % places == place:
            total = _noted(lines, head, total, total - carry if carry else total + 1, slip)
        lines.append(f"{head}{total:02d}")
        carry, units = divmod(total, 10)
        result += units * 10**place
    result = (result + carry * 10**places) * 10**shift
    return _concluded(lines, result, places + shift)


def _noted(lines: list[str], head: str, right: int, wrong: int, slip: Slip) -> int:
    if slip.wait is None:
        return wrong
    width = 1 if "-" in head else 2
    lines.append(f"{head}{wrong:0{width}d} {slip.wait}")
    return right


def _compared(p: int, q: int, places: int) -> str:
    steps = []
    for label, top, bottom in zip(LABELS[places - 1 :: -1], str(p).zfill(places), str(q).zfill(places), strict=False):
        sign = "=" if top == bottom else ">" if top > bottom else "<"
        steps.append(f"{label}{top}{sign}{bottom}")
        if sign != "=":
            break
    return " ".join(steps)


def _concluded(lines: list[str], result: int, places: int, sign: int = 1) -> Worked:
    return Worked("\n".join([*lines, row(result, places), f"={sign * result}"]), sign * result)
