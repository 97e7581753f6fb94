"""An independent check of written arithmetic: every line must be a true statement."""

import re

ADD = re.compile(r"[a-l](\d)\+(\d)\+(\d)=(\d\d)")
SUBTRACT = re.compile(r"[a-l](\d\d)-(\d)-(\d)=(\d)")
MULTIPLY = re.compile(r"[a-l](\d)\*(\d)\+(\d)=(\d\d)")
DIVIDE = re.compile(r"(\d+)/(\d+)=(\d+)r(\d+)")
COMPARE = re.compile(r"(?:[a-l])(\d)([<>=])(\d)")
PLAIN = re.compile(r"(-?\d+)([+*/-])(-?\d+)=(-?\d+)")


def false_lines(thought: str) -> list[str]:
    """The lines that state something false; lines ended by "wait" are taken for slips, and left out."""
    return [line for line in thought.splitlines() if not line.endswith(("wait", "等一下")) and not _true(line)]


def _true(line: str) -> bool:
    if match := ADD.fullmatch(line):
        p, q, carry, total = map(int, match.groups())
        return p + q + carry == total
    if match := SUBTRACT.fullmatch(line):
        p, q, borrow, digit = map(int, match.groups())
        return p - q - borrow == digit
    if match := MULTIPLY.fullmatch(line):
        p, q, carry, total = map(int, match.groups())
        return p * q + carry == total
    if match := DIVIDE.fullmatch(line):
        p, q, quotient, rest = map(int, match.groups())
        return p == q * quotient + rest and rest < q
    if COMPARE.match(line):
        return all(_holds(*match.groups()) for match in COMPARE.finditer(line))
    if match := PLAIN.fullmatch(line):
        return _plain(int(match[1]), match[2], int(match[3]), int(match[4]))
    return True


def _holds(p: str, sign: str, q: str) -> bool:
    return {"<": p < q, ">": p > q, "=": p == q}[sign]


def _plain(p: int, sign: str, q: int, result: int) -> bool:
    exact = {"+": p + q == result, "-": p - q == result, "*": p * q == result, "/": p == q * result}[sign]
    # Digit sums are worked modulo 9.
    rests = {"+": p + q, "-": p - q, "*": p * q, "/": -1}[sign] % 9 == result and 0 <= p < 9 and 0 <= q < 9
    return exact or rests
