"""Checkpoints in Hugging Face's layout: config.json, safetensors in one file or in shards with an index.

Weights are only ever read from safetensors. Pickles can run code when they are opened, so they are refused by name.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from qwill.core import CheckpointError
from qwill.model.config import ModelConfig
from qwill.model.files import Replacement, read_json
from qwill.model.memory import check_memory, of_itemsize
from qwill.model.safetensors_file import SafetensorsFile, write_safetensors
from qwill.model.shape import Shape
from qwill.model.transformer import Transformer

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
SHARD_BYTES = 5_000_000_000


def load_config(folder: str | Path) -> ModelConfig:
    """The configuration of a checkpoint folder.

    Raises:
        CheckpointError: the folder or config.json is missing, or it describes no model that can be run.
    """
    folder = Path(folder)
    if not folder.exists():
        raise CheckpointError(f"There is no model at {folder}.", "Check the path.")
    if not folder.is_dir():
        if folder.suffix in PICKLES:
            raise _refused_pickle(folder)
        raise CheckpointError(
            f"{folder} is a file, not a checkpoint folder.",
            "Give the folder that holds config.json and model.safetensors.",
        )
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"{folder} is no checkpoint: config.json is missing.",
            "Give the folder that holds config.json and model.safetensors.",
        )
    return ModelConfig.from_json(read_json(folder / "config.json"))


def load_model(
    folder: str | Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Transformer:
    """The model of a checkpoint folder, in evaluation mode.

    The model is laid out without memory first, its memory is taken once, and weights are copied into it tensor by
    tensor out of memory-mapped files, converted on the way: the peak is the weights plus a few megabytes.

    Args:
        folder: a Hugging Face checkpoint of a Qwen2 model.
        dtype: of the weights in memory.
        device: where they go.

    Raises:
        CheckpointError: a file is missing, damaged or a pickle, or the tensors do not fit config.json.
    """
    with open_parts(folder) as parts:
        return parts.whole(dtype, device)


@contextmanager
def open_parts(folder: str | Path) -> Iterator[Parts]:
    """A checkpoint whose weights are read part by part, while it is open.

    Raises:
        CheckpointError: as `load_model`.
    """
    folder = Path(folder)
    config = load_config(folder)
    with ExitStack() as stack:
        files = [stack.enter_context(SafetensorsFile(path)) for path in _weight_files(folder)]
        stored = {
            name: Stored(entry.shape, partial(file.read_into, name))
            for file in files
            for name, entry in file.entries.items()
        }
        yield Parts(config, stored, folder)


@dataclass(frozen=True)
class Stored:
    """One tensor in a file: its shape, and what copies it into a tensor of that shape, of any dtype and device."""

    shape: tuple[int, ...]
    read_into: Callable[[Tensor], None]


class Parts:
    """A model whose weights are still in their files, to be read.

    Args:
        config: its shape.
        stored: the weights by their names in `Transformer`.
        origin: the file or folder that they come from, for messages.

    Attributes:
        model: the model, in evaluation mode, without memory for its weights.

    Raises:
        CheckpointError: the tensors are not those of the configuration.
    """

    def __init__(self, config: ModelConfig, stored: Mapping[str, Stored], origin: Path) -> None:
        self.config, self.origin, self._stored = config, origin, stored
        with torch.device("meta"):
            self.model = Transformer(config).eval()
        self._shapes = {name: tensor.shape for name, tensor in self.model.state_dict().items()}
        _check_fit(self.model, stored, origin)

    def read(self, name: str, dtype: torch.dtype) -> Tensor:
        """One weight by itself, on the CPU; the model stays as it is.

        Raises:
            CheckpointError: it cannot be read.
        """
        return self.stacked((name,), dtype, "cpu")

    def stacked(self, names: Sequence[str], dtype: torch.dtype, device: str | torch.device) -> Tensor:
        """Some weights as one, each below the one before it; the model stays as it is.

        Raises:
            CheckpointError: one cannot be read.
        """
        shapes = [self._shapes[name] for name in names]
        counts = [shape[0] for shape in shapes]
        whole = torch.empty(sum(counts), *shapes[0][1:], dtype=dtype, device=device)
        for name, rows in zip(names, torch.split(whole, counts), strict=True):
            self._stored[name].read_into(rows)
        return whole

    def whole(self, dtype: torch.dtype, device: str | torch.device) -> Transformer:
        """The model with all its weights.

        Raises:
            CheckpointError: one cannot be read.
            UsageError: there is not enough memory for them.
        """
        precision = of_itemsize(dtype.itemsize)
        shape, most = Shape.of(self.config), self.config.context
        check_memory(shape, precision, name=str(self.origin), most=most, device=str(device))
        weights = {name: self.stacked((name,), dtype, device) for name in self._shapes}
        self.model.load_state_dict(weights, assign=True)
        return self.model


def save_model(
    model: Transformer, folder: str | Path, *, dtype: torch.dtype | None = None, shard_bytes: int = SHARD_BYTES
) -> None:
    """Write config.json, generation_config.json and the weights as a checkpoint that transformers loads unchanged.

    Everything is written aside first, down to the disk, and then moved into place. Shards take names that are not in
    use and count only once the index names them, so a reader finds the old weights or the new ones, never a mixture.

    Args:
        model: the model, on any device.
        folder: made where it does not exist; a checkpoint in it is replaced, other files in it stay.
        dtype: of the weights in the files; by default as they are.
        shard_bytes: most bytes of weights in one file.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written; what was there before is untouched.
    """
    folder = Path(folder)
    tensors = model.state_dict()
    stored = dtype or next(iter(tensors.values())).dtype
    shards = _shards(tensors, stored, shard_bytes)
    paths = _free_paths(folder, len(shards))
    outdated = set(_stored_weights(folder)) - set(paths)
    with Replacement() as files:
        for path, shard in zip(paths, shards, strict=True):
            files.write(path, partial(write_safetensors, tensors=shard, dtype=stored))
        if len(shards) > 1:
            files.write_json(folder / INDEX, _index(paths, shards, stored))
            outdated.discard(folder / INDEX)
        config = {**model.config.to_json(), "torch_dtype": str(stored).removeprefix("torch.")}
        files.write_json(folder / "config.json", config)
        named = ("bos_token_id", "eos_token_id", "pad_token_id")
        generation = {name: config[name] for name in named if config[name] is not None}
        files.write_json(folder / "generation_config.json", generation)
        files.commit()
    for path in outdated:
        path.unlink(missing_ok=True)


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files that hold a checkpoint's weights; all of them exist."""
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if (folder / INDEX).is_file():
        shards = _shards_of_index(folder)
        missing = [path.name for path in shards if not path.is_file()]
        if missing:
            raise CheckpointError(
                f"{len(missing)} of {len(shards)} weight files are missing in {folder}: {_some(missing)}.",
                "Fetch the missing files.",
            )
        return shards
    for path in sorted(folder.iterdir()):
        if path.suffix in PICKLES:
            raise _refused_pickle(path)
    raise CheckpointError(f"There are no weights in {folder}: {SINGLE} is missing.", "Fetch the model again.")


