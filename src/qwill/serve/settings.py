"""What the one who runs a server decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ThoughtField(StrEnum):
    """Where thoughts are sent: clients of DeepSeek's and of vLLM's API look into different fields."""

    BOTH = "both"
    REASONING_CONTENT = "reasoning_content"
    REASONING = "reasoning"
    NONE = "none"

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of a message or delta that carry the thought."""
        if self is ThoughtField.NONE:
            return ()
        return ("reasoning_content", "reasoning") if self is ThoughtField.BOTH else (self.value,)


@dataclass(frozen=True)
class Settings:
    """How a server behaves.

    Attributes:
        host, port: where it listens.
        thoughts: where thoughts are sent unless a request says otherwise.
        slots: most answers made at once; None for as many as the engine works on.
        queue: most answers that wait for a slot; further ones get 429.
        most_choices: most answers to one request (`n`).
        body_bytes: longest body of a request; longer ones get 413.
        depth: deepest nesting of JSON.
        receive_seconds: within which the head, and then the body, of a request has to arrive.
        send_seconds: within which a client has to take what is sent to it.
        answer_seconds: longest an answer is worked on, or None.
        keep_alive_seconds: after which a comment is sent while there is nothing else to send.
        shutdown_seconds: how long answers under way may go on once the server is told to end.
        keys: file of hashed keys, or None to let everybody in.
        origins: other sites whose pages may use this server.
        hosts: names, besides those of this machine's loopback and `host`, by which the server may be addressed.
        conversations: database of conversations, or None to keep none.
        knowledge: names or paths of the knowledge sets that clients may ask from.
        log_prompts: whether the log shows what is asked and answered.
        page: whether the web page is there.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    thoughts: ThoughtField = ThoughtField.BOTH
    slots: int | None = None
    queue: int = 256
    most_choices: int = 16
    body_bytes: int = 16 << 20
    depth: int = 64
    receive_seconds: float = 20.0
    send_seconds: float = 60.0
    answer_seconds: float | None = None
    keep_alive_seconds: float = 10.0
    shutdown_seconds: float = 30.0
    keys: Path | None = None
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    conversations: Path | None = None
    knowledge: tuple[str, ...] = ()
    log_prompts: bool = False
    page: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return self.host in LOOPBACK


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
