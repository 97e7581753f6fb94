"""What every API's request comes down to, and how it is put to `reason`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwill.core import Budget, Problem, Sampling
from qwill.core.events import Event
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Engine, Message
from qwill.knowledge import Found, Knowledge
from qwill.reason.deliberate import default_effort, deliberate
from qwill.reason.effort import Effort, Level
from qwill.reason.grounding import as_message, grounded
from qwill.reason.guard_settings import Guards
from qwill.reason.lookups import answered
from qwill.reason.parse import parse
from qwill.reason.steering import Steering
from qwill.reason.thinker import reason
from qwill.serve.errors import ApiError
from qwill.serve.filters import StopStrings, without_thoughts
from qwill.serve.led import Resumed, Shaped
from qwill.tasks.outside import is_decline

_ANSWER_TOKENS = 4096  # reserved for an answer that follows no thought, where the context holds so many
_RESERVE = 512  # tokens reserved for the answer behind a thought, at most

EFFORTS: dict[str, tuple[Level, int | None]] = {
    "none": (Level.NONE, 0),
    "minimal": (Level.LOW, 256),
    "low": (Level.LOW, 1024),
    "medium": (Level.MEDIUM, 4096),
    "high": (Level.HIGH, 16384),
    "xhigh": (Level.MAX, None),
    "max": (Level.MAX, None),
    "auto": (Level.AUTO, None),
}
"""What each `reasoning_effort` means: how many thoughts are weighed, and the most tokens of each. None leaves them to
the context, and more than it holds are clamped to it by `reason`."""


@dataclass(frozen=True)
class Asked:
    """One question, asked for one or more answers.

    Attributes:
        messages: the conversation; ends with the user's question.
        sampling: how tokens are drawn.
        budget: how much each thought and its answer may cost.
        effort: how many thoughts are weighed, and what all of them may cost.
        stop: strings that end an answer; they are not looked for in thoughts.
        choices: how many answers.
        shows_thoughts: whether the client is sent the thoughts.
        ignored: fields of the request that have no effect.
        schema: JSON schema of the answer, or None for text.
        thought: a thought to go on from, or "".
        found: passages that are quoted to the model.
        knowledge: a set from which more are quoted where they are needed, or None.
    """

    messages: tuple[Message, ...]
    sampling: Sampling
    budget: Budget
    effort: Effort
    stop: tuple[str, ...] = ()
    choices: int = 1
    shows_thoughts: bool = True
    ignored: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    thought: str = ""
    found: tuple[Found, ...] = ()
    knowledge: Knowledge | None = None


def effort_for(
    effort: str | None, certainty: float | None, most: int | None, seconds: float | None, profile: Profile
) -> Effort:
    """The effort that a client's settings mean; arguments as for `budget_for`.

    Raises:
        UsageError: a certainty that cannot be had.
    """
    known = EFFORTS.get((effort or "").lower())
    level = known[0] if known else default_effort(profile).level
    return Effort(level, certainty, None if level is Level.NONE else most, seconds)


def budget_for(
    effort: str | None, most: int | None, seconds: float | None, thinks: bool, thinking: int | None = None
) -> Budget:
    """The budget that a client's settings mean.

    Args:
        effort: a key of `EFFORTS`; anything else, and None, leaves the thought to the context.
        most: tokens of thought and answer together; a part of them is kept for the answer, so that one comes.
        seconds: for everything.
        thinks: whether the model thinks apart from its answer.
        thinking: tokens of thought, where the client gives a number; it counts before the effort.
    """
    if thinking is None and effort is not None:
        _, thinking = EFFORTS.get(effort.lower(), (None, None))
    if not thinks:
        thinking = 0
    if most is None:
        return Budget(thinking, _ANSWER_TOKENS if thinking == 0 else _RESERVE, seconds)
    if thinking == 0:
        return Budget(0, most, seconds)
    reserve = min(_RESERVE, max(1, most // 4))
    left = most - reserve
    return Budget(left if thinking is None else min(thinking, left), reserve, seconds)


def answer(engine: Engine, asked: Asked, choice: int, steering: Steering) -> Iterator[Event]:
    """Have `reason` make one of the answers; the events as it gives them, as far as the client wants them.

    Raises:
        QwillError: it cannot begin.
    """
    seed = asked.sampling.seed
    sampling = asked.sampling if seed is None else replace(asked.sampling, seed=seed + choice)
    problem = parse(asked.messages[-1].content)
    stops = StopStrings(asked.stop)
    how: dict[str, Any] = {
        "budget": asked.budget,
        "sampling": sampling,
        "is_decline": is_decline,
        "stopped": lambda: stops.found or steering.stopped,
        "steering": steering,
    }

    def ask(told: Sequence[Message], problem: Problem) -> Iterator[Event]:
        how["history"] = _with_told(asked.messages[:-1], told)
        if asked.schema is not None:
            # One thought, and nothing that puts its words into the answer: it would not fulfil the schema any more.
            return reason(problem, Shaped(engine, asked.schema), guards=Guards(language=False), **how)
        if asked.thought:
            introspects = not engine.profile.single_turn
            return reason(problem, Resumed(engine, asked.thought), introspects=introspects, **how)
        return deliberate(problem, engine, effort=asked.effort, **how)

    if asked.knowledge is not None:
        events = answered(problem, asked.knowledge, engine, ask, steering)
    elif asked.found:
        events = grounded(ask([as_message(problem, asked.found)], problem), problem, asked.found)
    else:
        events = ask((), problem)
    if asked.stop:
        events = stops.cut(events)
    return events if asked.shows_thoughts else without_thoughts(events, problem.language)


def _with_told(history: tuple[Message, ...], told: Sequence[Message]) -> tuple[Message, ...]:
    """What the model is shown before the question: what it is told about passages, and the conversation."""
    if not told or not history or history[0].role != "system":
        return (*told, *history)
    both = "\n\n".join(message.content for message in (history[0], *told))
    return (Message("system", both), *history[1:])  # templates know one such message, at the beginning


def check_question(messages: tuple[Message, ...]) -> None:
    """See whether a conversation can be gone on with.

    Raises:
        ApiError: it does not end with a question.
    """
    if not messages or messages[-1].role != "user":
        raise ApiError(
            400,
            "The last message has to be the user's; going on from a beginning of the answer is not supported.",
            code="invalid_request",
            param="messages",
        )
