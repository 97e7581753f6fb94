"""`qwill ask`: one question."""

from __future__ import annotations

import sys

import click

from qwill.cli import EXIT_INTERRUPTED
from qwill.cli.interrupts import Interrupts
from qwill.cli.options import model_options

EXIT_ENGINE_ERROR = 1


@click.command("ask")
@click.argument("question", nargs=-1)
@model_options
@click.option("--json", "as_json", is_flag=True, help="Write every event as a line of JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Write the answer only.")
def command(
    *,
    question: tuple[str, ...],
    model: str | None,
    budget: int | None,
    seed: int | None,
    temperature: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Ask a question and see the model think and answer.

    QUESTION may be several words. With "-", or none where something is piped in, it is read from standard input.
    """
    if as_json and quiet:
        raise click.UsageError("--json and --quiet exclude each other.")
    from qwill import stream
    from qwill.cli.render import JsonRenderer, QuietRenderer, TextRenderer
    from qwill.core import Outcome
    from qwill.core.events import Finished

    renderer = JsonRenderer() if as_json else QuietRenderer() if quiet else TextRenderer()
    interrupts = Interrupts()
    events = stream(
        read_question(question), model, budget=budget, seed=seed, temperature=temperature, stopped=interrupts
    )
    with interrupts:
        for event in events:
            renderer.show(event)
    assert isinstance(event, Finished)
    outcome = event.answer.stopped_because
    if outcome is Outcome.STOPPED:
        sys.exit(EXIT_INTERRUPTED)
    if outcome is Outcome.ENGINE_ERROR:
        sys.exit(EXIT_ENGINE_ERROR)


def read_question(words: tuple[str, ...]) -> str:
    """The question from the arguments or from standard input; bytes that are no text are the parser's to name."""
    if words == ("-",) or (not words and not sys.stdin.isatty()):
        return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    return " ".join(words)
