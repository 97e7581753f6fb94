"""`qwill models`: the catalog, and what of it fits a machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from qwill.model.catalog import Entry
    from qwill.model.shape import Precision

COMFORTABLE = 8192
"""Tokens that a thinking model should have at least; a precision that leaves fewer is the second choice."""
_NOT_NATIVE = "†"
_NONE = "–"


@click.command("models")
@click.option(
    "--memory",
    type=click.FloatRange(min=0, min_open=True),
    multiple=True,
    metavar="GB",
    help="For a machine or card with so much memory instead of this one; may be given several times.",
)
@click.option("--markdown", is_flag=True, help="Write the table as Markdown.")
def command(memory: tuple[float, ...], markdown: bool) -> None:
    """List the models that Qwill knows, and which fit at which precision with how much context.

    One request at a time; K are 1,024 tokens of prompt and text together. Memory counts as it is sold: 24 GB are
    24 × 2^30 bytes, of which 5% stay free.
    """
    from qwill.model.catalog import CATALOG
    from qwill.model.memory import best_device, gigabytes

    if len(memory) > 1:
        header = ["Model", "Parameters", "Context", *(f"{size:g} GB" for size in memory)]
        rows = [[*_about(entry), *(_best(entry, int(size * (1 << 30))) for size in memory)] for entry in CATALOG]
    else:
        name, free = (f"{memory[0]:g} GB", int(memory[0] * (1 << 30))) if memory else best_device()
        if not memory and not markdown:
            click.echo(f"{name}: {gigabytes(free)} free\n")
        header = ["Model", "Parameters", "Context", "bf16", "int8", "int4", "Licence", "Here"]
        rows = [[*_about(entry), *_by_precision(entry, free), entry.licence, _here(entry)] for entry in CATALOG]
    if markdown:
        click.echo(_markdown(header, rows))
    else:
        _print(header, rows)
    click.echo(f"\n{_NOT_NATIVE} not run by the native engine yet: needs a GGUF file or a server.")
    if unverified := [f"{entry.name} ({', '.join(entry.unverified)})" for entry in CATALOG if entry.unverified]:
        click.echo(f"Could not be verified: {'; '.join(unverified)}.")


def _about(entry: Entry) -> list[str]:
    mark = "" if entry.native else f" {_NOT_NATIVE}"
    return [entry.name + mark, _count(entry.parameters), _tokens(entry.most_context)]


def _best(entry: Entry, free: int) -> str:
    """The most precise way to run a model with a comfortable context, otherwise with any that is of use."""
    from qwill.model.memory import LEAST_CONTEXT, longest_context
    from qwill.model.shape import Precision

    for least in (COMFORTABLE, LEAST_CONTEXT):
        for precision in (Precision.BF16, Precision.INT8, Precision.INT4):
            tokens = longest_context(entry.shape, precision, free, entry.most_context)
            if tokens >= min(least, entry.most_context):
                return f"{precision} · {_tokens(tokens)}"
    return _NONE


def _by_precision(entry: Entry, free: int) -> list[str]:
    from qwill.model.shape import Precision

    return [_fit(entry, precision, free) for precision in (Precision.BF16, Precision.INT8, Precision.INT4)]


def _fit(entry: Entry, precision: Precision, free: int) -> str:
    """Bytes of the weights, and the context that fits beside them."""
    from qwill.model.memory import LEAST_CONTEXT, gigabytes, longest_context

    tokens = longest_context(entry.shape, precision, free, entry.most_context)
    fits = tokens >= min(LEAST_CONTEXT, entry.most_context)
    return f"{gigabytes(entry.shape.weight_bytes(precision))} · {_tokens(tokens) if fits else _NONE}"


def _here(entry: Entry) -> str:
    from qwill.model.download import pulled

    return "yes" if not entry.hub or pulled(entry) else ""


def _count(parameters: int) -> str:
    return f"{parameters / 1e9:.2f} B" if parameters >= 1e8 else f"{parameters / 1e6:.1f} M"


def _tokens(count: int) -> str:
    return f"{count // 1024}K"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _print(header: list[str], rows: list[list[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from qwill.cli import colour_wanted

    # In a file or a pipe nothing is folded to the width of a terminal that is not there.
    console = Console(no_color=not colour_wanted(sys.stdout), width=None if sys.stdout.isatty() else 200)
    table = Table(*header, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row, style=None if any("K" in cell for cell in row[3:]) else "dim")
    console.print(table)
