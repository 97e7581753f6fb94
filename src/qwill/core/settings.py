"""Settings that are values: sampling and budgets."""

from __future__ import annotations

from dataclasses import dataclass

from qwill.core.errors import UsageError


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn.

    Filters act in this order: presence penalty, temperature, top-k, top-p, min-p; then one draw.

    Attributes:
        temperature: divides the logits; 0 takes the most likely token.
        top_k: keep the k most likely tokens; 0 keeps all.
        top_p: keep the smallest set of tokens whose probability reaches p, in (0, 1].
        min_p: keep tokens at least this fraction as likely as the likeliest one, in [0, 1).
        presence_penalty: subtracted from the logits of tokens already generated.
        seed: makes the draw repeatable; None draws a fresh seed.
    """

    temperature: float = 0.6
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        checks = (
            (self.temperature >= 0, "temperature must be 0 or more"),
            (self.top_k >= 0, "top_k must be 0 (off) or a positive count"),
            (0 < self.top_p <= 1, "top_p must lie in (0, 1]"),
            (0 <= self.min_p < 1, "min_p must lie in [0, 1)"),
        )
        for holds, message in checks:
            if not holds:
                raise UsageError(f"{message}; got {self}.")


GREEDY = Sampling(temperature=0.0)


@dataclass(frozen=True)
class Budget:
    """How much an answer may cost.

    Attributes:
        thinking_tokens: most tokens of thought before the thought is closed and the answer asked for; None leaves it
            to the context.
        answer_tokens: tokens kept in reserve for the answer.
        seconds: wall-clock limit, or None.
    """

    thinking_tokens: int | None = None
    answer_tokens: int = 512
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.thinking_tokens is not None and self.thinking_tokens < 0:
            raise UsageError(f"A thinking budget must be 0 or more tokens; got {self.thinking_tokens}.")
        if self.answer_tokens < 1:
            raise UsageError(f"An answer needs at least 1 token in reserve; got {self.answer_tokens}.")
