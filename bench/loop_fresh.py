"""Later corpora for the loop bench, each made when the guard stood: nothing of it was seen while limits were set.

The second: replies out of a bank of samples that ended by themselves, code of installed packages and C headers, and
tables as replies hold them. Its three false stops were mended afterwards, so there is a third: code of the packages of
Python's standard library, and half of the tables of `loop_tables`. Traces of models come in files as those of the first
corpus do, and are labelled by its rule in hindsight.
"""

from __future__ import annotations

import itertools
import math
import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from loop_corpus import Text, half_of
from loop_tables import tables
from qwill.runs import Bank

_PACKAGES = (
    "attr", "bs4", "chempy", "click", "dateutil", "fastapi", "filelock", "fontTools", "httpx", "jinja2", "networkx",
    "numpy", "packaging", "pint",
)  # fmt: skip
_GOODS = (
    "apples", "pears", "plums", "figs", "rice", "beans", "flour", "salt", "oats", "corn", "nuts", "tea", "milk", "eggs",
    "fish", "ham",
)  # fmt: skip
_TESTS = {"test", "tests", "idlelib", "lib2to3"}
_LONG_REPLY = 700  # characters
_MOST = 8000  # characters of a file


def fresh_texts(bank: Path | None) -> Iterator[Text]:
    """Long texts that do not loop; all of them are report texts."""
    yield from _replies(bank) if bank else ()
    yield from (_clean(f"code/{path.parent.name}/{path.name}", "code", _beginning(path)) for path in _code())
    yield from (_clean(f"table/{name}", "table", text) for name, text in _tables())


def latest_texts() -> Iterator[Text]:
    """Clean texts of the third corpus."""
    library = Path(sysconfig.get_paths()["stdlib"])
    packages = [path for path in sorted(library.glob("*/**/*.py")) if "site-packages" not in path.parts]
    large = [path for path in packages if path.stat().st_size > 5000 and not _TESTS & set(path.parts)]
    for path in random.Random(5).sample(large, min(120, len(large))):
        yield _clean(f"code/{path.relative_to(library)}", "code", _beginning(path))
    for name, text in tables():
        if half_of(f"table/{name}") == "report":
            yield _clean(f"table/{name}", "table", text)


