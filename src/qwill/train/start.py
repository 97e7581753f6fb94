"""The model that a run goes on from: found, remembered, and checked to be the same at every resume."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from qwill.core import CheckpointError, RecipeError
from qwill.model import confidence
from qwill.train.folder import read_facts


def start_folder(start: str, previous: Path | None) -> Path:
    """The checkpoint that the knob `start` of a recipe names.

    Args:
        start: "packaged", "previous" or a folder.
        previous: the model that the stage before has made, if there is one.

    Raises:
        CheckpointError: the packaged model is asked for and this installation has none.
        RecipeError: there is no stage before.
    """
    if start == "previous":
        if previous is None:
            raise RecipeError(
                "This recipe goes on from the stage before it, and there is none.",
                "Train the folder it lies in, or name a checkpoint folder in the recipe's knob `start`.",
            )
        return previous
    if start != "packaged":
        return Path(start).expanduser()
    packaged = Path(str(files("qwill"))) / "models" / "nano"
    if not (packaged / "config.json").is_file():
        raise CheckpointError(
            f"The packaged model is missing from this installation ({packaged}).",
            "Train it with recipes/nano, and name its folder in the recipe's knob `start`.",
        )
    return packaged


def facts_of(start: Path) -> dict[str, str]:
    """What a run remembers of its start."""
    return {"start": str(start), "start_sha256": _fingerprint(start)}


def check_same(start: Path, run: Path) -> None:
    """Make sure that a run goes on from what it began with.

    Raises:
        RecipeError: the weights are others.
    """
    if read_facts(run)["start_sha256"] != _fingerprint(start):
        raise RecipeError(f"{start} is not the model that {run} began with.", "Put it back, or give --fresh.")


def _fingerprint(folder: Path) -> str:
    """SHA-256 of the weights of a checkpoint folder, or of a GGUF file."""
    weights = [folder] if folder.is_file() else sorted(folder.glob("*.safetensors"))
    return sha256_of(path for path in weights if path.name != confidence.FILE)


def sha256_of(paths: Iterable[Path]) -> str:
    """SHA-256 of what files hold, one after another."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 24):
                digest.update(block)
    return digest.hexdigest()
