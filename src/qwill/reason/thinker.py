"""From a problem to an answer: think within a budget, close the thought, answer.

The whole course is one stream of events: Parsed, then Thinking as it comes, Interrupted where the thought is closed for
the model, then Answering, and Finished at the end, whatever happens on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from qwill.core import Budget, Outcome, Problem, QwillError, Sampling
from qwill.core.events import Event, Finished, Interrupted, Parsed
from qwill.engine.protocol import Engine, Message, Request
from qwill.reason.asking import Asking
from qwill.reason.classes import COMPARABLE
from qwill.reason.depth import Depth, is_short
from qwill.reason.draft import Draft
from qwill.reason.endings import End, Ending, cut_by, ending_of, outcome_of
from qwill.reason.guard_language import LanguageGuard, answer_language, keeps_scripts
from qwill.reason.guard_loops import LoopGuard
from qwill.reason.guard_output import Output
from qwill.reason.guard_safety import refusal, what_is_dangerous
from qwill.reason.guard_settings import Guards
from qwill.reason.guard_stream import Guard, Together
from qwill.reason.introspect import Introspection
from qwill.reason.phrases import another_way, check_it, no_answer, think_in
from qwill.reason.room import fit
from qwill.reason.steering import Steering
from qwill.reason.tags import Splitter

_WORTH_ANOTHER_WAY = 0.5  # share of the thinking room that has to be left for a second try after a loop


def reason(
    problem: Problem,
    engine: Engine,
    *,
    budget: Budget | None = None,
    sampling: Sampling | None = None,
    history: Sequence[Message] = (),
    is_decline: Callable[[str], bool] = lambda text: False,
    stopped: Callable[[], bool] = lambda: False,
    guards: Guards | None = None,
    introspects: bool = False,
    steering: Steering | None = None,
    looks_every: int | None = None,
    extends: bool = False,
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
        guards: what is watched meanwhile; all of it by default.
        introspects: check the claims of thought and answer while they are written, and put right what is refuted.
        steering: by which the user asks for the answer now, gives hints, pauses and stops.
        looks_every: look from aside, after so many tokens each, whether the thought has converged, and close it then
            (`reason.depth`); where the engine cannot go on from a text or the answer has no form to be compared in,
            nothing is looked at. By default no looks.
        extends: let a thought go on once where it was closed early and no claim of it was verified, under the same
            conditions; needs `introspects`.

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
        guards=guards or Guards(),
        claims=Introspection(problem.language, in_place=engine.profile.single_turn) if introspects else None,
        steering=steering or Steering(),
        looks_every=looks_every,
        extends=extends,
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
        guards: Guards,
        claims: Introspection | None,
        steering: Steering,
        looks_every: int | None,
        extends: bool,
    ) -> None:
        self._claims, self._steering = claims, steering
        self._hints = len(steering.hints(0))  # those that were given for an earlier answer are over
        self._tried_another_way = False
        self._problem, self._engine, self._profile, self._budget = problem, engine, engine.profile, budget
        self._is_decline, self._stopped, self._guards = is_decline, stopped, guards
        self._thinks = bool(engine.profile.think_close) and engine.capabilities.thinking != "none"
        self._language = answer_language(problem) if guards.language and not engine.profile.single_turn else None
        messages = (*self._told(history), Message("user", problem.text))
        self._asking = Asking(problem, engine, messages, sampling or engine.profile.sampling, self._thinks)
        self._room = fit(messages, engine, budget)
        self._draft = Draft(engine, self._splitter())
        self._depth: Depth | None = None
        deepens = self._thinks and self._continues and problem.form in COMPARABLE
        if looks_every and deepens:
            self._depth = Depth(problem, engine, self._asking.look, every=looks_every)
        self._may_extend = extends and deepens and not engine.profile.single_turn
        self._watch()

    def run(self) -> Iterator[Event]:
        yield Parsed(problem=self._problem)
        if self._guards.safety and (danger := what_is_dangerous(self._problem.text)):
            yield Interrupted(reason="safety", detail=danger.name)
            yield from self._draft.say(refusal(danger, self._problem.language))
            yield Finished(answer=self._draft.finish(self._problem, Outcome.DECLINED))
            return
        if self._thinks and self._room.thinking == 0 and self._continues:
            ending = Ending(End.BUDGET)
        else:
            ending = yield from self._write_on(self._asking.question(self._most_tokens), may_think=True)
        open_thought = self._draft.thinking or ending.end is End.BUDGET
        cut = cut_by(ending.end, self._room.limited_by) if open_thought else None
        if not cut:
            self._judge_language(ending.end)
        yield from self._draft.flush()
        if cut:
            yield from self._close_thought(cut)
            ask = self._asking.answer_now(self._draft.thought, self._room, self._draft.prompt_tokens)
            ending = yield from self._write_on(ask, may_think=False)
            self._judge_language(ending.end)
            yield from self._draft.flush()
        if self._draft.cut and self._draft.cut.reason == "language":
            yield from self._give_up_answer()
            assert self._language
            ask = self._asking.answer_in(self._language, self._draft.thought, self._room, self._draft.prompt_tokens)
            ending = yield from self._write(ask, may_think=True)
            yield from self._draft.flush()
        if self._claims and self._claims.pending and ending.end is End.CLOSED:
            ending = yield from self._correct_in_another_turn()
        yield from self._conclude(ending, cut)

    @property
    def _continues(self) -> bool:
        """Whether the engine can go on from a given text."""
        return self._engine.capabilities.continuation

    @property
    def _most_tokens(self) -> int:
        """Most tokens of thought and answer together that may still be written."""
        return self._room.thinking + self._room.answer - self._draft.tokens

    def _told(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """The conversation so far, and what the model is told about its thoughts."""
        told = think_in(self._guards.think_in) if self._thinks and not self._profile.single_turn else ""
        if not told:
            return tuple(history)
        if history and history[0].role == "system":
            return (Message("system", f"{history[0].content}\n\n{told}"), *history[1:])
        return (Message("system", told), *history)

    def _watch(self, language: bool = True) -> None:
        """Let the guards that are wanted read along from here on."""
        thought: list[Guard] = [LoopGuard()] if self._guards.loops else []
        answer: list[Guard] = [LoopGuard()] if self._guards.loops else []
        if self._claims:
            self._claims_of_thought = self._claims.guard(self._draft.thought, in_answer=False, corrects=self._continues)
            thought.append(self._claims_of_thought)
            self._claims_of_answer = self._claims.guard(self._draft.answer, in_answer=True, corrects=self._continues)
            answer.append(self._claims_of_answer)
        self._draft.watch(thought=Together(*thought), answer=Together(*answer))
        if self._guards.language:
            guard = LanguageGuard(self._language) if self._language and language else None
            output = Output(self._language or self._problem.language, converts=not keeps_scripts(self._problem))
            self._draft.watch_language(guard, output)

    def _judge_language(self, end: End) -> None:
        """Judge an answer that has come to its end, not one that was stopped."""
        if end in (End.CLOSED, End.LENGTH):
            self._draft.judge_language()

    def _give_up_answer(self) -> Iterator[Event]:
        """Drop an answer in another language than the question's."""
        assert self._draft.cut
        keep = 0 if self._draft.answer else None
        self._draft.cut_back_answer(0)
        yield Interrupted(reason="language", detail=self._draft.cut.detail, keep=keep)
        self._draft.begin_again(self._splitter())
        self._watch(language=False)
        if self._thinks and self._continues:
            self._draft.splitter.close_thought()

    def _splitter(self) -> Splitter:
        if not self._thinks:
            return Splitter("", "", inside=False)
        return Splitter(self._profile.think_open, self._profile.think_close, self._profile.opens_thought_itself)

    def _write_on(self, request: Request, may_think: bool) -> Generator[Event, None, Ending]:
        """Let the engine write, and go on from every place where something had to be put right or put in."""
        while True:
            ending = yield from self._write(request, may_think)
            if ending.end is End.CLOSED and self._claims and not self._draft.thinking:
                ending = yield from self._check_the_end(ending, self._claims)
            if not self._goes_on_after(ending.end):
                return ending
            yield from self._draft.flush()
            in_thought = self._draft.thinking or ending.end is End.SHORT
            yield from self._put_in(ending.end)
            answer = None if in_thought else self._draft.answer
            request = self._asking.onward(self._draft.thought, answer, max(self._most_tokens, 1))

    def _check_the_end(self, ending: Ending, claims: Introspection) -> Generator[Event, None, Ending]:
        """Check what is left of the claims of an answer that has come to its end."""
        self._judge_language(ending.end)
        if self._draft.cut and self._draft.cut.reason == "language":
            return ending
        yield from self._draft.flush()
        self._draft.cut = self._draft.cut or self._claims_of_answer.finish()
        yield from claims.news()
        return Ending(End.REFUTED) if self._draft.cut and self._draft.cut.reason == "refuted" else ending

    def _write(self, request: Request, may_think: bool) -> Generator[Event, None, Ending]:
        """Let the engine write until it ends or something ends it."""
        try:
            with closing(self._engine.stream([request])) as stream:
                for delta in stream:
                    yield from self._draft.take(delta)
                    if self._claims:
                        yield from self._claims.news()
                    if delta.finish:
                        return ending_of(delta)
                    if self._depth and may_think and self._draft.thinking:
                        yield from self._look(self._depth)
                    if end := self._halt(may_think):
                        stream.cancel(request.id)
                        self._draft.note_prompt(stream)
                        return Ending(end)
        except QwillError as error:
            if not self._draft.tokens:
                raise  # it could not even begin: there is nothing to keep, and the user has to change something
            return Ending(End.ERROR, str(error))
        return Ending(End.ERROR, "The engine's stream broke off.")

    def _look(self, depth: Depth) -> Iterator[Event]:
        """Look from aside at the answer that the thought comes to, where it is time to."""
        tokens = self._draft.thinking_tokens
        if depth.is_due(tokens):
            yield from self._draft.spend(depth.look(self._draft.thought, tokens))

    def _converged(self) -> str | None:
        """The answer that the thought will not change any more, or None."""
        return self._depth.converged(self._claims.of_thought if self._claims else ()) if self._depth else None

    def _halt(self, may_think: bool) -> End | None:
        """Whether writing has to end here, and why; the limits of thinking hold until the answer is asked for."""
        self._steering.wait_while_paused()
        thinking = may_think and self._draft.thinking
        if self._stopped() or self._steering.stopped:
            return End.STOP
        if may_think and self._is_short():
            return End.SHORT
        if self._draft.cut:
            return {"language": End.LANGUAGE, "refuted": End.REFUTED}.get(self._draft.cut.reason, End.LOOP)
        if thinking and self._steering.wants_answer:
            return End.STEER
        if thinking and self._continues and self._steering.hints(self._hints):
            return End.HINT
        if thinking and self._draft.thinking_tokens >= self._room.thinking:
            return End.BUDGET
        if thinking and self._converged():
            return End.CONVERGED
        if self._budget.seconds is not None:
            reserve = self._answer_seconds() if thinking else 0.0
            if self._draft.seconds + reserve >= self._budget.seconds:
                return End.SECONDS
        return None

    def _is_short(self) -> bool:
        """Whether a thought was closed just now that might as well go on."""
        if not (self._may_extend and self._claims) or self._draft.thinking or self._draft.has_answer:
            return False
        self._claims_of_thought.note_rest()
        return is_short(self._draft.thinking_tokens, self._claims.of_thought)

    def _answer_seconds(self) -> float:
        """Time to keep for the answer: what its reserve of tokens takes at the speed so far, at most half of all."""
        assert self._budget.seconds is not None
        a_token = self._draft.seconds / max(self._draft.tokens, 1)
        return min(self._room.answer * a_token, self._budget.seconds / 2)

    def _goes_on_after(self, end: End) -> bool:
        """Whether writing goes on after this end, from a text that is put right or put in."""
        return end in (End.REFUTED, End.HINT, End.SHORT) or self._may_try_another_way(end)

    def _put_in(self, end: End) -> Iterator[Event]:
        """Cut the text back to where it went wrong, and put something there for the model to go on from."""
        if end is End.SHORT:
            self._may_extend = False
            appended = "\n\n" + check_it(self._problem.language)
            yield Interrupted(reason="extended", detail="short, and nothing in it was checked", appended=appended)
            self._draft.append_to_thought(appended)
        elif not self._draft.thinking:
            yield from self._put_right_answer()
            return
        elif end is End.HINT:
            said = self._steering.hints(self._hints)
            self._hints += len(said)
            appended = "".join(f"\n\n{hint}\n" for hint in said)
            yield Interrupted(reason="steer", detail=" ".join(said), appended=appended)
            self._draft.append_to_thought(appended)
        elif end is End.REFUTED:
            assert self._draft.cut
            yield from self._cut_back_thought(self._draft.cut.appended, saved=0)
        else:
            self._tried_another_way = True
            yield from self._cut_back_thought("\n\n" + another_way(self._problem.language), saved=0)
        self._draft.begin_again(Splitter(self._profile.think_open, self._profile.think_close, inside=True))
        if not self._draft.thought.endswith("\n"):
            self._draft.splitter.go_on_thinking()
        self._watch()

    def _put_right_answer(self) -> Iterator[Event]:
        """Put the right number in the place of the wrong one."""
        cut = self._draft.cut
        assert cut
        keep = self._draft.cut_back_answer(cut.keep)
        yield Interrupted(reason=cut.reason, detail=cut.detail, keep=keep, appended=cut.appended)
        self._draft.append_to_answer(cut.appended)
        self._draft.begin_again(self._splitter())
        self._watch(language=False)
        self._draft.splitter.go_on_answering()

    def _correct_in_another_turn(self) -> Generator[Event, None, Ending]:
        """Tell the model of a false claim in its answer; what it answers then takes the answer's place."""
        assert self._claims
        assert self._claims.pending
        told = self._claims.pending.as_told(self._problem.language)
        ask = self._asking.correction(self._draft.answer, told, max(self._most_tokens, self._room.answer))
        self._claims.pending = None
        self._draft.cut_back_answer(0)
        yield Interrupted(reason="refuted", detail=told, keep=0)
        self._draft.begin_again(self._splitter())
        self._watch(language=False)
        ending = yield from self._write(ask, may_think=True)
        yield from self._draft.flush()
        return ending

    def _may_try_another_way(self, end: End) -> bool:
        """Whether a thought that repeats itself may go on once from before the repetition: the engine can do that, the
        model understands what it is told, and there is room enough."""
        left = self._room.thinking - self._draft.thinking_tokens
        return (
            end is End.LOOP
            and self._draft.thinking
            and self._continues
            and not self._tried_another_way
            and not self._profile.single_turn
            and left >= _WORTH_ANOTHER_WAY * self._room.thinking
        )

    def _cut_back_thought(self, appended: str, saved: int) -> Iterator[Event]:
        """Cut the thought back to where it went wrong, and put some text there instead."""
        assert self._draft.cut
        detail = self._draft.cut.detail + (f"; about {saved} tokens saved" if saved > 0 else "")
        keep = self._draft.cut_back_thought(self._draft.cut.keep)
        yield Interrupted(reason=self._draft.cut.reason, detail=detail, keep=keep, appended=appended)
        self._draft.append_to_thought(appended)

    def _close_thought(self, cut: str) -> Iterator[Event]:
        """End the thought in the model's stead."""
        appended = self._profile.closing_phrase if self._continues else "\n\n" * bool(self._draft.thought)
        if cut == "loop":
            yield from self._cut_back_thought(appended, self._room.thinking - self._draft.thinking_tokens)
        else:
            detail = {
                "budget": f"{self._room.thinking} tokens",
                "context": f"{self._engine.capabilities.context} tokens",
                "seconds": f"{self._budget.seconds} seconds",
                "unclosed": "the model ended inside its thought",
                "converged": f"the answer {self._converged()} did not change any more",
                "steer": "answer now",
            }[cut]
            yield Interrupted(reason=cut, detail=detail, appended=appended)
            self._draft.append_to_thought(appended)
            if self._claims:
                self._claims_of_thought.note_rest()
        self._draft.begin_again(self._splitter())
        self._watch()
        if self._continues:
            self._draft.splitter.close_thought()

    def _conclude(self, ending: Ending, cut: str | None) -> Iterator[Event]:
        """Say how it ended, and give the answer."""
        if ending.end is End.STOP:
            yield Interrupted(reason="stop")
        if ending.end is End.ERROR:
            yield Interrupted(reason="error", detail=ending.detail)
        if ending.end is End.LOOP and self._draft.cut:  # the answer itself
            keep = self._draft.cut_back_answer(self._draft.cut.keep)
            yield Interrupted(reason="loop", detail=self._draft.cut.detail, keep=keep)
        answered = bool(self._draft.answer)
        declined = answered and self._is_decline(self._draft.answer)
        outcome = outcome_of(ending.end, cut, answered=answered, declined=declined)
        if not answered:
            yield from self._draft.say(no_answer(self._problem.language, outcome, self._draft.best_of_thought()))
        answer = self._draft.finish(self._problem, outcome)
        if self._claims:
            self._claims_of_thought.note_rest()
            yield from self._claims.news()
            answer = self._claims.entered(answer)
        yield Finished(answer=answer)
