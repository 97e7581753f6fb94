"""Predicting what a tiny program prints, by following it line by line with the values copied in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from qwill.core import Language
from qwill.tasks.base import Family, Style
from qwill.tasks.programs_words import ask, is_told, tell
from qwill.tasks.tiny_interpreter import TooLongError, run
from qwill.tasks.tiny_language import (
    Append,
    Assign,
    Call,
    Comparison,
    Element,
    Expression,
    For,
    If,
    Literal,
    Name,
    Operation,
    Print,
    Program,
    Statement,
    While,
    canonical,
    shown,
)  # fmt: skip

_SLIP_RATE = 0.18
_NAMES = ("a", "b", "c", "d", "x", "y", "z", "n", "m", "k", "p", "q", "total", "count", "num", "res", "value", "t")
_COUNTERS = ("i", "j", "k", "i", "i")
_LISTS = ("xs", "nums", "items", "data", "lst", "values", "arr")
_TEXTS = ("s", "word", "text", "name", "t", "w")
_WORDS = (
    "cat", "dog", "sun", "red", "map", "hat", "ab", "xy", "no", "go", "tea", "pen", "cup", "fox", "bee", "key", "hi",
    "ok", "one", "two", "big", "box", "ice", "car", "bus", "sea", "sky", "egg", "arm", "leg",
)  # fmt: skip


@dataclass(frozen=True)
class ProgramProblem:
    program: Program


class Programs(Family[ProgramProblem]):
    """Programs of three to eight lines with one print, at the end."""

    name: ClassVar[str] = "programs"

    def draw(self, rng: random.Random) -> ProgramProblem:
        while True:
            program = tuple(rng.choice(_SHAPES)(rng))
            try:
                run(program)
            except TooLongError:
                continue
            return ProgramProblem(program)

    def key(self, spec: ProgramProblem) -> str:
        return canonical(spec.program)

    def difficulty(self, spec: ProgramProblem) -> float:
        """By the number of steps until it prints, and their length."""
        lines = run(spec.program).lines
        return min(1.0, max(0, len(lines) - 3) / 24 * 0.8 + max(0, sum(map(len, lines)) - 20) / 300 * 0.2)

    def ask(self, spec: ProgramProblem, language: Language, rng: random.Random) -> str:
        return ask(spec.program, language, rng)

    def think(self, spec: ProgramProblem, language: Language, rng: random.Random, style: Style) -> str:
        if style == "checked" and rng.random() < _SLIP_RATE:
            lines = run(spec.program, _slip(rng, "等一下，" if language.is_chinese else "wait, ")).lines
        else:
            lines = run(spec.program).lines
        word = "输出" if language is Language.CHINESE_SIMPLIFIED else "輸出" if language.is_chinese else "output"
        if style == "checked":
            lines = (*lines, _check(spec.program))
        return "\n".join([*lines, f"{word} {self.value(spec)}"])

    def reply(self, spec: ProgramProblem, language: Language, rng: random.Random) -> str:
        return tell(self.value(spec), language, rng)

    def value(self, spec: ProgramProblem) -> str:
        return run(spec.program).output

    def grade(self, spec: ProgramProblem, reply: str) -> bool:
        return is_told(self.value(spec), reply)


def _slip(rng: random.Random, wait: str) -> Callable[[int], str]:
    """One wrong number among the first calculations, put right at once."""
    left = rng.randrange(1, 5)

    def mistake(right: int) -> str:
        nonlocal left
        left -= 1
        return f"{right + rng.choice((-1, 1, 2, 10))} {wait}" if left == 0 else ""

    return mistake


def _check(program: Program) -> str:
    """What the printed expression looks up, once more."""
    values = run(program).values
    printed = program[-1]
    assert isinstance(printed, Print)
    names = dict.fromkeys(_names_in(printed.value))
    return " ".join([*(f"{name}={shown(values[name], tight=True)}" for name in names), "✓"])


def _names_in(expression: Expression) -> list[str]:
    if isinstance(expression, Operation):
        return _names_in(expression.left) + _names_in(expression.right)
    return [] if isinstance(expression, Literal) else [expression.name]


def _number(rng: random.Random, highest: int = 9) -> Literal:
    return Literal(rng.randint(1, highest))


def _names(rng: random.Random, count: int) -> list[str]:
    return rng.sample(_NAMES, count)


def _update(rng: random.Random, name: str, amount: Expression, signs: str = "+++-*") -> Assign:
    return Assign(name, Operation(rng.choice(signs), Name(name), amount), augmented=rng.random() < 0.6)


def _start(rng: random.Random, names: list[str], highest: int = 9) -> list[Statement]:
    return [Assign(name, _number(rng, highest)) for name in names]


def _end(rng: random.Random, names: list[str]) -> Print:
    if len(names) > 1 and rng.random() < 0.3:
        return Print(Operation(rng.choice("+-"), *map(Name, rng.sample(names, 2))))
    return Print(Name(rng.choice(names)))


def _formula(rng: random.Random, names: list[str]) -> Expression:
    """One or two operations; a product's left side is never a sum, so no parentheses are needed."""
    first, second = Name(rng.choice(names)), rng.choice((Name(rng.choice(names)), _number(rng)))
    if rng.random() < 0.55:
        return Operation(rng.choice("++-*"), first, second)
    third = _number(rng)
    if rng.random() < 0.5:
        return Operation(rng.choice("+-"), Operation("*", first, second), third)
    return Operation(rng.choice("+-"), Operation(rng.choice("+-"), first, second), third)


def _straight(rng: random.Random) -> list[Statement]:
    names = _names(rng, rng.randint(2, 3))
    lines = _start(rng, names)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(names)
        lines.append(
            _update(rng, name, rng.choice((_number(rng), Name(rng.choice(names)))))
            if rng.random() < 0.4
            else Assign(name, _formula(rng, names))
        )
    return [*lines, _end(rng, names)]


