"""GGUF files written in one pass; `gguf_file` describes the format and reads it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import torch
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType
from gguf.quants import quantize
from torch import Tensor

from qwill.core import CheckpointError
from qwill.model.files import GGUF_MAGIC
from qwill.model.gguf_file import ALIGNMENT, CHUNK_NUMBERS, SCALARS

VERSION = 3

Scalar = bool | int | float | str
Value = Scalar | Sequence[int] | Sequence[str]


@dataclass(frozen=True)
class Unwritten:
    """One tensor to be written: the type it is stored as, and what gives it when its turn comes."""

    name: str
    tensor: Tensor
    kind: GGMLQuantizationType

    @property
    def length(self) -> int:
        """Bytes in the file."""
        block, block_bytes = GGML_QUANT_SIZES[self.kind]
        return self.tensor.numel() // block * block_bytes

    def chunks(self) -> Iterable[bytes]:
        """The bytes, a few rows at a time.

        Raises:
            CheckpointError: a number is too large for the type, or is none.
        """
        rows = self.tensor.detach().view(-1, self.tensor.shape[-1])
        for chunk in torch.split(rows, max(1, CHUNK_NUMBERS // rows.shape[1])):
            numbers = chunk.to(device="cpu", dtype=torch.float32)
            if self.kind is GGMLQuantizationType.F16:
                stored = numbers.half()
                largest, data = stored.abs().max(), stored.numpy()
            else:
                largest, data = numbers.abs().max(), quantize(numbers.numpy(), self.kind)
            if not largest.isfinite():
                raise CheckpointError(
                    f"{self.name} holds numbers that {self.kind.name} cannot express.", "Write the model as f32."
                )
            yield data.tobytes()


def write_gguf(file: BinaryIO, metadata: Mapping[str, Value], tensors: Sequence[Unwritten]) -> None:
    """Write a whole GGUF file.

    Args:
        file: open for writing, at its start.
        metadata: whole numbers are written as UINT32 (in lists as INT32), others as FLOAT32.
        tensors: in the order in which they come.

    Raises:
        OSError: the file cannot be written to the end.
        CheckpointError: as `Unwritten.chunks`.
    """
    header = [GGUF_MAGIC, struct.pack("<IQQ", VERSION, len(tensors), len(metadata))]
    for key, value in metadata.items():
        header += [_text_bytes(key), _value_bytes(value)]
    offset = 0
    for tensor in tensors:
        sides = tensor.tensor.shape[::-1]
        header.append(_text_bytes(tensor.name))
        header.append(struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, tensor.kind, offset))
        offset += tensor.length + -tensor.length % ALIGNMENT
    _write_aligned(file, header)
    for tensor in tensors:
        _write_aligned(file, tensor.chunks())


def _write_aligned(file: BinaryIO, chunks: Iterable[bytes]) -> None:
    length = 0
    for chunk in chunks:
        file.write(chunk)
        length += len(chunk)
    file.write(bytes(-length % ALIGNMENT))


def _value_bytes(value: Value) -> bytes:
    """Type and value of a metadata entry."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        kinds = {_scalar_kind(item) for item in value} or {GGUFValueType.STRING}
        assert len(kinds) == 1
        kind = GGUFValueType.INT32 if kinds == {GGUFValueType.UINT32} else kinds.pop()
        prefix = struct.pack("<IIQ", GGUFValueType.ARRAY, kind, len(value))
        return prefix + b"".join(_scalar_bytes(item, kind) for item in value)
    kind = _scalar_kind(value)
    return struct.pack("<I", kind) + _scalar_bytes(value, kind)


def _scalar_kind(value: Scalar) -> GGUFValueType:
    kinds: dict[type, GGUFValueType] = {
        bool: GGUFValueType.BOOL, int: GGUFValueType.UINT32, float: GGUFValueType.FLOAT32, str: GGUFValueType.STRING,
    }  # fmt: skip
    return kinds[type(value)]


def _scalar_bytes(value: Scalar, kind: GGUFValueType) -> bytes:
    return _text_bytes(value) if isinstance(value, str) else np.array(value, SCALARS[kind]).tobytes()


def _text_bytes(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded
