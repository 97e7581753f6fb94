"""Errors that a user can act on.

Every expected failure (a missing file, a damaged checkpoint, a prompt that does not fit) is a `QwillError`: one
sentence that says what is wrong and one that says what to do. The command line prints both and exits with code 2;
anything else that escapes is a bug of ours and keeps its traceback.
"""

from __future__ import annotations


class QwillError(Exception):
    """What went wrong, and what to do about it.

    Args:
        message: one sentence; names the file, setting or value that is at fault.
        hint: one sentence that says what to do next; empty when the message already does.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(QwillError):
    """The request itself cannot be carried out: an empty question, a prompt longer than the context."""


class CheckpointError(QwillError):
    """A checkpoint is missing, damaged, of another format, or does not fit its configuration."""


class EngineError(QwillError):
    """A model that runs elsewhere cannot be used: its server is not there, or has no such model."""


class RecipeError(QwillError):
    """A training recipe is malformed or asks for what cannot be done."""
