"""Events shown: on a terminal or in a file as text, or as JSON lines."""

from __future__ import annotations

import sys
from typing import Protocol

import click

from qwill.cli import colour_wanted
from qwill.core import Answer, Outcome
from qwill.core.events import Answering, Event, Finished, Interrupted, Thinking, to_json

_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""A model's text must not move the cursor or change the terminal's colours."""

_PLAIN_MARK = "| "  # begins each line of thought where thought and answer cannot be told apart by their look

_INTERRUPTIONS = {
    "budget": "thinking budget used up",
    "context": "context used up",
    "seconds": "time used up",
    "unclosed": "thought left open",
    "loop": "thought repeats itself",
    "stop": "stopped",
    "error": "the model failed",
}


class Renderer(Protocol):
    """Shows events one by one."""

    def show(self, event: Event) -> None: ...


class JsonRenderer:
    """Each event as a line of JSON, in UTF-8 whatever the terminal's encoding is."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer

    def show(self, event: Event) -> None:
        self._out.write(to_json(event).encode() + b"\n")
        self._out.flush()


class QuietRenderer:
    """The answer alone."""

    def show(self, event: Event) -> None:
        if isinstance(event, Answering):
            click.echo(clean(event.text), nl=False)
        elif isinstance(event, Finished):
            click.echo()


class TextRenderer:
    """The thought dimmed as it comes, then the answer, then a line of figures.

    Every piece is written with its style's beginning and end, so the terminal is sane wherever we are stopped.
    """

    def __init__(self) -> None:
        self._colour = colour_wanted(sys.stdout)
        self._line_open = False
        self._in_thought = False

    def show(self, event: Event) -> None:
        match event:
            case Thinking(text=text) if text:
                self._in_thought = True
                self._dimmed(clean(text))
            case Interrupted(reason=reason, detail=detail):
                self._note(_INTERRUPTIONS.get(reason, reason) + (f": {clean(detail)}" if detail else ""))
            case Answering(text=text) if text:
                if self._in_thought:
                    self._end_line()
                    click.echo()
                    self._in_thought = False
                click.echo(clean(text), nl=False)
                self._line_open = not text.endswith("\n")
            case Finished(answer=answer):
                self._end_line()
                click.echo()
                self._styled(figures(answer))
                click.echo()
            case _:
                pass

    def _dimmed(self, text: str) -> None:
        """A piece of thought; without colours each of its lines gets a mark."""
        if self._colour:
            self._styled(text)
        else:
            for line in text.splitlines(keepends=True):
                click.echo(line if self._line_open else _PLAIN_MARK + line, nl=False)
                self._line_open = not line.endswith("\n")
        self._line_open = not text.endswith("\n")

    def _note(self, text: str) -> None:
        """A remark of ours on a line of its own."""
        self._end_line()
        self._styled(f"[{text}]")
        click.echo()

    def _styled(self, text: str) -> None:
        click.echo(click.style(text, dim=True), nl=False, color=self._colour)

    def _end_line(self) -> None:
        if self._line_open:
            click.echo()
        self._line_open = False


def clean(text: str) -> str:
    """A model's text without control characters."""
    return text.translate(_CONTROL)


def figures(answer: Answer) -> str:
    """One line: tokens of thought and answer apart, seconds, speed, and how it ended where that says something."""
    usage = answer.usage
    tokens = usage.thinking_tokens + usage.answer_tokens
    parts = [f"{usage.thinking_tokens} tokens of thought", f"{usage.answer_tokens} of answer", f"{usage.seconds:.2f} s"]
    if usage.seconds > 0 and tokens:
        parts.append(f"{tokens / usage.seconds:.0f} tokens/s")
    if answer.stopped_because is not Outcome.COMPLETE:
        parts.append(answer.stopped_because.replace("_", " "))
    return " · ".join(parts)
