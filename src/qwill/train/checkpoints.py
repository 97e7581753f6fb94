"""The state of a run on disk: written aside, flushed to the disk, then renamed; read back only when whole.

One safetensors file holds everything: tensors, and in its header the rest as JSON with a SHA-256 of the tensors. A
process killed at any moment leaves either the old files or the new one, never half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from qwill.core import CheckpointError

_FORMAT = "qwill-training-state-1"


@dataclass(frozen=True)
class TrainingState:
    """Everything a run needs to go on: tensors by name, and what JSON can hold."""

    tensors: dict[str, Tensor]
    fields: dict[str, Any]


def save_state(folder: Path, step: int, state: TrainingState, keep: int) -> Path:
    """Write the state after `step` steps, then delete all but the newest `keep` ones.

    Raises:
        CheckpointError: the disk is full or not writable; what was there before is untouched.
    """
    final = folder / f"step-{step:08d}.safetensors"
    aside = folder / f".{final.name}.part"
    header = {"format": _FORMAT, "state": json.dumps(state.fields), "sha256": _digest(state.tensors)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.contiguous() for name, tensor in state.tensors.items()}, aside, header)
        flush_to_disk(aside)
        aside.replace(final)
        flush_to_disk(folder)
        for old in saved_states(folder)[keep:]:
            old.unlink()
    except (OSError, SafetensorError) as error:
        aside.unlink(missing_ok=True)
        raise CheckpointError(
            f"The checkpoint {final} cannot be written: {error}.",
            "Make room on the disk and start the run again: it goes on from the checkpoint before.",
        ) from error
    return final


def saved_states(folder: Path) -> list[Path]:
    """Checkpoints of a folder, newest first."""
    return sorted(folder.glob("step-*.safetensors"), reverse=True)


def load_state(path: Path) -> TrainingState:
    """Read one checkpoint.

    Raises:
        CheckpointError: it is missing, cut short, changed, or no checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        if header.get("format") != _FORMAT:
            raise ValueError("it is not a training checkpoint of this version")
        if header.get("sha256") != _digest(tensors):
            raise ValueError("its contents do not match its checksum")
        return TrainingState(tensors, json.loads(header["state"]))
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is damaged: {error}.", "Delete it to use the one before."
        ) from error


def load_newest(folder: Path, warn: Callable[[str], None]) -> TrainingState | None:
    """The newest checkpoint that is whole, or None where there is none at all; each damaged one is named to `warn`.

    Raises:
        CheckpointError: there are checkpoints and all are damaged.
    """
    paths = saved_states(folder)
    for path in paths:
        try:
            return load_state(path)
        except CheckpointError as error:
            warn(f"{error.message} Going back to the one before.")
    if paths:
        raise CheckpointError(
            f"Every checkpoint in {folder} is damaged.", "Start anew in another folder with --fresh, or delete them."
        )
    return None


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes of tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
