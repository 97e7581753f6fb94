"""Events shown: on a terminal or in a file as text, or as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Protocol

import click

from qwill.cli import colour_wanted
from qwill.core import Answer, Evidence, Outcome, Settled, Status
from qwill.core.events import Answering, Event, Finished, Interrupted, Thinking, Verified, Voted, to_json

_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""A model's text must not move the cursor or change the terminal's colours."""

_PLAIN_MARK = "| "  # begins each line of thought where thought and answer cannot be told apart by their look

_INTERRUPTIONS = {
    "budget": "thinking budget used up",
    "context": "context used up",
    "seconds": "time used up",
    "unclosed": "thought left open",
    "converged": "its answer would not change any more",
    "extended": "closed early, it goes on",
    "loop": "the text repeats itself",
    "language": "the answer came in another language and is asked for again",
    "safety": "declined by the safety policy",
    "refuted": "corrected",
    "steer": "steered",
    "stop": "stopped",
    "error": "the model failed",
}

_PUTS_RIGHT = ("refuted", "steer", "extended")
"""Interruptions whose appended text says something to the reader too."""

_SETTLED = {
    Settled.COST: "more thoughts would not pay",
    Settled.HOPELESS: "no hope of more certainty",
    Settled.TRACES: "as many thoughts as allowed",
    Settled.TOKENS: "tokens used up",
    Settled.SECONDS: "time used up",
    Settled.STOPPED: "answered at once, as asked",
    Settled.FAILED: "the model failed",
}
"""Why no further thought was begun, where it is not because the answer was certain."""

_SHOWN_VALUES = 3  # of a vote
_LONGEST_VALUE = 40  # characters of a value in a vote


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
    """The answer alone, once it is certain: what has been shown cannot be taken back."""

    def show(self, event: Event) -> None:
        if isinstance(event, Finished):
            click.echo(clean(event.answer.text))


class TextRenderer:
    """The thought dimmed as it comes, then the answer, then a line of figures.

    Of several thoughts at once the first is shown as it comes, and of the others what they vote for. Every piece is
    written with its style's beginning and end, so the terminal is sane wherever we are stopped.
    """

    def __init__(self) -> None:
        self._colour = colour_wanted(sys.stdout)
        self._line_open = False
        self._in_thought = False
        self._answering = 0  # the thought whose answer is being given
        self._checked = dict.fromkeys(Status, 0)

    def show(self, event: Event) -> None:
        match event:
            case Thinking(trace=0, text=text) if text:
                self._in_thought = True
                self._dimmed(clean(text))
            case Interrupted(reason=reason, detail=detail) if event.trace in (0, self._answering):
                self._note(_INTERRUPTIONS.get(reason, reason) + (f": {clean(detail)}" if detail else ""))
                if reason in _PUTS_RIGHT:
                    self._show_appended(clean(event.appended))
            case Verified(evidence=evidence):
                self._show_check(evidence)
            case Voted():
                self._note(vote(event))
            case Answering(text=text) if text:
                self._answering = event.trace
                if self._in_thought:
                    self._end_line()
                    click.echo()
                    self._in_thought = False
                click.echo(clean(text), nl=False)
                self._line_open = not text.endswith("\n")
            case Finished(answer=answer):
                self._end_line()
                click.echo()
                self._styled(" · ".join([figures(answer), *checks(self._checked)]))
                click.echo()
            case _:
                pass

    def _show_appended(self, text: str) -> None:
        """What was put into the text for the model, in the look of where it stands."""
        if self._in_thought:
            self._dimmed(text.strip("\n") + "\n" * text.endswith("\n"))
        elif text:
            click.echo(text.lstrip(), nl=False)
            self._line_open = True

    def _show_check(self, evidence: Evidence) -> None:
        """What a check found, where it says more than that all is well; all are counted."""
        self._checked[evidence.verdict.status] += 1
        detail = f": {clean(evidence.verdict.detail)}" if evidence.verdict.detail else ""
        if evidence.verdict.status is Status.REFUTED:
            self._note(f"✗ {_one_line(evidence.claim)}{detail}")
        elif evidence.verdict.method == "program":
            self._note(f"{_one_line(evidence.claim)}{detail}")

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
    if answer.settled is not None and answer.confidence is not None:
        parts.append(f"certainty {answer.confidence:.0%}")
    if answer.settled in _SETTLED:
        parts.append(_SETTLED[answer.settled])
    if answer.stopped_because is not Outcome.COMPLETE:
        parts.append(answer.stopped_because.replace("_", " "))
    return " · ".join(parts)


def vote(event: Voted) -> str:
    """How several thoughts stand: how many were weighed, and the likeliest values with their probabilities."""
    shown = [f"{_one_line(value)} {weight:.0%}" for value, weight in list(event.weights.items())[:_SHOWN_VALUES]]
    left_out = ["…"] if len(event.weights) > _SHOWN_VALUES else []
    thoughts = "1 thought" if event.counted == 1 else f"{event.counted} thoughts"
    return f"{thoughts}: {' · '.join([*shown, *left_out]) or 'no answer yet'}"


def checks(found: Mapping[Status, int]) -> list[str]:
    """How many claims were checked, with what result; nothing where there were none."""
    told = [f"{count} {status}" for status, count in found.items() if count]
    return [f"claims: {', '.join(told)}"] if told else []


def _one_line(text: str) -> str:
    """A value or claim for a line of ours."""
    text = " ".join(clean(text).split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
