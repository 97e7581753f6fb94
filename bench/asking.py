"""Putting many questions to an engine at once."""

from __future__ import annotations

from qwill.core import Sampling
from qwill.engine.protocol import Engine, Finish, Message, Request


def answer_all(engine: Engine, questions: list[str], sampling: Sampling, max_tokens: int) -> list[tuple[str, str, int]]:
    """For each question its thought, reply and number of tokens; an unfinished text has an empty reply."""
    requests = [
        Request(messages=(Message("user", question),), sampling=sampling, max_tokens=max_tokens, id=str(index))
        for index, question in enumerate(questions)
    ]
    texts, tokens = [""] * len(requests), [0] * len(requests)
    finished = [False] * len(requests)
    for delta in engine.stream(requests):
        index = int(delta.request)
        texts[index] += delta.text
        tokens[index] += len(delta.tokens)
        finished[index] |= delta.finish is Finish.STOP
    results = []
    for text, length, done in zip(texts, tokens, finished, strict=True):
        thought, _, reply = text.partition("</think>")
        results.append((thought.strip(), reply.strip() if done else "", length))
    return results
