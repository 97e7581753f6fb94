"""`qwill chat`: questions one after another."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from qwill.cli import colour_wanted, say_error
from qwill.cli.interrupts import Interrupts
from qwill.cli.options import effort_options, guard_options, model_options, running_options
from qwill.cli.recording import Recorder, log_option

if TYPE_CHECKING:
    from qwill.api import Chat

_HELP = """\
/reset      forget the conversation
/budget N   most tokens of thought for each answer; /budget alone lifts the limit
/help       show this
/exit       leave (so does Ctrl-D)
Ctrl-C asks for the answer now; pressed again, it stops it."""


@click.command("chat")
@model_options
@running_options
@guard_options
@effort_options
@log_option
def command(
    *,
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
    log: bool,
) -> None:
    """Ask one question after another.

    Each line is a question; what was said before is remembered. /help shows the commands. Works on piped input too.
    """
    from qwill.api import Chat
    from qwill.reason.guard_settings import Guards, ThinkIn

    settings: dict[str, Any] = {"model": model, "budget": budget, "seed": seed, "temperature": temperature}
    settings |= {"precision": precision, "device": device, "effort": effort, "certainty": certainty}
    settings |= {"max_tokens": max_tokens, "max_seconds": max_seconds}
    guards = Guards(safety=not unsafe, think_in=ThinkIn(think_in))
    chat = Chat(**settings, guards=guards)
    recorder = Recorder("chat", {**settings, "think_in": think_in, "unsafe": unsafe}, log)
    interactive = sys.stdin.isatty()
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")  # bytes that are no text are the parser's to name
    if interactive:
        _greet(chat)
    while (line := _read_line(interactive)) is not None:
        if line.startswith("/"):
            if not _obey(chat, line):
                break
        elif line:
            _answer(chat, line, recorder)


def _greet(chat: Chat) -> None:
    import readline  # noqa: F401 - gives input() editing and history

    memory = "" if chat.remembers else " It sees each question by itself: it was not trained on conversations."
    note = f"{chat.engine.name} is here.{memory} /help shows the commands."
    click.echo(click.style(note, dim=True), color=colour_wanted(sys.stdout))


def _read_line(interactive: bool) -> str | None:
    """The next line, or None at the end. Ctrl-C while typing drops the line."""
    while True:
        try:
            return input("> " if interactive else "").strip()
        except EOFError:
            if interactive:
                click.echo()
            return None
        except KeyboardInterrupt:
            if not interactive:
                raise
            click.echo()


def _obey(chat: Chat, line: str) -> bool:
    """Carry out a command; whether the conversation goes on."""
    name, _, argument = line.partition(" ")
    argument = argument.strip()
    match name:
        case "/exit" | "/quit":
            return False
        case "/reset":
            chat.reset()
            click.echo("Forgotten.")
        case "/budget" if argument.isdecimal() or not argument:
            chat.budget = int(argument) if argument else None
            click.echo(
                f"Thinking budget: {argument} tokens." if argument else "Thinking budget: what the context holds."
            )
        case "/help":
            click.echo(_HELP)
        case _:
            click.echo(f"I do not know {line!r}.\n{_HELP}")
    return True


def _answer(chat: Chat, question: str, recorder: Recorder) -> None:
    """Show the answer to one question; a question that cannot be answered does not end the conversation."""
    from qwill.cli.render import TextRenderer
    from qwill.core import QwillError
    from qwill.reason.steering import Steering

    renderer, steering = TextRenderer(), Steering()
    try:
        with Interrupts(steering):
            for event in recorder.keep(chat.stream(question, steering=steering)):
                renderer.show(event)
    except QwillError as error:
        say_error(error)
    except KeyboardInterrupt:  # pressed three times: give up this answer at once
        click.echo()
