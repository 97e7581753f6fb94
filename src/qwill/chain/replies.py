"""JSON out of what a model wrote, whether it fulfils a schema, and writing it so that it cannot but do so."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from qwill.core import Answer, Outcome, Usage, UsageError
from qwill.engine.protocol import Engine, Finish, Request

_LONGEST = 200_000  # characters


def json_in(reply: str) -> Any:
    """The last JSON object or list in a reply that is not part of another one.

    Raises:
        ValueError: it holds none.
    """
    reply, decoder = reply[:_LONGEST], json.JSONDecoder()
    found: list[Any] = []
    at = 0
    while at < len(reply):
        if reply[at] in "{[":
            try:
                value, at = decoder.raw_decode(reply, at)
            except (ValueError, RecursionError):
                at += 1
                continue
            found.append(value)
        else:
            at += 1
    if not found:
        raise ValueError("the reply holds no JSON")
    return found[-1]


def faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What a value lacks to fulfil a schema, in words; empty where it does."""
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: list(map(str, error.path)))
    return [f"{'/'.join(map(str, error.path)) or 'the whole'}: {error.message[:200]}" for error in errors[:5]]


def constrained(
    request: Request, engine: Engine, stopped: Callable[[], bool] = lambda: False,
    heard: Callable[[str], None] = lambda text: None,
) -> Answer | None:  # fmt: skip
    """The answer to a request with a schema, its tokens held to it. None where that cannot be: the engine has no such
    thing or cannot read this schema, the model thinks before it answers (a schema holds from the first token on), or
    writing failed. `heard` is given each piece of text as it comes."""
    if not engine.capabilities.json_schema or engine.profile.think_close:
        return None
    try:
        stream = engine.stream([request])
    except UsageError:
        return None
    text, tokens, prompt_tokens = "", 0, 0
    with closing(stream):
        for delta in stream:
            text, tokens = text + delta.text, tokens + len(delta.tokens)
            heard(delta.text)
            if delta.finish:
                if delta.finish not in (Finish.STOP, Finish.LENGTH):
                    return None
                tokens, prompt_tokens = delta.written_tokens or tokens, delta.prompt_tokens
            elif stopped():
                return None
    if not text.strip():
        return None
    return Answer(text, usage=Usage(prompt_tokens, 0, tokens), stopped_because=Outcome.COMPLETE)
