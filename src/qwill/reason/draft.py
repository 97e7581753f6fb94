"""What has been written of one answer so far, built from an engine's deltas."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qwill.core import Outcome, Problem, StepKind, Trace, Usage
from qwill.core.answer import Answer
from qwill.core.events import Answering, Event, Thinking
from qwill.engine.protocol import Delta, Engine
from qwill.reason.tags import Piece, Splitter
from qwill.reason.trace import to_trace
from qwill.reason.value import final_value

_EXCERPT = 400  # characters of thought shown when there is no answer


@dataclass(frozen=True)
class _Settled:
    """How far counts have been put right: tokens of thought and answer, and marks."""

    thinking_tokens: int = 0
    answer_tokens: int = 0
    marks: int = 0


class Draft:
    """Thought and answer as they grow, with tokens counted apart and time running.

    The texts of all `Thinking` and `Answering` events given out make up the thought and the answer exactly, and their
    tokens the usage. Where an engine does not show its tokens, pieces are counted by estimate; if it tells its own
    count in the end, pieces without text put the sums right.
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
        self._thoughts_apart = False
        self._thought_apart_is_open = False
        self._counted: Delta | None = None
        self._settled = _Settled()
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
    def thinking(self) -> bool:
        """Whether what comes next would be thought, as far as is known: nothing else has come since a thought began."""
        return self.splitter.thinking or self._thought_apart_is_open

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
        if delta.written_tokens is not None:
            self._counted = delta
        if self._first_token is None and (delta.tokens or delta.text or delta.thought):
            self._first_token = self.seconds
        if delta.thought:
            self._thoughts_apart = self._thought_apart_is_open = True
            self.splitter.thoughts_come_apart()
            tokens = self._tokens_of(delta.thought, 0 if delta.text else len(delta.tokens))
            yield from self._events([Piece(delta.thought, thought=True, tokens=tokens)])
        if delta.text.strip():
            self._thought_apart_is_open = False
        if delta.text or (delta.tokens and not delta.thought):
            yield from self._events(self.splitter.push(delta.text, self._tokens_of(delta.text, len(delta.tokens))))

    def _tokens_of(self, text: str, shown: int) -> int:
        """How many tokens a piece of text counts: those that the engine shows, else an estimate."""
        return shown if self._shows_tokens else self._engine.count_tokens(text)

    def begin_again(self, splitter: Splitter) -> None:
        """Another request follows, whose text is parted by this splitter."""
        self.splitter = splitter
        self._thought_apart_is_open = False
        if self._thoughts_apart:
            splitter.thoughts_come_apart()

    def note_prompt(self, rest: Iterable[Delta]) -> None:
        """Take from the deltas after a cancellation only the length of the prompt; their text is not wanted."""
        for delta in rest:
            self.prompt_tokens = self.prompt_tokens or delta.prompt_tokens

    def flush(self) -> Iterator[Event]:
        """Give out what is held back: the engine writes no more for now."""
        yield from self._events(self.splitter.flush())
        yield from self._settle()

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

    def _settle(self) -> Iterator[Event]:
        """Put the estimates of this request right by the engine's own counts, where it has told them."""
        counted, before = self._counted, self._settled
        thought = self._thinking_tokens - before.thinking_tokens
        answer = self._answer_tokens - before.answer_tokens
        if counted is not None and counted.written_tokens and not self._shows_tokens:
            total = counted.written_tokens
            # Servers that do not tell thought from answer leave its count out, or say 0.
            told = counted.thought_tokens or round(total * thought / max(thought + answer, 1))
            told = min(told, total - bool(answer))
            self._marks[before.marks :] = [
                (length, before.thinking_tokens + round((tokens - before.thinking_tokens) * told / max(thought, 1)))
                for length, tokens in self._marks[before.marks :]
            ]
            corrections = [Piece("", True, told - thought), Piece("", False, total - told - answer)]
            yield from self._events([piece for piece in corrections if piece.tokens])
        self._counted = None
        self._settled = _Settled(self._thinking_tokens, self._answer_tokens, len(self._marks))

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
