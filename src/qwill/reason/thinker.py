"""From a problem to an answer: think within a budget, close the thought, answer.

The whole course is one stream of events: Parsed, then Thinking as it comes, Interrupted where the thought is closed for
the model, then Answering, and Finished at the end, whatever happens on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum, auto

from qwill.core import Budget, Outcome, Problem, QwillError, Sampling
from qwill.core.events import Event, Finished, Interrupted, Parsed
from qwill.engine.protocol import Delta, Engine, Finish, Message, Request
from qwill.reason.draft import Draft
from qwill.reason.phrases import answer_now, no_answer
from qwill.reason.room import fit
from qwill.reason.tags import Splitter

_CAUTION = 0.9  # tokens are not spread evenly over a text: what is cut by share of characters is cut shorter


class _End(Enum):
    """Why writing ended."""

    CLOSED = auto()  # the model ended its text
    LENGTH = auto()  # no tokens were left
    BUDGET = auto()  # the thought has used up its tokens
    SECONDS = auto()
    STOP = auto()  # the user stopped it
    ERROR = auto()


@dataclass(frozen=True)
class _Ending:
    """How a stretch of writing ended, with the engine's words where it failed."""

    end: _End
    detail: str = ""


def reason(
    problem: Problem,
    engine: Engine,
    *,
    budget: Budget | None = None,
    sampling: Sampling | None = None,
    history: Sequence[Message] = (),
    is_decline: Callable[[str], bool] = lambda text: False,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Think about a problem and answer it.

    Args:
        problem: what is asked.
        engine: what writes; its profile says how its model wants to be used.
        budget: how much it may cost; by default the whole context with a reserve for the answer.
        sampling: how tokens are drawn; the profile's recommendation by default.
        history: the conversation so far.
        is_decline: tells whether an answer says that the model cannot do this.
        stopped: asked after each piece of text; once it says true, writing ends and what there is becomes the answer.

    Returns:
        The events; the last is `Finished`. Closing the iterator cancels the engine's work.

    Raises:
        QwillError: the engine cannot begin (the conversation leaves no room to answer, the model has no chat
            template); raised by the first or second event.
    """
    yield from _Course(
        problem=problem,
        engine=engine,
        budget=budget or Budget(),
        sampling=sampling,
        history=history,
        is_decline=is_decline,
        stopped=stopped,
    ).run()


class _Course:
    """One answer in the making."""

    def __init__(
        self,
        *,
        problem: Problem,
        engine: Engine,
        budget: Budget,
        sampling: Sampling | None,
        history: Sequence[Message],
        is_decline: Callable[[str], bool],
        stopped: Callable[[], bool],
    ) -> None:
        self._problem, self._engine, self._profile, self._budget = problem, engine, engine.profile, budget
        self._is_decline, self._stopped = is_decline, stopped
        messages = (*history, Message("user", problem.text))
        self._request = Request(messages=messages, sampling=sampling or engine.profile.sampling)
        self._room = fit(messages, engine, budget)
        self._thinks = bool(engine.profile.think_close) and engine.capabilities.thinking != "none"
        self._draft = Draft(engine, self._splitter())

    def run(self) -> Iterator[Event]:
        yield Parsed(problem=self._problem)
        if self._thinks and self._room.thinking == 0 and self._engine.capabilities.continuation:
            ending = _Ending(_End.BUDGET)
        else:
            most = self._room.thinking + self._room.answer
            ending = yield from self._write(replace(self._request, max_tokens=most), may_think=True)
        open_thought = self._draft.thinking or ending.end is _End.BUDGET
        cut = self._cut_by(ending.end) if open_thought else None
        yield from self._draft.flush()
        if cut:
            yield from self._close_thought(cut)
            ending = yield from self._write(self._closing_request(), may_think=False)
            yield from self._draft.flush()
        yield from self._conclude(ending, cut)

    def _splitter(self) -> Splitter:
        if not self._thinks:
            return Splitter("", "", inside=False)
        return Splitter(self._profile.think_open, self._profile.think_close, self._profile.opens_thought_itself)

    def _write(self, request: Request, may_think: bool) -> Generator[Event, None, _Ending]:
        """Let the engine write until it ends or something ends it."""
        try:
            with closing(self._engine.stream([request])) as stream:
                for delta in stream:
                    yield from self._draft.take(delta)
                    if delta.finish:
                        return _ending(delta)
                    if end := self._halt(may_think):
                        stream.cancel(request.id)
                        self._draft.note_prompt(stream)
                        return _Ending(end)
        except QwillError as error:
            if not self._draft.tokens:
                raise  # it could not even begin: there is nothing to keep, and the user has to change something
            return _Ending(_End.ERROR, str(error))
        return _Ending(_End.ERROR, "The engine's stream broke off.")

    def _halt(self, may_think: bool) -> _End | None:
        """Whether writing has to end here, and why; the limits of thinking hold until the answer is asked for."""
        thinking = may_think and self._draft.thinking
        if self._stopped():
            return _End.STOP
        if thinking and self._draft.thinking_tokens >= self._room.thinking:
            return _End.BUDGET
        if self._budget.seconds is not None:
            reserve = self._answer_seconds() if thinking else 0.0
            if self._draft.seconds + reserve >= self._budget.seconds:
                return _End.SECONDS
        return None

    def _answer_seconds(self) -> float:
        """Time to keep for the answer: what its reserve of tokens takes at the speed so far, at most half of all."""
        assert self._budget.seconds is not None
        a_token = self._draft.seconds / max(self._draft.tokens, 1)
        return min(self._room.answer * a_token, self._budget.seconds / 2)

    def _cut_by(self, end: _End) -> str | None:
        """What a thought that is still open was cut by, as `Interrupted` names it; None where no answer is wanted."""
        return {
            _End.CLOSED: "unclosed",
            _End.LENGTH: "context",
            _End.BUDGET: self._room.limited_by,
            _End.SECONDS: "seconds",
        }.get(end)

    def _close_thought(self, cut: str) -> Iterator[Event]:
        """End the thought in the model's stead."""
        continues = self._engine.capabilities.continuation
        appended = self._profile.closing_phrase if continues else "\n\n" * bool(self._draft.thought)
        detail = {
            "budget": f"{self._room.thinking} tokens",
            "context": f"{self._engine.capabilities.context} tokens",
            "seconds": f"{self._budget.seconds} seconds",
            "unclosed": "the model ended inside its thought",
        }[cut]
        yield Interrupted(reason=cut, detail=detail, appended=appended)
        self._draft.append_to_thought(appended)
        self._draft.begin_again(self._splitter())
        if continues:
            self._draft.splitter.close_thought()

    def _closing_request(self) -> Request:
        """Ask for the answer: after the closed thought where the engine can go on from there, else in another turn."""
        thought, profile = self._fitting_thought(), self._profile
        request = replace(self._request, max_tokens=self._room.answer)
        if self._engine.capabilities.continuation:
            return replace(request, continuation=profile.think_open + thought + profile.think_close)
        told = answer_now(self._problem.language)
        if not thought:
            question = Message("user", f"{self._problem.text}\n\n{told}")
            return replace(request, messages=(*request.messages[:-1], question))
        return replace(
            request, messages=(*request.messages, Message("assistant", thought.rstrip()), Message("user", told))
        )

    def _fitting_thought(self) -> str:
        """The thought, or its end where all of it would leave no room to answer.

        It is counted anew: read as text, a thought may take more tokens than it was written in.
        """
        spent = max(self._draft.prompt_tokens, self._room.prompt) + self._room.answer + self._room.closing
        allowed = max(self._engine.capabilities.context - spent, 0)
        thought = self._draft.thought
        while (tokens := self._engine.count_tokens(thought)) > allowed:
            kept = int(len(thought) * allowed / tokens * _CAUTION)
            thought = thought[len(thought) - kept :]
        return thought

    def _conclude(self, ending: _Ending, cut: str | None) -> Iterator[Event]:
        """Say how it ended, and give the answer."""
        if ending.end is _End.STOP:
            yield Interrupted(reason="stop")
        if ending.end is _End.ERROR:
            yield Interrupted(reason="error", detail=ending.detail)
        outcome = self._outcome(ending.end, cut)
        if not self._draft.answer:
            yield from self._draft.say(no_answer(self._problem.language, outcome, self._draft.best_of_thought()))
        yield Finished(answer=self._draft.finish(self._problem, outcome))

    def _outcome(self, end: _End, cut: str | None) -> Outcome:
        """The outcome; what went wrong last counts before what was cut earlier."""
        if end is _End.STOP:
            return Outcome.STOPPED
        if end is _End.ERROR:
            return Outcome.ENGINE_ERROR
        if not self._draft.answer:
            return Outcome.NO_ANSWER
        if end in (_End.LENGTH, _End.SECONDS):
            return Outcome.TRUNCATED
        if self._is_decline(self._draft.answer):
            return Outcome.DECLINED
        return Outcome.BUDGET if cut in ("budget", "context", "seconds") else Outcome.COMPLETE


def _ending(delta: Delta) -> _Ending:
    """What a request's last delta says."""
    match delta.finish:
        case Finish.STOP:
            return _Ending(_End.CLOSED)
        case Finish.LENGTH:
            return _Ending(_End.LENGTH)
        case Finish.CANCELLED:
            return _Ending(_End.STOP)
        case _:
            return _Ending(_End.ERROR, delta.error)
