"""What has been written of one answer so far, built from an engine's deltas."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from qwill.core import Outcome, Problem, StepKind, Trace, Usage
from qwill.core.answer import Answer
from qwill.core.events import Answering, Event, Thinking
from qwill.engine.protocol import Delta, Engine
from qwill.reason.tags import Piece, Splitter
from qwill.reason.trace import to_trace
from qwill.reason.value import final_value

_EXCERPT = 400  # characters of thought shown when there is no answer


class Draft:
    """Thought and answer as they grow, with tokens counted apart and time running.

    The texts of all `Thinking` and `Answering` events given out make up the thought and the answer exactly, and their
    tokens the usage.
    """

    def __init__(self, engine: Engine, splitter: Splitter) -> None:
        self.splitter = splitter
        self.prompt_tokens = 0
        self._thought: list[str] = []
        self._thought_length = 0
        self._answer: list[str] = []
        self._answered_by_us = False
        self._engine = engine
        self._thinking_tokens = 0
        self._answer_tokens = 0
        self._marks: list[tuple[int, int]] = []
        self._shows_tokens = False
        self._started = time.monotonic()
        self._first_token: float | None = None

    @property
    def thought(self) -> str:
        return "".join(self._thought)

    @property
    def answer(self) -> str:
        return "".join(self._answer)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def thinking_tokens(self) -> int:
        """Tokens of thought, those included that are held back because a tag may begin in them."""
        return self._thinking_tokens + (self.splitter.held_tokens if self.splitter.thinking else 0)

    @property
    def tokens(self) -> int:
        """All tokens written."""
        return self._thinking_tokens + self._answer_tokens + self.splitter.held_tokens

    def take(self, delta: Delta) -> Iterator[Event]:
        """Take in one delta of the engine."""
        self.prompt_tokens = self.prompt_tokens or delta.prompt_tokens
        self._shows_tokens |= bool(delta.tokens)
        tokens = len(delta.tokens)
        if delta.text and not self._shows_tokens:
            tokens = self._engine.count_tokens(delta.text)
        if self._first_token is None and (tokens or delta.text):
            self._first_token = self.seconds
        yield from self._events(self.splitter.push(delta.text, tokens))

    def note_prompt(self, rest: Iterable[Delta]) -> None:
        """Take from the deltas after a cancellation only the length of the prompt; their text is not wanted."""
        for delta in rest:
            self.prompt_tokens = self.prompt_tokens or delta.prompt_tokens

    def flush(self) -> Iterator[Event]:
        """Give out what is held back: the engine writes no more for now."""
        yield from self._events(self.splitter.flush())

    def say(self, text: str) -> Iterator[Event]:
        """Answer in the model's stead; our words cost no tokens and hold no value."""
        self._answered_by_us = True
        yield from self._events([Piece(text, thought=False, tokens=0)])

    def append_to_thought(self, text: str) -> None:
        """Put text into the thought, as words of ours in the model's stead when an `Interrupted` event carries them."""
        self._thought.append(text)
        self._thought_length += len(text)

    def _events(self, pieces: list[Piece]) -> Iterator[Event]:
        for piece in pieces:
            if piece.thought:
                self.append_to_thought(piece.text)
                self._thinking_tokens += piece.tokens
                self._marks.append((self._thought_length, self._thinking_tokens))
                yield Thinking(text=piece.text, tokens=piece.tokens)
            else:
                self._answer.append(piece.text)
                self._answer_tokens += piece.tokens
                yield Answering(text=piece.text, tokens=piece.tokens)

    def trace(self) -> Trace:
        """The thought so far, in steps."""
        return to_trace(self.thought, self._marks)

    def best_of_thought(self) -> str:
        """The last conclusion of the thought, or else its end; shortened to a few lines."""
        steps = self.trace().steps
        conclusions = [step.text for step in steps if step.kind is StepKind.CONCLUDE]
        best = (conclusions or [self.thought])[-1].strip()
        return best if len(best) <= _EXCERPT else "…" + best[-_EXCERPT:].lstrip()

    def finish(self, problem: Problem, outcome: Outcome) -> Answer:
        """The whole answer."""
        text = self.answer
        return Answer(
            text=text,
            value=None if self._answered_by_us else final_value(problem, text),
            traces=(self.trace(),) if self._thought_length else (),
            usage=Usage(
                prompt_tokens=self.prompt_tokens,
                thinking_tokens=self._thinking_tokens,
                answer_tokens=self._answer_tokens,
                seconds=self.seconds,
                first_token_seconds=self._first_token,
            ),
            stopped_because=outcome,
        )
