"""How sure a model was of what it wrote: by its confidence head, or else from its own probabilities.

A head (`model.confidence`) says at the end of each step of a thought how likely it will end right. Where there is none,
the mean log-probability of a text's tokens says something of it afterwards. How much, differs from model to model, so
it is used only for models on which it was measured (`measured`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qwill.core import Answer
from qwill.engine.around import Around
from qwill.engine.protocol import Delta, Engine, Finish, Request, Stream
from qwill.reason.posterior import Ballot, Prior

HOPELESS = 0.15
"""Confidence below which a thought is given up where there are others: fitted on the development half of a bank of nano
at 47% right, where it saves a third of the tokens and no answer."""

_SUREST = 1e-4  # added to the mean, so that a text of certain tokens has a logarithm
_WITHIN = 0.4  # share of the evidence by which answers to one problem are told apart
_BETWEEN = 0.5  # share of the mean evidence that moves the expectation of the problem
# Both are below 1 since the samples of one problem are sure or unsure together: their evidence is not independent.


@dataclass(frozen=True)
class Calibration:
    """log-odds of a right answer = offset + slope · ln(-mean log-probability), and the log-odds of all answers."""

    offset: float
    slope: float
    base: float


def confidence(mean_logprob: float, by: Calibration) -> float:
    """Estimated probability that an answer is right, from the mean natural log-probability of its tokens."""
    return _sigmoid(by.offset + by.slope * math.log(max(-mean_logprob, 0.0) + _SUREST))


def heard_by(engine: Engine, measured: Calibration | None) -> Calibration | None:
    """How to read what an engine tells of its certainty; None where it tells nothing that could be read.

    Args:
        engine: what writes.
        measured: what is known of its model's log-probabilities.
    """
    if engine.capabilities.confidence:
        return measured or Calibration(offset=0.0, slope=0.0, base=0.0)
    return measured if engine.capabilities.logprobs is not None else None


class Listener(Around):
    """An engine that hears how sure it is. For one trace: create one for each.

    Args:
        engine: what writes; it has to report confidence or log-probabilities.
        by: how to read log-probabilities.
    """

    def __init__(self, engine: Engine, by: Calibration) -> None:
        super().__init__(engine)
        self._by, self._has_head = by, engine.capabilities.confidence
        self._sum, self._count = 0.0, 0
        self._said: float | None = None
        self._thought, self._thinks = "", bool(engine.profile.think_close)

    @property
    def sure(self) -> float | None:
        """Estimated probability that the answer is, or will be, right; None while nothing is known."""
        if self._has_head:
            return self._said
        return confidence(self._sum / self._count, self._by) if self._count else None

    @property
    def hopeless(self) -> bool:
        """Whether a head says that the thought will hardly end right."""
        return self._has_head and self._said is not None and self._said < HOPELESS

    def stream(self, requests: Sequence[Request]) -> Stream:
        return _Heard(self, self._engine.stream([self._asking(request) for request in requests]))

    def _asking(self, request: Request) -> Request:
        if self._has_head:
            return replace(request, confidence=True)
        return request if request.logprobs is not None else replace(request, logprobs=0)

    def hear(self, delta: Delta) -> None:
        """Take in what is told with a piece of text."""
        for token in delta.tokens:
            if token.logprob is not None:
                self._sum += token.logprob
                self._count += 1
        # A head knows the ends of steps, of the thought where there is one.
        if self._thinks:
            self._thought += delta.text
            if self._engine.profile.think_close in self._thought:
                return
        if delta.tokens and ("\n" in delta.text or (delta.finish is Finish.STOP and not self._thinks)):
            self._said = delta.tokens[-1].confidence


class _Heard:
    """A stream that is listened to."""

    def __init__(self, listener: Listener, stream: Stream) -> None:
        self._listener, self._stream = listener, stream

    def __iter__(self) -> Iterator[Delta]:
        for delta in self._stream:
            self._listener.hear(delta)
            yield delta

    def cancel(self, request: str) -> None:
        self._stream.cancel(request)

    def close(self) -> None:
        self._stream.close()


def lean_on_confidence(
    ballots: Sequence[Ballot], answers: Sequence[Answer | None], prior: Prior, by: Calibration
) -> tuple[list[Ballot], Prior]:
    """Ballots and prior with what the answers' confidences add: which of them are surer than the others, and how sure
    they are together.

    Args:
        ballots: one for each answer.
        answers: those of the traces; `Answer.confidence` as `confidence` gave it.
        prior: what was known before.
        by: the calibration that gave the confidences.
    """
    sure = [
        _logit(answer.confidence) - by.base
        if answer is not None and answer.confidence is not None and ballot.label is not None
        else None
        for ballot, answer in zip(ballots, answers, strict=True)
    ]
    known = [evidence for evidence in sure if evidence is not None]
    if not known:
        return list(ballots), prior
    mean = sum(known) / len(known)
    leaning = [
        ballot if evidence is None else replace(ballot, evidence=ballot.evidence + _WITHIN * (evidence - mean))
        for ballot, evidence in zip(ballots, sure, strict=True)
    ]
    return leaning, prior.shifted(_BETWEEN * mean)


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
