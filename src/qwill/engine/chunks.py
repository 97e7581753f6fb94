"""What a chat completion says: reading `chat.completion.chunk` and `chat.completion` objects of any server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qwill.engine.protocol import Failure, Finish

THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Where thoughts arrive apart: DeepSeek, SGLang, llama.cpp, LM Studio and vLLM before 0.11 · Ollama, vLLM, OpenRouter
and Groq · some proxies in front of Ollama's own API. Some send the same text in two of them: the first one counts."""

_FINISHES = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "eos_token": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "end_turn": Finish.STOP,
    "tool_calls": Finish.STOP,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "model_length": Finish.LENGTH,
}


class RequestError(Exception):
    """A request ended with a named failure; the message is for people."""

    def __init__(self, failure: Failure, message: str, *, again: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message
        self.again = again  # whether trying again may help
        self.after = after  # seconds that the server asks us to wait before


@dataclass(frozen=True)
class Chunk:
    """What one object of a stream says.

    Attributes:
        text, thought: new text of the answer and of the thought.
        finish: why the text ended, once it has.
        ended_by: what the server calls a reason to end that makes it no whole text, or "".
        prompt_tokens, written_tokens, thought_tokens: the server's counts, in one of the last objects.
        thought_field: the field in which the thought came.
    """

    text: str = ""
    thought: str = ""
    finish: Finish | None = None
    ended_by: str = ""
    prompt_tokens: int | None = None
    written_tokens: int | None = None
    thought_tokens: int | None = None
    thought_field: str = ""

    @property
    def is_news(self) -> bool:
        """Whether it shows that the server is getting on."""
        return bool(self.text or self.thought or self.finish or self.written_tokens)


def read_chunk(data: str) -> Chunk:
    """One object of a stream, or a whole completion.

    Raises:
        RequestError: it is no such object, or says that the server failed.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise RequestError(Failure.GARBLED, f"The server sent what is not JSON: {excerpt(data)}") from None
    if not isinstance(value, Mapping):
        raise RequestError(Failure.GARBLED, f"The server sent no object: {excerpt(data)}")
    if value.get("error"):
        raise RequestError(Failure.SERVER, f"The server failed: {error_text(value)}")
    choices = value.get("choices") or []
    if not isinstance(choices, list) or not all(isinstance(choice, Mapping) for choice in choices):
        raise RequestError(Failure.GARBLED, f"The server sent no choices: {excerpt(data)}")
    counts = _counts(value)
    if not choices:
        if "choices" not in value and "usage" not in value:
            raise RequestError(Failure.GARBLED, f"The server sent no completion: {excerpt(data)}")
        return Chunk("", "", None, "", *counts)
    choice = choices[0]
    said = choice.get("delta") or choice.get("message") or {}
    if not isinstance(said, Mapping):
        raise RequestError(Failure.GARBLED, f"The server sent no message: {excerpt(data)}")
    field, thought = next(
        ((name, text) for name in THOUGHT_FIELDS if (text := _text(said.get(name)))), ("", "")
    )  # fmt: skip
    reason = str(choice.get("finish_reason") or "")
    finish = _FINISHES.get(reason.lower())
    ended_by = reason if reason and finish is None else ""
    return Chunk(_text(said.get("content")), thought, finish, ended_by, *counts, thought_field=field)


def _text(value: Any) -> str:
    """Text of a field that may be missing, null, a string, or a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, Mapping))
    return ""


def _counts(value: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    """The server's counts: tokens of the prompt, of all that is written, of the thought."""
    usage = value.get("usage")
    if not isinstance(usage, Mapping):
        return None, None, None
    details = usage.get("completion_tokens_details")
    thought = details.get("reasoning_tokens") if isinstance(details, Mapping) else usage.get("reasoning_tokens")
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _count(thought)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def error_text(value: Any) -> str:
    """What an error object says, in any of the shapes in use."""
    if isinstance(value, Mapping):
        inner = value.get("error") or value.get("message") or value.get("detail")
        return error_text(inner) if inner else excerpt(json.dumps(value, ensure_ascii=False))
    return excerpt(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def excerpt(text: str, most: int = 300) -> str:
    """The beginning of a text on one line, for a message."""
    line = " ".join(text.split())
    return (line if len(line) <= most else line[:most] + "…") or "nothing"
