"""What comes out: verdicts, traces, usage, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How an answer came to its end. Each is counted apart everywhere (training, evaluation, API)."""

    COMPLETE = "complete"  # the model ended its answer by itself, with all the thought that would change it
    BUDGET = "budget"  # the thinking budget ran out; the thought was closed for it and it answered
    TRUNCATED = "truncated"  # the answer itself was cut by a limit
    LOOPED = "looped"  # thinking was cut because it repeated itself
    DECLINED = "declined"  # the model said that it cannot do this
    UNCLEAR = "unclear"  # the question lacks something; the text asks for it
    STOPPED = "stopped"  # the user stopped it
    NO_ANSWER = "no_answer"  # thought without an answer; the text says so
    ENGINE_ERROR = "engine_error"  # the engine failed; the best so far is kept


class Settled(StrEnum):
    """Why no further thought was begun."""

    CERTAIN = "certain"  # the answer is as certain as was wanted
    COST = "cost"  # more thoughts would not have brought what they cost
    HOPELESS = "hopeless"  # more thoughts would not have made an answer likely; this is the best so far
    TRACES = "traces"  # there were as many thoughts as there may be
    TOKENS = "tokens"  # the limit on tokens
    SECONDS = "seconds"  # the limit on time
    STOPPED = "stopped"  # the user wanted the answer now
    FAILED = "failed"  # the engine failed


class Status(StrEnum):
    """What a check found. UNKNOWN is never shown as VERIFIED."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class StepKind(StrEnum):
    """What a stretch of thought does."""

    PLAN = "plan"
    ASSUME = "assume"
    DRAFT = "draft"
    QUESTION = "question"
    CHECK = "check"
    REFINE = "refine"
    RETRIEVE = "retrieve"
    CONCLUDE = "conclude"


@dataclass(frozen=True)
class Verdict:
    """The result of checking one claim: status, the method that found it, detail in words, cost in seconds."""

    status: Status
    method: str
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """A claim made in a thought or an answer, and what checking it found.

    Attributes:
        claim: the claim as text.
        span: [start, end) in characters of the text it stands in.
        verdict: what was found.
    """

    claim: str
    span: tuple[int, int]
    verdict: Verdict


@dataclass(frozen=True)
class Step:
    """One typed stretch of a thought: its kind, text, [start, end) in characters, and length in tokens."""

    kind: StepKind
    text: str
    span: tuple[int, int]
    tokens: int
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A thought: its whole text and the steps it consists of, in order and without gaps."""

    text: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Usage:
    """What an answer cost: tokens of the prompt, of the thought and of the answer, and wall-clock seconds."""

    prompt_tokens: int = 0
    thinking_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to one problem.

    Attributes:
        text: what the user is told; never empty.
        value: the final value in comparable form, or None where the text holds none.
        confidence: estimated probability in [0, 1] that the value is right, or None where nothing estimates it.
        evidence: the claims of the text that were checked.
        traces: the thoughts behind it, the one that gave the answer first.
        usage: tokens and seconds.
        stopped_because: how it ended.
        settled: why no further thought was begun, where there may be several; None where there may be one only.
    """

    text: str
    value: str | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    traces: tuple[Trace, ...] = ()
    usage: Usage = field(default_factory=Usage)
    stopped_because: Outcome = Outcome.COMPLETE
    settled: Settled | None = None

    @property
    def thought(self) -> str:
        """The text of the thought that gave the answer; empty when there was none."""
        return self.traces[0].text if self.traces else ""