def _comparison(rng: random.Random, left: Expression, right: Expression) -> Comparison:
    return Comparison(rng.choice("<>" if rng.random() < 0.85 else ("==",)), left, right)


def _branch(rng: random.Random) -> list[Statement]:
    names = _names(rng, 2)
    right = rng.choice((Name(names[1]), _number(rng)))
    body = (_update(rng, names[0], rng.choice((_number(rng), Name(names[1])))),)
    otherwise: tuple[Statement, ...] = ()
    if rng.random() < 0.7:
        otherwise = (Assign(rng.choice(names), _formula(rng, names)),)
    return [*_start(rng, names), If(_comparison(rng, Name(names[0]), right), body, otherwise), _end(rng, names)]


def _counted(rng: random.Random) -> list[Statement]:
    names = _names(rng, rng.randint(1, 2))
    counter = rng.choice([name for name in _COUNTERS if name not in names])
    amount = rng.choice((Name(counter), Name(counter), _number(rng, 5), Name(names[-1])))
    body: list[Statement] = [_update(rng, names[0], amount, "+++-")]
    if rng.random() < 0.25:
        body = [If(_comparison(rng, Name(counter), Literal(rng.randint(1, 3))), tuple(body))]
    elif len(names) > 1 and rng.random() < 0.6:
        body.append(_update(rng, names[1], _number(rng, 3), "+++-"))
    start = [Assign(name, Literal(rng.randint(0, 9))) for name in names]
    return [*start, For(counter, rng.randint(2, 5), tuple(body)), _end(rng, names)]


def _while(rng: random.Random) -> list[Statement]:
    name, other = _names(rng, 2)
    step = _update(rng, name, _number(rng, 4), "+") if rng.random() < 0.7 else _update(rng, name, Literal(2), "*")
    body: list[Statement] = [step]
    lines = [Assign(name, _number(rng, 5))]
    shown_names = [name]
    if rng.random() < 0.6:
        lines.append(Assign(other, Literal(rng.randint(0, 5))))
        body.insert(rng.randint(0, 1), _update(rng, other, rng.choice((Literal(1), Name(name))), "+"))
        shown_names = [other, other, name]
    return [
        *lines,
        While(Comparison("<", Name(name), Literal(rng.randint(6, 20))), tuple(body)),
        Print(Name(rng.choice(shown_names))),
    ]


def _text(rng: random.Random) -> list[Statement]:
    first, second = rng.sample(_TEXTS, 2)
    word = rng.choice(_WORDS)
    lines: list[Statement] = [Assign(first, Literal(word))]
    whole = word
    if rng.random() < 0.6:
        other = rng.choice(_WORDS)
        lines.append(Assign(second, Literal(other)))
        joined = rng.sample((first, second), 2) if rng.random() < 0.8 else [first, first]
        lines.append(Assign(first, Operation("+", Name(joined[0]), Name(joined[1]))))
        whole = "".join({first: word, second: other}[name] for name in joined)
    else:
        other = rng.choice(_WORDS)
        lines.append(Assign(first, Operation("+", Name(first), Literal(other)), augmented=rng.random() < 0.5))
        whole += other
    draw = rng.random()
    if draw < 0.3:
        return [*lines, Print(Name(first))]
    if draw < 0.65:
        return [*lines, Print(Element(first, rng.randrange(len(whole))))]
    if draw < 0.85:
        return [*lines, Print(Call("len", first))]
    name = rng.choice(("n", "k", "a"))
    return [*lines, Assign(name, Call("len", first)), Print(Operation(rng.choice("+-*"), Name(name), _number(rng)))]


def _list(rng: random.Random) -> list[Statement]:
    name = rng.choice(_LISTS)
    items = [rng.randint(1, 12) for _ in range(rng.randint(2, 4))]
    lines: list[Statement] = [Assign(name, Literal(tuple(items)))]
    for _ in range(rng.randint(0, 2)):
        amount: Expression = _number(rng, 12)
        if rng.random() < 0.25:
            amount = Operation("+", Element(name, rng.randrange(len(items))), _number(rng))
        lines.append(Append(name, amount))
        items.append(0)
    if rng.random() < 0.25:
        (kept,) = _names(rng, 1)
        function, sign = rng.choice(("len", "sum", "max")), rng.choice("+-*")
        return [*lines, Assign(kept, Call(function, name)), Print(Operation(sign, Name(kept), _number(rng)))]
    draw = rng.random()
    if draw < 0.3:
        return [*lines, Print(Element(name, rng.randrange(len(items))))]
    return [*lines, Print(Call(rng.choice(("len", "sum", "sum", "max", "min")), name))]


def _list_loop(rng: random.Random) -> list[Statement]:
    name, total = rng.choice(_LISTS), rng.choice(("total", "s", "t", "count", "n", "res"))
    item = rng.choice(("x", "v", "num", "a"))
    amount = rng.choice((Name(item), Name(item), Literal(1), Operation("*", Name(item), Literal(2))))
    body: tuple[Statement, ...] = (_update(rng, total, amount, "+"),)
    if rng.random() < 0.6 or amount == Literal(1):
        body = (If(_comparison(rng, Name(item), Literal(rng.randint(2, 8))), body),)
    items = tuple(rng.randint(1, 9) for _ in range(rng.randint(3, 4)))
    return [
        Assign(name, Literal(items)),
        Assign(total, Literal(0)),
        For(item, name, body),
        Print(Name(total)),
    ]


_SHAPES = (_straight, _straight, _branch, _branch, _counted, _counted, _while, _text, _text, _list, _list, _list_loop)
