"""Which model it really was: a name can stand for other weights tomorrow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwill.engine.http import HttpEngine
from qwill.engine.protocol import Engine
from qwill.model import confidence

_SHOWN = 16  # hexadecimal digits
_SETTINGS_OF_THE_SERVER = frozenset({"n_ctx", "created", "max_model_len"})
_WEIGHTS = ("*.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")


def identity_of(engine: Engine, files: Path | None, precision: str | None = None) -> str:
    """A model's name and fingerprint, `NAME@FINGERPRINT`, or `NAME@FINGERPRINT-PRECISION` where one was asked for.

    Args:
        engine: the open model.
        files: the folder or GGUF file it was opened from; None for one on a server. Of files, everything that shapes
            the text is hashed; of a server, what it tells of the model (llama.cpp: sizes and type of the weights), so
            that there two models with one name and one shape cannot be told apart.
        precision: what the weights were loaded as, where that is not the engine's own choice.
    """
    if files is not None:
        fingerprint = fingerprint_of(files)
    else:
        fingerprint = _of_words(engine.get("/models") if isinstance(engine, HttpEngine) else None, engine.name)
    return f"{engine.name}@{fingerprint}" + (f"-{precision}" if precision else "")


def fingerprint_of(path: Path) -> str:
    """Of everything that shapes what a checkpoint folder or GGUF file writes, as sixteen hexadecimal digits."""
    members = [path] if path.is_file() else sorted(file for pattern in _WEIGHTS for file in path.glob(pattern))
    members = [file for file in members if file.name != confidence.FILE]
    whole = hashlib.sha256()
    for file in members:
        with file.open("rb") as opened:
            whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()[:_SHOWN]


def _of_words(listed: Any, name: str) -> str:
    entries = listed.get("data", ()) if isinstance(listed, Mapping) else ()
    entry = next((entry for entry in entries if isinstance(entry, Mapping) and entry.get("id") == name), {})
    told = {key: value for key, value in entry.items() if key not in _SETTINGS_OF_THE_SERVER}
    if isinstance(meta := told.get("meta"), Mapping):
        told["meta"] = {key: value for key, value in meta.items() if key not in _SETTINGS_OF_THE_SERVER}
    return hashlib.sha256(json.dumps([name, told], sort_keys=True).encode()).hexdigest()[:_SHOWN]
