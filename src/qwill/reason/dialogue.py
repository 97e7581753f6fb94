"""Conversations of several turns: what of the past a model is shown again."""

from __future__ import annotations

from qwill.core import Answer
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Message

History = tuple[Message, ...]


def remember(history: History, question: str, answer: Answer, profile: Profile) -> History:
    """The history with one more turn.

    The thought is dropped unless the model's family keeps past thoughts. An answer that the model did not write (it
    failed, or was stopped before) is no turn, and a model that was not trained on conversations gets no history.
    """
    if profile.single_turn or not answer.usage.answer_tokens:
        return history
    said = answer.text
    if profile.keeps_past_thoughts and answer.thought:
        said = f"{profile.think_open}{answer.thought}{profile.think_close}{said}"
    return (*history, Message("user", question), Message("assistant", said))
