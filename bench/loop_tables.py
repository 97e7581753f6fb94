"""Tables, lists, boards and enumerations of many kinds for the loop bench: regular texts that do not loop.

Half of them, by the hash of their names, are there to set limits with; the other half to measure.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

_NAMES = [
    "Ada", "Bo", "Chen", "Dara", "Eli", "Fang", "Gus", "Hana", "Ivo", "Jun", "Kai", "Lea", "Mio", "Nia", "Oda", "Pia",
    "Qi", "Rui", "Sol", "Tao",
]  # fmt: skip
_CITIES = [
    "Lima", "Oslo", "Rome", "Cairo", "Paris", "Seoul", "Quito", "Delhi", "Tunis", "Riga", "Bern", "Accra", "Hanoi",
    "Dakar", "Minsk",
]  # fmt: skip
_TONES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def tables() -> Iterator[tuple[str, str]]:
    """Names and texts, always the same ones."""
    yield from _numbers()
    yield from _boards()
    yield from _records()
    yield from _sentences()


def _numbers() -> Iterator[tuple[str, str]]:
    rows = range(1, 41)
    yield (
        "logarithms",
        _markdown(["n", "ln n", "log n"], [[n, f"{math.log(n):.4f}", f"{math.log10(n):.4f}"] for n in rows]),
    )
    yield "Pascal", "\n".join(" ".join(str(math.comb(n, k)) for k in range(n + 1)) for n in range(16))
    yield "addition", "\n".join("\t".join(str(a + b) for a in range(13)) for b in range(13))
    yield "hexadecimal", "\n".join(" ".join(f"{16 * row + column:02X}" for column in range(16)) for row in range(16))
    yield "temperatures", "\n".join(f"{c} °C = {c * 9 / 5 + 32:.1f} °F" for c in range(-20, 45))
    yield "gcd", "\n".join(f"gcd({a}, {b}) = {math.gcd(a, b)}" for a in range(10, 20) for b in range(30, 36))
    yield "Newton", "\n".join(_newton(19.0))
    yield "payments", "\n".join(_payments(12000.0, 0.004, 24))
    yield "triangular", ", ".join(f"T({n}) = {n * (n + 1) // 2}" for n in range(1, 60))
    yield "two's complement", "\n".join(f"{n:4d} {n & 0xFF:08b} {n & 0xFF:02x}" for n in range(-32, 32))
    yield "matrix product", "\n".join(_product_of_matrices(4))
    yield (
        "prefix sums",
        "\n".join(f"i = {i}, a[i] = {7 * i % 13}, sum = {sum(7 * j % 13 for j in range(i + 1))}" for i in range(40)),
    )


def _boards() -> Iterator[tuple[str, str]]:
    draw = random.Random(7)
    yield (
        "draughts",
        "\n".join(" ".join("wb"[row < 4] if (row + column) % 2 else "." for column in range(8)) for row in range(8)),
    )
    yield "coordinates", "\n".join(", ".join(f"{letter}{number}" for letter in "ABCDEFGHIJ") for number in range(1, 11))
    yield (
        "knight moves",
        "\n".join(f"{chr(97 + c)}{r}: {' '.join(_knight(c, r))}" for c in range(4) for r in range(1, 9)),
    )
    yield (
        "sudoku",
        "\n".join("".join(str((3 * (row % 3) + row // 3 + column) % 9 + 1) for column in range(9)) for row in range(9)),
    )
    yield "seats", "\n".join(f"Row {row}: " + " ".join(f"{row}{seat}" for seat in "ABCDEF") for row in range(1, 31))
    yield "maze", "\n".join("".join(draw.choice("#.. ") for _ in range(40)) for _ in range(20))
    yield (
        "scales",
        "\n".join(
            f"{_TONES[k]} major: " + " ".join(_TONES[(k + step) % 12] for step in (0, 2, 4, 5, 7, 9, 11))
            for k in range(12)
        ),
    )
    yield "grid paths", "\n".join(_paths(3, 3))
    yield "life", "\n\n".join(_life())
    yield (
        "crossings",
        "\n".join(
            "Farmer takes the {} {}.".format(*move)
            for move in [
                ("goat", "over"),
                ("boat", "back"),
                ("wolf", "over"),
                ("goat", "back"),
                ("cabbage", "over"),
                ("boat", "back"),
                ("goat", "over"),
            ]
            * 1
        ),
    )


def _records() -> Iterator[tuple[str, str]]:
    draw = random.Random(8)
    yield (
        "XML",
        "<people>\n"
        + "\n".join(
            f'  <person id="{n}"><name>{draw.choice(_NAMES)}</name><age>{draw.randint(18, 90)}</age></person>'
            for n in range(40)
        )
        + "\n</people>",
    )
    yield (
        "YAML",
        "\n".join(
            f"- name: {draw.choice(_NAMES)}\n  city: {draw.choice(_CITIES)}\n  age: {draw.randint(18, 90)}"
            for _ in range(40)
        ),
    )
    yield (
        "log",
        "\n".join(
            f"2025-03-{1 + n // 10:02d} 12:{n % 60:02d}:{7 * n % 60:02d} INFO worker-{n % 4} "
            f"finished job {1000 + n} in {draw.randint(10, 999)} ms"
            for n in range(60)
        ),
    )
    yield (
        "HTML",
        "<table>\n"
        + "\n".join(
            f"<tr><td>{name}</td><td>{draw.choice(_CITIES)}</td><td>{draw.randint(1, 99)}</td></tr>"
            for name in _NAMES * 2
        )
        + "\n</table>",
    )
    yield (
        "CSS",
        "\n".join(
            f".c{n} {{ color: #{draw.randrange(1 << 24):06x}; margin: {draw.randint(0, 20)}px; }}" for n in range(50)
        ),
    )
    yield (
        "addresses",
        "\n".join(
            f"{draw.choice(_NAMES)} {draw.choice(_NAMES)}, {draw.randint(1, 200)} {draw.choice(_CITIES)} Street, "
            f"{draw.choice(_CITIES)}"
            for _ in range(50)
        ),
    )
    yield (
        "flights",
        _markdown(
            ["flight", "from", "to", "time"],
            [
                [f"QW{100 + n}", draw.choice(_CITIES), draw.choice(_CITIES), f"{n % 24:02d}:{draw.randint(0, 5)}0"]
                for n in range(40)
            ],
        ),
    )
    yield (
        "grades",
        "\n".join(
            f"{name}: mathematics {draw.choice('ABCD')}, physics {draw.choice('ABCD')}, music {draw.choice('ABCD')}"
            for name in _NAMES * 2
        ),
    )
    yield (
        "assembler",
        "\n".join(
            f"    mov r{n % 8}, [r{(n + 3) % 8} + {4 * n}]\n    add r{(n + 1) % 8}, r{n % 8}, #{draw.randint(1, 255)}"
            for n in range(30)
        ),
    )
    yield (
        "asserts",
        "\n".join(
            f"assert add({a}, {b}) == {a + b}"
            for a, b in ((draw.randint(-99, 99), draw.randint(-99, 99)) for _ in range(50))
        ),
    )
    yield (
        "imports",
        "\n".join(
            f"from package.{a}.{b} import {a.title()}{b.title()}"
            for a, b in itertools.product(
                ("core", "model", "engine", "verify"), ("files", "types", "tests", "tables", "errors")
            )
        ),
    )
    yield (
        "enum",
        "typedef enum {\n"
        + "\n".join(f"    ERR_{city.upper()} = {n}," for n, city in enumerate(_CITIES))
        + "\n} error_t;",
    )


def _sentences() -> Iterator[tuple[str, str]]:
    draw = random.Random(9)
    yield (
        "truth and lies",
        "\n".join(
            f"Suppose {a} is a knight and {b} is a knave. Then {a} says that {b} lies, "
            f"which is {'true' if len(a) > len(b) else 'false'}."
            for a, b in itertools.permutations(_NAMES[:6], 2)
        ),
    )
    yield (
        "green bottles",
        "\n".join(
            f"{n} green bottles hanging on the wall, and if one should fall, {n - 1} bottles are left."
            for n in range(12, 1, -1)
        ),
    )
    yield (
        "days of Christmas",
        "\n\n".join(
            f"On day {n} my true love gave to me "
            + ", ".join(f"{m} {thing}" for m, thing in reversed(list(enumerate(_CITIES[:n], start=1))))
            for n in range(1, 9)
        ),
    )
    yield (
        "interview",
        "\n".join(
            f"Q: How was {city}?\nA: {draw.choice(('Fine', 'Cold', 'Loud', 'Dear', 'Empty'))}, "
            f"and I would {draw.choice(('go again', 'not go again', 'stay longer'))}."
            for city in _CITIES
        ),
    )
    yield "binary search", "\n".join(_binary_search(list(range(0, 200, 3)), 141))
    yield "insertion", "\n".join(_insertion([9, 4, 7, 1, 8, 2, 6, 3]))
    yield (
        "parity in Chinese",
        "\n".join(f"{n}除以2余{n % 2}，所以{n}是{'奇' if n % 2 else '偶'}数。" for n in range(1, 40)),
    )
    yield (
        "zodiac in Chinese",
        "\n".join(f"{year}年是{'猴鸡狗猪鼠牛虎兔龙蛇马羊'[year % 12]}年。" for year in range(1980, 2026)),
    )
    yield (
        "spelling",
        "\n".join(
            f"{word}: {'-'.join(word)} has {len(word)} letters and {sum(letter in 'aeiou' for letter in word)} vowels."
            for word in map(str.lower, _CITIES + _NAMES)
        ),
    )
    yield (
        "declension",
        "\n".join(
            f"I {verb}, you {verb}, he {verb}s, we {verb}, they {verb}."
            for verb in ["walk", "talk", "jump", "read", "sing", "help", "cook", "wait", "play", "call", "rain"]
        ),
    )
    yield (
        "guesses",
        "\n".join(
            f"Guess {n}: {g}. {'Too low.' if g < 612 else 'Too high.' if g > 612 else 'Right.'}"
            for n, g in enumerate(_guesses(612, 1000), start=1)
        ),
    )
    yield (
        "references",
        "\n".join(
            f"[{n}] {draw.choice(_NAMES)} {draw.choice('ABCDEFGH')}., {draw.choice(_NAMES)} {draw.choice('ABCDEFGH')}. "
            f"On the {draw.choice(_CITIES)} problem. Journal of {draw.choice(_CITIES)} Studies, "
            f"{draw.randint(1, 60)}, {1990 + n}."
            for n in range(30)
        ),
    )


def _markdown(columns: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def _newton(value: float) -> Iterator[str]:
    x = value
    for n in range(8):
        following = (x + value / x) / 2
        yield f"x_{n + 1} = (x_{n} + {value:g} / x_{n}) / 2 = ({x:.6f} + {value / x:.6f}) / 2 = {following:.6f}"
        x = following


def _payments(debt: float, rate: float, months: int) -> Iterator[str]:
    pays = debt * rate / (1 - (1 + rate) ** -months)
    for month in range(1, months + 1):
        interest = debt * rate
        debt += interest - pays
        yield f"Month {month}: interest {interest:.2f}, repaid {pays - interest:.2f}, left {max(debt, 0):.2f}"


def _product_of_matrices(size: int) -> Iterator[str]:
    for row, column in itertools.product(range(size), repeat=2):
        parts = [((row + k) % 5, (2 * k + column) % 7) for k in range(size)]
        yield f"c[{row}][{column}] = " + " + ".join(f"{a}*{b}" for a, b in parts) + f" = {sum(a * b for a, b in parts)}"


def _knight(column: int, row: int) -> Iterator[str]:
    for across, up in itertools.product((-2, -1, 1, 2), repeat=2):
        if abs(across) != abs(up) and 0 <= column + across < 8 and 1 <= row + up <= 8:
            yield f"{chr(97 + column + across)}{row + up}"


def _paths(right: int, up: int, so_far: str = "") -> Iterator[str]:
    if not right and not up:
        yield " ".join(so_far)
        return
    if right:
        yield from _paths(right - 1, up, so_far + "R")
    if up:
        yield from _paths(right, up - 1, so_far + "U")


def _life() -> Iterator[str]:
    alive = {(1, 2), (2, 3), (3, 1), (3, 2), (3, 3)}
    for _ in range(6):
        yield "\n".join("".join("#" if (row, column) in alive else "." for column in range(10)) for row in range(8))
        near = [(r + a, c + b) for r, c in alive for a, b in itertools.product((-1, 0, 1), repeat=2) if a or b]
        alive = {cell for cell in near if near.count(cell) == 3 or (near.count(cell) == 2 and cell in alive)}


def _binary_search(values: list[int], wanted: int) -> Iterator[str]:
    low, high = 0, len(values) - 1
    while low <= high:
        middle = (low + high) // 2
        found = "found" if values[middle] == wanted else "go right" if values[middle] < wanted else "go left"
        yield f"low = {low}, high = {high}, middle = {middle}, value = {values[middle]}: {found}"
        if values[middle] == wanted:
            return
        low, high = (middle + 1, high) if values[middle] < wanted else (low, middle - 1)


def _insertion(values: list[int]) -> Iterator[str]:
    for done in range(1, len(values)):
        at = done
        while at and values[at - 1] > values[at]:
            yield f"{values[at]} is less than {values[at - 1]}, so they change places."
            values[at - 1 : at + 1] = values[at], values[at - 1]
            at -= 1
        yield f"Now the list is {values}."


def _guesses(secret: int, most: int) -> Iterator[int]:
    low, high, guess = 1, most, 0
    while guess != secret:
        guess = (low + high) // 2
        yield guess
        low, high = (guess + 1, high) if guess < secret else (low, guess - 1)
