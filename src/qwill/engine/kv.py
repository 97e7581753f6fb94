"""Where keys and values live: a pool of blocks, C positions each, the same for every layer.

A request owns whole blocks; a prompt shared by several requests owns blocks of its own, held once. Which blocks are
free is bookkeeping on the CPU; nothing is ever copied to read it. Memory: `bytes_per_token` for each position of the
blocks in use, rounded up to whole blocks; the pool doubles when it is full and never shrinks, up to all slots at full
context.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

BLOCK = 64
"""Positions in a block."""

SCRATCH = 0
"""The block that rows which only fill up a batch write to; its first position is always there to be looked at."""


@dataclass(frozen=True)
class Stage:
    """Neighbouring layers that are on one device."""

    device: torch.device
    layers: range


class Part:
    """What the pool holds for the layers of one stage, on its device.

    Attributes:
        kv: by layer, (blocks, 2 G, C, K): G heads of keys, then G of values.
        mask: (blocks, 1, 1, C), 0 where a position is filled, -inf where not.
    """

    def __init__(self, stage: Stage, shape: tuple[int, int, int], dtype: torch.dtype) -> None:
        self.layers, self._device, self._shape, self._dtype = stage.layers, stage.device, shape, dtype
        self.kv: dict[int, Tensor] = {layer: self._zeros(0) for layer in stage.layers}
        self.mask = torch.empty(0, 1, 1, BLOCK, dtype=dtype, device=stage.device)

    @property
    def capacity(self) -> int:
        """Blocks that there is memory for."""
        return self.mask.shape[0]

    def reset(self) -> None:
        for layer in self.kv.values():
            layer.zero_()
        self.mask.fill_(-torch.inf)
        self.mask[SCRATCH, ..., 0] = 0

    def move(self, numbers: list[int]) -> None:
        """Move blocks to the lowest numbers from 1 on."""
        source = torch.tensor(numbers, device=self._device)
        target = slice(1, len(numbers) + 1)
        for layer in self.kv.values():
            layer[target] = layer[source]
        self.mask[target] = self.mask[source]

    def grow(self, capacity: int) -> None:
        old = self.capacity
        for number, layer in self.kv.items():
            self.kv[number] = self._zeros(capacity)
            self.kv[number][:old] = layer
        mask = torch.full((capacity, 1, 1, BLOCK), -torch.inf, dtype=self._dtype, device=self._device)
        mask[:old] = self.mask
        self.mask = mask

    def _zeros(self, blocks: int) -> Tensor:
        """Zeros, not garbage: what is masked is still multiplied by 0. Memory is taken when it is first written."""
        return torch.zeros(blocks, *self._shape, dtype=self._dtype, device=self._device)


class BlockPool:
    """Keys and values of all layers, in blocks.

    Args:
        stages: which layers there are, and where.
        groups, width: G and K.
        dtype: of keys and values.

    Attributes:
        parts: what is held for each stage.
    """

    def __init__(self, stages: Sequence[Stage], groups: int, width: int, dtype: torch.dtype) -> None:
        layers = sum(len(stage.layers) for stage in stages)
        self.bytes_per_token = layers * 2 * groups * width * dtype.itemsize
        self.parts = tuple(Part(stage, (2 * groups, BLOCK, width), dtype) for stage in stages)
        self._free: list[int] = []
        self._grow(16)
        self.reset()

    @property
    def capacity(self) -> int:
        """Blocks that there is memory for."""
        return self.parts[0].capacity

    @property
    def used(self) -> int:
        """Blocks in use, the scratch block not counted."""
        return self.capacity - 1 - len(self._free)

    def reset(self) -> None:
        """Free every block and forget what the blocks hold."""
        self._free = list(range(1, self.capacity))
        for part in self.parts:
            part.reset()

    def allocate(self, count: int) -> list[int]:
        """Empty blocks, those with the lowest numbers that are free: `top` stays low."""
        if len(self._free) < count:
            self._grow(max(2 * self.capacity, self.capacity + count))
        blocks = [heapq.heappop(self._free) for _ in range(count)]
        for part in self.parts:
            part.mask[blocks] = -torch.inf
        return blocks

    def release(self, blocks: Iterable[int]) -> None:
        for block in blocks:
            heapq.heappush(self._free, block)

    def scrub(self, blocks: list[int]) -> None:
        """Clear blocks that hold infinities: a masked position weighs nothing, but 0 × inf would still be NaN."""
        for part in self.parts:
            for layer in part.kv.values():
                layer[blocks] = 0

    def compact(self, live: Iterable[int]) -> np.ndarray | None:
        """Move blocks to the lowest numbers when less than half of those up to the highest are in use.

        Args:
            live: every block in use.

        Returns:
            The new number of each block, indexed by the old one, or None when nothing moved.
        """
        numbers = sorted(live)
        if not numbers or numbers[-1] < 16 or 2 * len(numbers) > numbers[-1]:
            return None
        moved = np.arange(self.capacity)
        moved[numbers] = np.arange(1, len(numbers) + 1)
        for part in self.parts:
            part.move(numbers)
        self._free = list(range(len(numbers) + 1, self.capacity))
        return moved

    def _grow(self, capacity: int) -> None:
        old = self.capacity
        for part in self.parts:
            part.grow(capacity)
        for block in range(old, capacity):
            heapq.heappush(self._free, block)
