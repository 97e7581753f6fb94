"""Small files of a checkpoint: read with a clear message, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from qwill.core import CheckpointError

GGUF_MAGIC = b"GGUF"


def read_json(path: Path, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    """The object in a JSON file; `missing`, if given, when there is no such file.

    Raises:
        CheckpointError: the file is missing, unreadable, not JSON, or not an object.
    """
    if missing is not None and not path.exists():
        return missing
    try:
        contents = json.loads(read_text(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}.", "Fetch the model again.") from error
    if not isinstance(contents, dict):
        raise CheckpointError(f"{path} holds no JSON object.", "Fetch the model again.")
    return contents


def read_text(path: Path) -> str:
    """The text in a UTF-8 file.

    Raises:
        CheckpointError: the file is missing, unreadable or not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path} is not text.", "Fetch the model again.") from error


def is_gguf(path: Path) -> bool:
    """Whether a file is GGUF by its name, or by its first bytes (Ollama keeps such files without a suffix)."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".gguf":
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(GGUF_MAGIC)) == GGUF_MAGIC
    except OSError:
        return False


def write_json(path: Path, contents: Any) -> None:
    """Write a JSON file, replacing an older one as a whole.

    Raises:
        CheckpointError: it cannot be written; an older file is untouched.
    """
    with Replacement() as files:
        files.write_json(path, contents)
        files.commit()


class Replacement:
    """Files written next to their final places, down to the disk, and then moved there together by `commit`.

    What was not committed is gone after the `with` block, and the older files are untouched.
    """

    def __init__(self) -> None:
        self._written: list[tuple[Path, Path]] = []

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for aside, _ in self._written:
            with suppress(OSError):
                aside.unlink()

    def write(self, path: Path, write: Callable[[BinaryIO], object]) -> None:
        """Write one file aside.

        Raises:
            CheckpointError: it cannot be written.
        """
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        self._written.append((aside, path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CheckpointError(
                f"{path} cannot be written: {error.strerror or error}.",
                "Free some space or choose another folder; what was there before is untouched.",
            ) from error

    def write_json(self, path: Path, contents: Any) -> None:
        """Write one JSON file aside.

        Raises:
            CheckpointError: it cannot be written.
        """
        text = json.dumps(contents, indent=2, ensure_ascii=False) + "\n"
        self.write(path, lambda file: file.write(text.encode()))

    def commit(self) -> None:
        """Move every file to its place, in the order in which they were written."""
        for aside, path in self._written:
            os.replace(aside, path)
        self._written.clear()
