"""Safetensors files: read through a memory map into tensors that exist already, written in one pass.

The format: eight bytes with the header's length (little endian), a JSON header that gives each tensor's dtype, shape
and range of bytes, then the bytes of all tensors without gaps. Reading it here, and not through the library, lets
pages go back to the system as soon as they are copied, so that loading never holds the weights twice.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import torch
from torch import Tensor

from qwill.core import CheckpointError

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_LARGEST_HEADER = 100_000_000
_ALIGNMENT = 8
_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Entry:
    """Where one tensor lies: dtype by its name in the format, shape, [start, end) in bytes of the whole file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class SafetensorsFile:
    """An open safetensors file; `entries` says what is in it.

    Raises:
        CheckpointError: it is missing, truncated, damaged, or no safetensors file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.entries = _read_header(path, file)
                # A private map may be written to (nothing reaches the file): torch wants writable memory.
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except OSError as error:
            raise CheckpointError(
                f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
            ) from error

    def __enter__(self) -> SafetensorsFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._map.close()

    def read_into(self, name: str, target: Tensor) -> None:
        """Copy a tensor into one of the same shape, of any dtype and device, a few megabytes at a time.

        Raises:
            CheckpointError: the tensor's numbers are not floating point (quantised weights).
        """
        entry = self.entries[name]
        dtype = DTYPES.get(entry.dtype)
        if dtype is None:
            raise CheckpointError(
                f"{name} in {self.path} holds {entry.dtype} numbers; only floating-point weights can be read.",
                "Quantised weights need another engine.",
            )
        flat = target.view(-1)
        step = _CHUNK_BYTES // dtype.itemsize
        for first in range(0, flat.numel(), step):
            chunk = flat[first : first + step]
            offset = entry.start + first * dtype.itemsize
            chunk.copy_(torch.frombuffer(self._map, dtype=dtype, count=chunk.numel(), offset=offset))
            self._release(offset, chunk.numel() * dtype.itemsize)

    def _release(self, offset: int, length: int) -> None:
        """Give the pages of a range back to the system, where it can be told so."""
        if hasattr(self._map, "madvise"):
            start = offset - offset % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_DONTNEED, start, offset + length - start)


def write_safetensors(file: BinaryIO, tensors: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> None:
    """Write tensors to an open file, converted to `dtype` where one is given, each converted only when its turn comes.

    Raises:
        OSError: the file cannot be written to the end.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, tensor in tensors.items():
        stored = dtype or tensor.dtype
        end = position + tensor.numel() * stored.itemsize
        header[name] = {"dtype": _NAMES[stored], "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % _ALIGNMENT)
    file.write(len(encoded).to_bytes(8, "little"))
    file.write(encoded)
    for tensor in tensors.values():
        ready = tensor.detach().to(device="cpu", dtype=dtype or tensor.dtype).contiguous()
        file.write(ready.view(-1).view(torch.uint8).numpy().data)


def _read_header(path: Path, file: BinaryIO) -> dict[str, Entry]:
    size = path.stat().st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or not 2 <= length <= min(size - 8, _LARGEST_HEADER):
        raise _damaged(path, "its header is cut off, or it is no safetensors file")
    try:
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        entries = {name: _entry(fields, 8 + length) for name, fields in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, f"its header makes no sense ({error})") from error
    end = 8 + length
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != end:
            raise _damaged(path, "its tensors overlap or leave gaps")
        end = entry.end
    if end != size:
        raise _damaged(
            path, f"it should hold {end:,} bytes and holds {size:,}; it was cut off or is still being written"
        )
    return entries


def _entry(fields: Mapping[str, Any], base: int) -> Entry:
    start, end = fields["data_offsets"]
    entry = Entry(fields["dtype"], tuple(fields["shape"]), base + start, base + end)
    if any(not isinstance(side, int) or side < 0 for side in (*entry.shape, start, end)):
        raise ValueError("negative sizes")
    dtype = DTYPES.get(entry.dtype)
    if dtype is not None and end - start != math.prod(entry.shape) * dtype.itemsize:
        raise ValueError("a tensor's size does not fit its shape")
    return entry


def _damaged(path: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {what}.", "Fetch the file again.")
