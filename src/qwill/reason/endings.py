"""How writing ends, and what an answer's end is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from qwill.core import Outcome
from qwill.engine.protocol import Delta, Finish


class End(Enum):
    """Why writing ended."""

    CLOSED = auto()  # the model ended its text
    LENGTH = auto()  # no tokens were left
    BUDGET = auto()  # the thought has used up its tokens
    SECONDS = auto()
    CONVERGED = auto()  # the thought would not change its answer any more
    SHORT = auto()  # the thought was closed early, with nothing in it checked
    LOOP = auto()  # it repeats itself
    LANGUAGE = auto()  # the answer is in another language than it should be
    REFUTED = auto()  # a claim in it is false
    HINT = auto()  # the user has something to say to it
    STEER = auto()  # the user wants the answer now
    STOP = auto()  # the user stopped it
    ERROR = auto()


@dataclass(frozen=True)
class Ending:
    """How a stretch of writing ended, with the engine's words where it failed."""

    end: End
    detail: str = ""


def ending_of(delta: Delta) -> Ending:
    """What a request's last delta says."""
    match delta.finish:
        case Finish.STOP:
            return Ending(End.CLOSED)
        case Finish.LENGTH:
            return Ending(End.LENGTH)
        case Finish.CANCELLED:
            return Ending(End.STOP)
        case _:
            return Ending(End.ERROR, delta.error)


def cut_by(end: End, limited_by: str) -> str | None:
    """What a thought that is still open was cut by, as `Interrupted` names it; None where no answer is wanted.

    Args:
        end: how it ended.
        limited_by: what limits the room for thoughts: budget or context.
    """
    return {
        End.CLOSED: "unclosed",
        End.LENGTH: "context",
        End.BUDGET: limited_by,
        End.SECONDS: "seconds",
        End.CONVERGED: "converged",
        End.LOOP: "loop",
        End.STEER: "steer",
    }.get(end)


def outcome_of(end: End, cut: str | None, *, answered: bool, declined: bool) -> Outcome:
    """The outcome of an answer; what went wrong last counts before what was cut earlier.

    Args:
        end: how its writing ended.
        cut: what its thought was cut by; None where it was not.
        answered: whether the model has written an answer.
        declined: whether that says that it cannot do this.
    """
    if end is End.STOP:
        return Outcome.STOPPED
    if end is End.ERROR:
        return Outcome.ENGINE_ERROR
    if not answered:
        return Outcome.NO_ANSWER
    if end in (End.LENGTH, End.SECONDS):
        return Outcome.TRUNCATED
    if end is End.LOOP:
        return Outcome.LOOPED
    if declined:
        return Outcome.DECLINED
    if cut == "loop":
        return Outcome.LOOPED
    return Outcome.BUDGET if cut in ("budget", "context", "seconds", "steer") else Outcome.COMPLETE
