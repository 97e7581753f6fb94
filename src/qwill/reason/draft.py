"""What has been written of one answer so far, built from an engine's deltas."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qwill.core import Outcome, Problem, StepKind, Trace, Usage
from qwill.core.answer import Answer
from qwill.core.events import Answering, Event, Thinking
from qwill.engine.protocol import Delta, Engine
from qwill.reason.guard_language import LanguageGuard
from qwill.reason.guard_output import Output
from qwill.reason.guard_stream import Cut, Guard
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

    Guards read along with the thought and with the answer; `cut` is what one of them has said. A text that is cut back
    keeps the tokens that it was written in. An answer is held back until its language is known, so that nobody is shown
    the beginning of one that is given up.
    """

    def __init__(self, engine: Engine, splitter: Splitter) -> None:
        self.splitter = splitter
        self.prompt_tokens = 0
        self.cut: Cut | None = None
        self._thought_guard: Guard | None = None
        self._answer_guard: Guard | None = None
        self._language_guard: LanguageGuard | None = None
        self._output = Output(None)
        self._held_answer: list[str] = []
        self._held_answer_tokens = 0
        self._thought: list[str] = []
        self._thought_length = 0
        self._answer: list[str] = []
        self._answered_by_us = False
        self._engine = engine
        self._thinking_tokens = 0
        self._aside_tokens = 0
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
    def has_answer(self) -> bool:
        """Whether there is something of an answer, given out or held back."""
        return bool(self.answer or "".join(self._held_answer))

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
        return self._thinking_tokens + self._aside_tokens + self._answer_tokens + self.splitter.held_tokens

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

    def watch(self, thought: Guard | None = None, answer: Guard | None = None) -> None:
        """Let guards read along from here on; they are told what stands there already. None lets nobody."""
        self.cut, self._thought_guard, self._answer_guard = None, thought, answer
        for guard, text in ((thought, self.thought), (answer, self.answer)):
            if guard and text:
                guard.push(text)

    def watch_language(self, guard: LanguageGuard | None, output: Output) -> None:
        """Let a guard see to the language of the answer, and put the answer in order on its way out."""
        self.cut, self._language_guard, self._output = None, guard, output

    def judge_language(self) -> None:
        """Let the guard judge the answer as a whole, now that it is written."""
        if self._language_guard and not self.cut:
            self.cut = self._language_guard.finish()

    def cut_back_thought(self, keep: int) -> int:
        """Keep so many characters of the thought, but no white space at its end; how many remain."""
        kept = self.thought[:keep].rstrip()
        self._thought, self._thought_length = [kept], len(kept)
        self._marks = [mark for mark in self._marks if mark[0] <= len(kept)]
        return len(kept)

    def cut_back_answer(self, keep: int) -> int:
        """Keep so many characters of the answer, but no white space at its end; how many remain."""
        kept = self.answer[:keep].rstrip()
        self._answer, self._held_answer = [kept], []
        return len(kept)

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
        self._held_answer.append(self._output.flush())
        yield from self._give_out()
        yield from self._settle()

    def say(self, text: str) -> Iterator[Event]:
        """Answer in the model's stead; our words cost no tokens and hold no value."""
        self._answered_by_us = True
        self._answer.append(text)
        yield Answering(text=text, tokens=0)

    def spend(self, tokens: int) -> Iterator[Event]:
        """Count tokens that were written aside, and are in no text."""
        self._aside_tokens += tokens
        yield Thinking(text="", tokens=tokens)

    def append_to_thought(self, text: str) -> None:
        """Put text into the thought, as words of ours in the model's stead when an `Interrupted` event carries them."""
        self._thought.append(text)
        self._thought_length += len(text)

    def append_to_answer(self, text: str) -> None:
        """Put text into the answer, likewise."""
        self._answer.append(text)

    def _events(self, pieces: list[Piece]) -> Iterator[Event]:
        for piece in pieces:
            if piece.thought:
                self.append_to_thought(piece.text)
                self._thinking_tokens += piece.tokens
                self._marks.append((self._thought_length, self._thinking_tokens))
                self._ask(self._thought_guard, piece.text)
                yield Thinking(text=piece.text, tokens=piece.tokens)
            else:
                self._answer_tokens += piece.tokens
                self._held_answer_tokens += piece.tokens
                self._held_answer.append(self._output.push(piece.text))
                self._ask(self._language_guard, piece.text)
                if self._language_guard is None or self._language_guard.is_settled:
                    yield from self._give_out()

    def _give_out(self) -> Iterator[Event]:
        """Give out what is held of the answer, unless it is to be given up; its tokens count in any case."""
        text, tokens = "".join(self._held_answer), self._held_answer_tokens
        self._held_answer, self._held_answer_tokens = [], 0
        if self.cut and self.cut.reason == "language":
            text = ""
        if text or tokens:
            self._answer.append(text)
            self._ask(self._answer_guard, text)
            yield Answering(text=text, tokens=tokens)

    def _ask(self, guard: Guard | None, text: str) -> None:
        if guard and not self.cut:
            self.cut = guard.push(text)

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
                thinking_tokens=self._thinking_tokens + self._aside_tokens,
                answer_tokens=self._answer_tokens,
                seconds=self.seconds,
                first_token_seconds=self._first_token,
            ),
            stopped_because=outcome,
        )
