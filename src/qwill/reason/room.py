"""Fitting a budget to an engine: prompt, thought and answer share one context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qwill.core import Budget, UsageError
from qwill.engine.protocol import Engine, Message

_TURN_TOKENS = 8  # what a chat template puts around a message, at most, in the families we know
_SMALLEST_ROOM = 32  # tokens; with less an answer cannot be given in a sentence


@dataclass(frozen=True)
class Room:
    """How many tokens each part may take.

    Attributes:
        prompt: estimate for the conversation as the chat template renders it.
        thinking: most tokens of thought.
        answer: tokens kept for the answer.
        closing: tokens that closing the thought takes.
        limited_by: what limits the thought: budget or context.
    """

    prompt: int
    thinking: int
    answer: int
    closing: int
    limited_by: str


def fit(messages: Sequence[Message], engine: Engine, budget: Budget) -> Room:
    """Share the context among thought and answer.

    The answer gets the reserve it asks for, but at most a quarter of what the prompt leaves; the thought gets the
    rest, up to its budget.

    Raises:
        UsageError: the prompt leaves no room to answer.
    """
    context = engine.capabilities.context
    prompt = sum(engine.count_tokens(message.content) + _TURN_TOKENS for message in messages) + _TURN_TOKENS
    closing = engine.count_tokens(engine.profile.closing_phrase + engine.profile.think_close)
    left = context - prompt - closing
    if left < _SMALLEST_ROOM:
        turns = "conversation" if len(messages) > 1 else "question"
        raise UsageError(
            f"The {turns} takes about {prompt} tokens, and with {context} tokens of context {engine.name} has no room "
            "left to answer.",
            "Start afresh (/reset) or ask more shortly."
            if len(messages) > 1
            else "Ask more shortly, or give -m a model with a longer context.",
        )
    answer = min(budget.answer_tokens, left // 4)
    thinking = left - answer
    if budget.thinking_tokens is not None and budget.thinking_tokens <= thinking:
        return Room(prompt, budget.thinking_tokens, answer, closing, "budget")
    return Room(prompt, thinking, answer, closing, "context")
