"""From a problem to an answer with an effort: one trace, or several that are weighed.

This is the entry to reasoning. It decides which of the ways of this room a problem is given to, and makes their parts
from the one course of `thinker`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from qwill.core import Answer, Budget, Outcome, Problem, Sampling, UsageError
from qwill.core.events import Answering, Clarify, Event, Finished, Parsed
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Engine, Message
from qwill.reason.clarify import question_back
from qwill.reason.classes import COMPARABLE
from qwill.reason.coding import can_test, program
from qwill.reason.confidence import Listener, heard_by, lean_on_confidence
from qwill.reason.crosscheck import Programs, can_crosscheck, program_course, weigh_with_programs
from qwill.reason.depth import EVERY
from qwill.reason.effort import Effort, Level, plan
from qwill.reason.guard_settings import Guards
from qwill.reason.introspect import doubt_refuted
from qwill.reason.measured import measured
from qwill.reason.posterior import Ballot, Prior
from qwill.reason.proofs import asking_for_steps, is_proof, marked
from qwill.reason.restate import can_restate, puzzle
from qwill.reason.steering import Steering
from qwill.reason.thinker import reason
from qwill.reason.wide import Share, reason_widely

_DIVERSE = 0.7  # temperature, at least, of traces after the first: greedy ones would all be the same


def default_effort(profile: Profile) -> Effort:
    """The effort where the user says nothing: one trace for a model that is meant to be sampled greedily."""
    return Effort(Level.AUTO if profile.sampling.temperature > 0 else Level.LOW)


def effort_of(
    level: str | None,
    certainty: float | None,
    max_tokens: int | None,
    max_seconds: float | None,
    profile: Profile,
) -> Effort:
    """The effort that a user's settings mean; what is not said suits the model.

    Raises:
        UsageError: there is no such level, or a figure is out of its range.
    """
    try:
        chosen = default_effort(profile).level if level is None else Level(level)
    except ValueError:
        raise UsageError(f"There is no effort {level!r}.", f"There are {', '.join(Level)}.") from None
    return Effort(chosen, certainty, max_tokens, max_seconds)


def deliberate(
    problem: Problem,
    engine: Engine,
    *,
    effort: Effort | None = None,
    budget: Budget | None = None,
    sampling: Sampling | None = None,
    history: Sequence[Message] = (),
    is_decline: Callable[[str], bool] = lambda text: False,
    stopped: Callable[[], bool] = lambda: False,
    guards: Guards | None = None,
    steering: Steering | None = None,
) -> Iterator[Event]:
    """Think about a problem with an effort, and answer it.

    Answers that cannot be compared with each other (texts, programs) are thought about once, whatever the effort.

    Args:
        effort: how much; by default what suits the model.
        budget, sampling, history, is_decline, stopped, guards, steering: as for `reason`; the budget is that of each
            trace.

    Returns:
        The events; the last is `Finished`. Closing the iterator ends the engine's work.

    Raises:
        QwillError: the engine cannot begin.
    """
    effort = effort or default_effort(engine.profile)
    budget, sampling, steering = budget or Budget(), sampling or engine.profile.sampling, steering or Steering()
    if effort.level is Level.NONE and effort.certainty is None:
        budget = replace(budget, thinking_tokens=0)
    known = measured(engine)
    intended = plan(effort, problem.difficulty, known)

    several = intended.most > 1 and problem.form in COMPARABLE
    programs = Programs(known.programs if several and can_crosscheck(problem, engine) else 0)
    calibration = heard_by(engine, known.calibration)
    # A single-turn model is one of our own small ones, which answer faster than the claims of its thoughts are read:
    # they are where there is some effort.
    quick = (Level.NONE, Level.LOW) if engine.profile.single_turn else (Level.NONE,)
    introspects = effort.certainty is not None or effort.level not in quick

    # Who asks for much thought gets it whole, and one low trace is short anyway.
    looks_every = EVERY if effort.certainty is not None or effort.level in (Level.AUTO, Level.MEDIUM) else None

    proves = is_proof(problem) and not engine.profile.single_turn
    asked = asking_for_steps(problem) if proves else problem

    def prose(index: int, share: Share, enough: Callable[[], bool]) -> Iterator[Event]:
        listener = Listener(engine, calibration) if calibration else None

        def ends() -> bool:
            # The first is written to its end in any case, so that there is an answer.
            return enough() or (index > 0 and listener is not None and listener.hopeless)

        events = reason(
            asked,
            listener or engine,
            budget=budget_of(share, budget),
            sampling=sampling_of(index, sampling),
            history=history,
            is_decline=is_decline,
            stopped=ends,
            guards=guards,
            introspects=introspects,
            steering=steering,
            looks_every=looks_every,
            extends=effort.certainty is not None or effort.level in (Level.HIGH, Level.MAX),
        )
        for event in events:
            if listener and isinstance(event, Finished) and listener.sure is not None:
                event = replace(event, answer=replace(event.answer, confidence=listener.sure))  # noqa: PLW2901
            yield event

    def course(index: int, share: Share, enough: Callable[[], bool]) -> Iterator[Event]:
        if not programs.takes(index):
            return prose(index, share, enough)
        # The likeliest program first; others have to differ from it.
        drawn = replace(sampling, temperature=0.0) if index == 1 else sampling_of(index, sampling)
        return program_course(problem, engine, budget=budget_of(share, budget), sampling=drawn, stopped=enough)

    def round_of(said: Sequence[Message], asked: str) -> Iterator[Event]:
        return reason(
            replace(problem, text=asked),
            engine,
            budget=budget,
            sampling=sampling,
            history=(*history, *said),
            is_decline=is_decline,
            stopped=stopped,
            guards=guards,
            steering=steering,
        )

    def weigh(
        labels: Sequence[str | None], answers: Sequence[Answer | None], prior: Prior
    ) -> tuple[Sequence[Ballot], Prior]:
        programs.heard(labels)
        votes = weigh_with_programs(labels, programs.indices, weight=known.program, agreement=known.agreement)
        ballots = doubt_refuted(votes, answers)
        return lean_on_confidence(ballots, answers, prior, calibration) if calibration else (ballots, prior)

    if back := question_back(problem, follows=bool(history)):
        return _ask_back(problem, back)
    if examples := can_test(problem):
        return program(problem, examples, round_of, stopped=stopped)
    if effort.level is not Level.NONE and can_restate(problem, engine):
        return puzzle(problem, engine, round_of, sampling=sampling, stopped=lambda: stopped() or steering.wants_answer)
    if not several:
        events = prose(0, Share(effort.max_tokens, effort.max_seconds), stopped)
        return marked(events, problem) if proves else events
    return reason_widely(
        problem,
        course,
        plan=intended,
        effort=effort,
        parallel=engine.capabilities.parallel,
        first=2 if programs.most else 1,
        weigh=weigh,
        stopped=lambda: stopped() or steering.stopped,
        enough=lambda: steering.wants_answer,
    )


def _ask_back(problem: Problem, question: str) -> Iterator[Event]:
    """Ask the user for what is missing; the model is not asked at all."""
    yield Parsed(problem=problem)
    yield Clarify(question=question)
    yield Answering(text=question, tokens=0)
    yield Finished(answer=Answer(text=question, stopped_because=Outcome.UNCLEAR))


def budget_of(share: Share, budget: Budget) -> Budget:
    """The budget of one trace, within its share of what everything may cost."""
    seconds = min((limit for limit in (share.seconds, budget.seconds) if limit is not None), default=None)
    if share.tokens is None:
        return replace(budget, seconds=seconds)
    answer = min(budget.answer_tokens, max(share.tokens // 4, 1))
    thinking = share.tokens - answer
    if budget.thinking_tokens is not None:
        thinking = min(thinking, budget.thinking_tokens)
    return Budget(thinking, answer, seconds)


def sampling_of(index: int, sampling: Sampling) -> Sampling:
    """How the tokens of one trace are drawn: the first as asked for, the others so that they differ."""
    if index == 0:
        return sampling
    seed = None if sampling.seed is None else sampling.seed + index
    return replace(sampling, seed=seed, temperature=max(sampling.temperature, _DIVERSE))