def _shards_of_index(folder: Path) -> list[Path]:
    names = read_json(folder / INDEX).get("weight_map")
    if not isinstance(names, Mapping) or not names:
        raise CheckpointError(f"{folder / INDEX} is damaged: it has no weight_map.", "Fetch the file again.")
    unsafe = [name for name in names.values() if not isinstance(name, str) or Path(name).name != name]
    if unsafe:
        raise CheckpointError(f"{folder / INDEX} points outside its folder: {unsafe[0]!r}.", "Do not use this model.")
    for name in sorted(set(names.values())):
        if Path(name).suffix in PICKLES:
            raise _refused_pickle(folder / name)
    return [folder / name for name in sorted(set(names.values()))]


def _refused_pickle(path: Path) -> CheckpointError:
    """What to say about weights in a pickle, which is never opened."""
    return CheckpointError(
        f"{path} is a pickle, which can run code when it is opened; it was not opened.",
        "Fetch the model in safetensors format, or convert it where you trust its origin.",
    )


def _check_fit(model: Transformer, stored: Mapping[str, Stored], origin: Path) -> None:
    """Every tensor of the model is there in its shape, and nothing else."""
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    tied = {"lm_head.weight"} if model.config.tie_word_embeddings else set()  # some tools store the tied head as well
    missing = [name for name in expected if name not in stored]
    surplus = [name for name in stored if name not in {*expected, *tied} and not name.endswith("rotary_emb.inv_freq")]
    if missing or surplus:
        parts = [f"{len(missing)} tensors missing ({_some(missing)})"] if missing else []
        parts += [f"{len(surplus)} not known ({_some(surplus)})"] if surplus else []
        raise CheckpointError(
            f"The weights in {origin} are not those of its configuration: {' and '.join(parts)}.",
            "Fetch the whole model again, all files of one version.",
        )
    for name, shape in expected.items():
        found = stored[name].shape
        if found != shape:
            raise CheckpointError(
                f"The weights in {origin} do not fit its configuration: {name} is {found}, and should be {shape}.",
                "Fetch the whole model again, all files of one version.",
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _shards(tensors: Mapping[str, Tensor], dtype: torch.dtype, shard_bytes: int) -> list[dict[str, Tensor]]:
    """Tensors in order, in as few files as `shard_bytes` allows."""
    shards: list[dict[str, Tensor]] = [{}]
    room = shard_bytes
    for name, tensor in tensors.items():
        size = tensor.numel() * dtype.itemsize
        if size > room and shards[-1]:
            shards.append({})
            room = shard_bytes
        shards[-1][name] = tensor
        room -= size
    return shards


def _free_paths(folder: Path, count: int) -> list[Path]:
    """Where the weights go: one file, replaced at one stroke, or shards beside those that are there."""
    if count == 1:
        return [folder / SINGLE]
    for tag in ("", f"{secrets.token_hex(4)}-"):
        paths = [folder / f"model-{tag}{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
        if not any(path.exists() for path in paths):
            break
    return paths


def _stored_weights(folder: Path) -> list[Path]:
    """The files of the weights that a folder holds already, index included."""
    shards = [folder / INDEX, *_shards_of_index(folder)] if (folder / INDEX).is_file() else []
    return [folder / SINGLE, *shards]


def _index(paths: Sequence[Path], shards: Sequence[Mapping[str, Tensor]], dtype: torch.dtype) -> dict[str, Any]:
    total = sum(tensor.numel() for shard in shards for tensor in shard.values()) * dtype.itemsize
    places = {name: path.name for path, shard in zip(paths, shards, strict=True) for name in shard}
    return {"metadata": {"total_size": total}, "weight_map": places}
