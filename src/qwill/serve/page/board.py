"""A run of a chain as the page shows it: the graph with what is under way, and each step's text as it grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from threading import Lock

from qwill.chain import Chain, Done, Piece, all_of, as_svg, as_text
from qwill.serve.page.words import Words

_LONGEST = 20_000  # characters of a step that are shown while it grows


@dataclass
class _Shown:
    """What a step has written so far, and what it came to."""

    thought: str = ""
    text: str = ""
    done: Done | None = None


@dataclass
class Board:
    """One run; written by its threads, read by the page.

    Attributes:
        chain: what is run.
        models: role → name of the model that plays it.
        failure: what ended it before its end, or "".
        final: what it came to, or "".
    """

    chain: Chain
    models: Mapping[str, str]
    failure: str = ""
    final: str = ""
    _steps: dict[str, _Shown] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def watch(self, piece: Piece) -> None:
        """Take in a piece of a step."""
        with self._lock:
            shown = self._steps.setdefault(piece.step, _Shown())
            if piece.thought:
                shown.thought = (shown.thought + piece.text)[-_LONGEST:]
            else:
                shown.text = (shown.text + piece.text)[-_LONGEST:]

    def noted(self, steps: Iterable[Done]) -> Iterator[Done]:
        """The steps as they are done, each noted on the board."""
        for done in steps:
            with self._lock:
                self._steps.setdefault(done.step, _Shown()).done = done
            yield done

    def html(self, words: Words) -> str:
        """The board. What models wrote is text in it, never markup."""
        with self._lock:
            state = {name: "done" if shown.done else "running" for name, shown in self._steps.items()}
            parts = [self._step(name, shown, words) for name, shown in self._steps.items()]
        parts.insert(0, f'<div class="qw-graph">{as_svg(self.chain, state)}</div>')
        if self.failure:
            parts.append(f"<p><b>!</b> {escape(self.failure)}</p>")
        if self.final:
            parts.append(f'<pre class="qw-final">{escape(self.final)}</pre>')
        return "".join(parts)

    def _step(self, name: str, shown: _Shown, words: Words) -> str:
        (step,) = (step for step in self.chain.steps if step.id == name)
        title, text, thought = f"{name} · {self.models[step.model]}", shown.text, shown.thought
        if done := shown.done:
            said = all_of(done.result)
            tokens = sum(one.thinking_tokens + one.answer_tokens for one in said)
            thought = "\n\n".join(one.thought for one in said if one.thought)
            text = as_text(done.result)
            title += f" · {tokens} {words['tokens']} · {done.seconds:.1f} s" if said else f" · {words['left_out']}"
            title += f" · {done.kept} {words['kept']}" if done.kept else ""
        body = f'<pre class="qw-aside">{escape(thought)}</pre>' if thought.strip() else ""
        body += f"<pre>{escape(text)}</pre>" if text.strip() else ""
        kind = "done" if shown.done else "running"
        return f'<details class="qw-run qw-{kind}" open><summary>{escape(title)}</summary>{body}</details>'
