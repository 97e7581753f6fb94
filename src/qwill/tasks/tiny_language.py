"""A tiny language with the look of Python: its programs as data, written out, and brought to a canonical form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Value = int | str | list[int]


@dataclass(frozen=True)
class Literal:
    value: int | str | tuple[int, ...]


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Operation:
    """left sign right; signs + - * for numbers, + for texts. No parentheses: the left side of a product is never a
    sum."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call:
    """len, sum, max or min of a variable."""

    function: str
    name: str


@dataclass(frozen=True)
class Element:
    """name[index]"""

    name: str
    index: int


Expression = Literal | Name | Operation | Call | Element


@dataclass(frozen=True)
class Comparison:
    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Assign:
    """name = value; `augmented` writes it as name sign= right where the value is an operation on the name itself."""

    name: str
    value: Expression
    augmented: bool = False


@dataclass(frozen=True)
class Append:
    name: str
    value: Expression


@dataclass(frozen=True)
class If:
    condition: Comparison
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class For:
    """for name in range(over), or for name in over where that is a list variable."""

    name: str
    over: int | str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class While:
    condition: Comparison
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Print:
    value: Expression


Statement = Assign | Append | If | For | While | Print
Program = tuple[Statement, ...]


def written(expression: Expression | Comparison, tight: bool = False) -> str:
    """An expression as source text; `tight` leaves out the spaces."""
    space = "" if tight else " "
    if isinstance(expression, Operation | Comparison):
        left, right = written(expression.left, tight), written(expression.right, tight)
        return f"{left}{space}{expression.sign}{space}{right}"
    if isinstance(expression, Name):
        return expression.name
    if isinstance(expression, Call):
        return f"{expression.function}({expression.name})"
    if isinstance(expression, Element):
        return f"{expression.name}[{expression.index}]"
    return shown(expression.value if not isinstance(expression.value, tuple) else list(expression.value), tight)


def shown(value: Value, tight: bool = False) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ("," if tight else ", ").join(map(str, value)) + "]"
    return str(value)


def source(program: Sequence[Statement], indent: str = "    ", level: int = 0) -> list[str]:
    """The lines of a program."""
    lines = []
    for statement in program:
        lines += [indent * level + line for line in _source_of(statement, indent)]
    return lines


def _source_of(statement: Statement, indent: str) -> list[str]:
    if isinstance(statement, Assign):
        value = statement.value
        if statement.augmented and isinstance(value, Operation):
            return [f"{statement.name} {value.sign}= {written(value.right)}"]
        return [f"{statement.name} = {written(value)}"]
    if isinstance(statement, Append):
        return [f"{statement.name}.append({written(statement.value)})"]
    if isinstance(statement, Print):
        return [f"print({written(statement.value)})"]
    if isinstance(statement, If):
        lines = [f"if {written(statement.condition)}:", *source(statement.then, indent, 1)]
        return [*lines, "else:", *source(statement.otherwise, indent, 1)] if statement.otherwise else lines
    if isinstance(statement, While):
        return [f"while {written(statement.condition)}:", *source(statement.body, indent, 1)]
    over = f"range({statement.over})" if isinstance(statement.over, int) else statement.over
    return [f"for {statement.name} in {over}:", *source(statement.body, indent, 1)]


_WORD = re.compile(r'"[^"]*"|[A-Za-z_]\w*')
_RESERVED = frozenset(("if", "else", "for", "in", "range", "while", "print", "len", "sum", "max", "min", "append"))


def canonical(program: Program) -> str:
    """The program's text with its variables renamed by first appearance, and x += 1 written as x = x + 1."""
    names: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        word = match[0]
        return word if word[0] == '"' or word in _RESERVED else names.setdefault(word, f"v{len(names)}")

    return _WORD.sub(rename, "\n".join(source(_plain(program), " ")))


def _plain(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    plain: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Assign):
            plain.append(Assign(statement.name, statement.value))
        elif isinstance(statement, If):
            plain.append(If(statement.condition, _plain(statement.then), _plain(statement.otherwise)))
        elif isinstance(statement, For):
            plain.append(For(statement.name, statement.over, _plain(statement.body)))
        elif isinstance(statement, While):
            plain.append(While(statement.condition, _plain(statement.body)))
        else:
            plain.append(statement)
    return tuple(plain)
