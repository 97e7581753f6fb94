"""`qwill ask`: one question."""

from __future__ import annotations

import sys
from typing import Any

import click

from qwill.cli import EXIT_INTERRUPTED
from qwill.cli.interrupts import Interrupts
from qwill.cli.options import effort_options, guard_options, model_options, running_options
from qwill.cli.recording import Recorder, log_option

EXIT_ENGINE_ERROR = 1


@click.command("ask")
@click.argument("question", nargs=-1)
@model_options
@running_options
@guard_options
@effort_options
@click.option(
    "--knowledge", metavar="SET", help="Quote what fits from this set (see `qwill know`), and check citations."
)
@click.option("--json", "as_json", is_flag=True, help="Write every event as a line of JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Write the answer only.")
@log_option
def command(
    *,
    question: tuple[str, ...],
    model: str | None,
    budget: int | None,
    seed: int | None,
    temperature: float | None,
    precision: str | None,
    device: str | None,
    think_in: str,
    unsafe: bool,
    effort: str | None,
    certainty: float | None,
    max_tokens: int | None,
    max_seconds: float | None,
    knowledge: str | None,
    as_json: bool,
    quiet: bool,
    log: bool,
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
    from qwill.reason.guard_settings import Guards, ThinkIn
    from qwill.reason.steering import Steering

    renderer = JsonRenderer() if as_json else QuietRenderer() if quiet else TextRenderer()
    steering = Steering()
    asked: dict[str, Any] = {"model": model, "budget": budget, "seed": seed, "temperature": temperature}
    asked |= {"precision": precision, "device": device, "effort": effort, "certainty": certainty}
    asked |= {"max_tokens": max_tokens, "max_seconds": max_seconds, "knowledge": knowledge}
    text = read_question(question)
    guards = Guards(safety=not unsafe, think_in=ThinkIn(think_in))
    events = stream(text, **asked, guards=guards, steering=steering)
    settings = {"question": text, **asked, "think_in": think_in, "unsafe": unsafe}
    with Interrupts(steering):
        for event in Recorder("ask", settings, log).keep(events):
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