def _clean(name: str, kind: str, text: str, tokens: int = 0) -> Text:
    return Text(name, kind, "clean", "report", text, tokens=tokens or len(text) // 4)


def _replies(folder: Path) -> Iterator[Text]:
    """The hundred longest replies of a bank that ended by themselves, no two of one problem and all different."""
    ended = [sample for sample in Bank.existing(folder) if sample.finish == "stop" and len(sample.text) >= _LONG_REPLY]
    ended.sort(key=lambda sample: (-len(sample.text), sample.key))
    longest = {sample.problem: sample for sample in reversed(ended)}
    for problem, sample in itertools.islice(longest.items(), 100):
        yield _clean(f"bank/{problem}/{sample.seed}", "reply", sample.text, sample.tokens)


def _code() -> Iterator[Path]:
    site = Path(sysconfig.get_paths()["purelib"])
    modules = [path for name in _PACKAGES for path in sorted((site / name).rglob("*.py"))]
    headers = sorted(Path("/usr/include").glob("*.h"))
    draw = random.Random(2)
    for paths, count in ((modules, 40), (headers, 15)):
        large = [path for path in paths if path.stat().st_size > 5000]
        yield from draw.sample(large, min(count, len(large)))


def _beginning(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[:_MOST]


def _tables() -> Iterator[tuple[str, str]]:
    draw = random.Random(3)
    names = ["Ada", "Bo", "Chen", "Dara", "Eli", "Fang", "Gus", "Hana", "Ivo", "Jun"]
    yield (
        "sine",
        "| x | sin x | cos x |\n|---|---|---|\n"
        + "\n".join(
            f"| {x} | {math.sin(math.radians(x)):.4f} | {math.cos(math.radians(x)):.4f} |" for x in range(0, 181, 3)
        ),
    )
    yield "roots", "\n".join(f"√{n} ≈ {math.sqrt(n):.3f}" for n in range(2, 80))
    yield (
        "rows of SQL",
        "\n".join(
            f"INSERT INTO people (id, name, age) VALUES ({n}, '{draw.choice(names)}', {draw.randint(18, 90)});"
            for n in range(1, 60)
        ),
    )
    yield (
        "values of SQL",
        "INSERT INTO marks VALUES\n"
        + ",\n".join(f"  ({n}, '{draw.choice(names)}', {draw.randint(1, 6)})" for n in range(1, 60)),
    )
    yield "records", "[\n" + ",\n".join(
        f'  {{"id": {n}, "name": "{draw.choice(names)}", "score": {draw.randint(0, 100)}}}' for n in range(1, 50)
    ) + "\n]"  # fmt: skip
    yield "days", "date,rain,wind\n" + "\n".join(
        f"2025-{month:02d}-{day:02d},{draw.randint(0, 40) / 10},{draw.randint(1, 60)}"
        for month in range(1, 4) for day in range(1, 29)
    )  # fmt: skip
    yield (
        "truth table",
        "| p | q | r | p and q | q or r | p -> r |\n|---|---|---|---|---|---|\n"
        + "\n".join(
            "| " + " | ".join("TF"[not value] for value in (p, q, r, p and q, q or r, not p or r)) + " |"
            for p, q, r in itertools.product((True, False), repeat=3)
        ),
    )
    yield "squares in Chinese", "\n".join(f"{n}的平方是{n * n}，{n}的立方是{n**3}。" for n in range(1, 60))
    yield (
        "divisors",
        "\n".join(f"{n}: {', '.join(str(d) for d in range(1, n + 1) if n % d == 0)}" for n in range(20, 90)),
    )
    yield (
        "remainders",
        "\n".join(
            f"{n} ÷ 13 = {n // 13} R {n % 13}" + (", so 13 divides it" if n % 13 == 0 else "") for n in range(200, 280)
        ),
    )
    yield "sorting", "\n".join(_sorting([8, 3, 7, 1, 9, 2, 6, 5]))
    yield "searching", "\n".join(
        f"Try a = {a}, b = {b}: {a} × {b} = {a * b}, {'which is 84' if a * b == 84 else 'not 84'}."
        for a in range(2, 10) for b in range(a, 15)
    )  # fmt: skip
    yield "Roman", "\n".join(f"{n} = {_roman(n)}" for n in range(1, 101))
    yield "matrix", "\\begin{bmatrix}\n" + " \\\\\n".join(
        " & ".join(str((row * column) % 7) for column in range(8)) for row in range(8)
    ) + "\n\\end{bmatrix}"  # fmt: skip
    yield "board", "\n".join(" ".join(f"{chr(97 + column)}{row}" for column in range(8)) for row in range(8, 0, -1))
    yield (
        "shopping",
        "\n".join(f"- {draw.randint(1, 9)} kg of {thing}, {draw.randint(1, 20)} dollars" for thing in _GOODS),
    )
    yield "interest", "\n".join(f"Year {n}: 1000 × 1.05^{n} = {1000 * 1.05**n:.2f}" for n in range(1, 41))
    yield "Fibonacci", "\n".join(_fibonacci(40))


def _sorting(values: list[int]) -> Iterator[str]:
    for done in range(len(values)):
        for at in range(len(values) - 1 - done):
            a, b = values[at : at + 2]
            values[at : at + 2] = min(a, b), max(a, b)
            yield f"Compare {a} and {b}: {'swap' if a > b else 'keep'}. Now {values}."


def _roman(number: int) -> str:
    written = ""
    for value, sign in (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        written += sign * (number // value)
        number %= value
    return written


def _fibonacci(count: int) -> Iterator[str]:
    a, b = 1, 1
    for n in range(3, count):
        a, b = b, a + b
        yield f"F({n}) = F({n - 1}) + F({n - 2}) = {b - a} + {a} = {b}"
