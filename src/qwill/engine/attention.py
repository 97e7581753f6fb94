"""Attention over blocks of keys and values, for the two things an engine does: reading prompts and writing text.

Every block is attended to by itself, and what its positions gave is merged over a request's blocks by the log of the
sums (log-sum-exp). So the work is one kernel call over all blocks of all requests, whatever their lengths, and no
result depends on which other blocks are in the call. Blocks of a prompt that several requests share get the queries
of all of them stacked: one product instead of one per request.

The kernel's result for a query does not depend on how many queries are stacked, as long as they are 4 or more and an
even number (measured in fp32 and bf16 for heads of 8 to 128 and 1 to 300 queries; heads of 16 and more do not mind odd
numbers). So fewer are filled up; stacks are multiples of 4, since the kernel cuts them into pieces of 32 or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from qwill.engine.kv import BLOCK, SCRATCH, Part

CHUNK = 512
"""Positions of a prompt that attend in one call: a multiple of BLOCK, counted from the start of the prompt."""


def attend_with_weight(
    q_BHMK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, mask: Tensor | None = None, *, causal: bool = False
) -> tuple[Tensor, Tensor]:
    """Softmax attention, and the log of the sum that each query's softmax was divided by.

    Args:
        q_BHMK, k_BHSK, v_BHSK: queries, keys, values.
        mask: added to the scores, broadcastable to (B, H, M, S).
        causal: query m looks at keys 0..m.

    Returns:
        (B, H, M, K) and (B, H, M). A query that may look nowhere gives 0 and an arbitrary weight.
    """
    if q_BHMK.device.type != "cpu":
        return attend_plainly(q_BHMK, k_BHSK, v_BHSK, mask, causal=causal)
    out, weight = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default(
        q_BHMK, k_BHSK, v_BHSK, 0.0, causal, attn_mask=mask
    )
    return out, weight


def attend_plainly(
    q_BHMK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, mask: Tensor | None = None, *, causal: bool = False
) -> tuple[Tensor, Tensor]:
    """What `attend_with_weight` gives, by the formula: for devices without a kernel that also returns weights."""
    scores = (q_BHMK @ k_BHSK.mT).float() * q_BHMK.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + mask
    if causal:
        scores = scores.masked_fill(~torch.ones_like(scores, dtype=torch.bool).tril(), -torch.inf)
    weight = scores.logsumexp(-1)
    shares = (scores - weight[..., None]).exp().nan_to_num(0.0)
    return shares.to(v_BHSK.dtype) @ v_BHSK, weight


@dataclass(frozen=True)
class Segment:
    """A stretch of a prompt that is read now: positions start..start+length of the prompt, which lies in `blocks`."""

    blocks: Sequence[int]
    start: int
    length: int


class Reading:
    """`attend` for segments of prompts, their tokens one after another; stores their keys and values. Of one stage.

    A segment starts at a multiple of CHUNK and does not reach over the next one, so a prompt is computed the same
    way whatever is read along with it.
    """

    def __init__(self, part: Part, segments: Sequence[Segment], padded: int) -> None:
        self._part, self._segments = part, segments
        self.layers = part.layers
        positions = np.concatenate([np.arange(s.start, s.start + s.length) for s in segments])
        blocks = np.concatenate(
            [np.asarray(s.blocks)[np.arange(s.start, s.start + s.length) // BLOCK] for s in segments]
        )
        filler = padded - len(positions)
        device = part.mask.device
        self.positions = torch.from_numpy(np.pad(positions, (0, filler))).to(device)
        self._block = torch.from_numpy(np.pad(blocks, (0, filler), constant_values=SCRATCH)).to(device)
        self._offset = self.positions % BLOCK
        part.mask[self._block[: len(positions)], 0, 0, self._offset[: len(positions)]] = 0

    def __call__(self, layer: int, units_NUGK: Tensor) -> Tensor:
        N, U, G, K = units_NUGK.shape
        R = U - 2
        cache = self._part.kv[layer]
        cache[self._block, :, self._offset] = units_NUGK[:, R:].reshape(N, 2 * G, K)
        out_NRGK = units_NUGK.new_zeros(N, R, G, K)
        at = 0
        for segment in self._segments:
            part = units_NUGK[at : at + segment.length]
            q_GRTK = part[:, :R].permute(2, 1, 0, 3)
            k_GTK, v_GTK = part[:, R].transpose(0, 1), part[:, R + 1].transpose(0, 1)
            out_GRTK, weight = attend_with_weight(q_GRTK, _per_unit(k_GTK, R), _per_unit(v_GTK, R), causal=True)
            if segment.start:
                past = cache[list(segment.blocks[: segment.start // BLOCK])].transpose(0, 1).flatten(1, 2)
                before, before_weight = attend_with_weight(q_GRTK, _per_unit(past[:G], R), _per_unit(past[G:], R))
                share = torch.sigmoid(weight - before_weight)[..., None].to(out_GRTK.dtype)
                out_GRTK = torch.lerp(before, out_GRTK, share)
            out_NRGK[at : at + segment.length] = out_GRTK.permute(2, 1, 0, 3)
            at += segment.length
        return out_NRGK.view(N, -1)


def _per_unit(x_GSK: Tensor, units: int) -> Tensor:
    """The same keys or values for every unit of queries, without copying them."""
    return x_GSK[:, None].expand(-1, units, -1, -1)


class Writing:
    """`attend` for one new token of each of N requests; stores its keys and values. Of one stage.

    Args:
        part: where keys and values are.
        tables: the blocks of each request, in order of position; their last one takes the new token.
        shared: for each prompt that more than one request uses: how many blocks it has, and which requests (their
            tables start with the same blocks).
        units: R.
        padded: N; requests beyond `tables` only fill up the batch.

    Attributes:
        capacity: of the pool when this was made; it does not follow the pool when that grows.
    """

    def __init__(
        self,
        part: Part,
        tables: Sequence[Sequence[int]],
        shared: Sequence[tuple[int, Sequence[int]]],
        units: int,
        padded: int,
    ) -> None:
        self._part = part
        self.layers = part.layers
        counts = np.ones(padded, dtype=np.int64)
        counts[: len(tables)] = [len(table) for table in tables]
        # Torch sums over blocks in four interleaved parts: filled up to a multiple of 4, the order of a request's own
        # blocks does not depend on how many another has.
        most = int(counts.max())
        self._width = most if most == 1 else -(-most // 4) * 4
        table = np.full((padded, self._width), SCRATCH)
        for row, blocks in enumerate(tables):
            table[row, : len(blocks)] = blocks
        held = np.arange(self._width) < counts[:, None]
        self._block = self._tensor(table[np.arange(padded), counts - 1])
        self._top = int(table.max()) + 1
        owner = np.zeros(self._top, dtype=np.int64)
        owner[table[held]] = np.repeat(np.arange(padded), counts)
        queries = max(4, units + units % 2)
        per_row = units + 2
        # A query beyond the units is a filler; it repeats the last one.
        own = owner[:, None] * per_row + np.minimum(np.arange(queries), units - 1)
        self._own = self._tensor(own.ravel())
        # Where each request finds what its blocks gave: rows of the concatenated results, by block and unit.
        found = table[:, :, None] * queries + np.arange(units)
        self._stacks: list[tuple[Tensor, Tensor]] = []
        base = self._top * queries
        for size, members in sorted(_by_size(shared).items()):
            stacked = -(-size * units // 4) * 4
            blocks_: list[int] = []
            rows_: list[np.ndarray] = []
            for count, rows in members:
                queue = (np.asarray(rows)[:, None] * per_row + np.arange(units)).ravel()
                at = base + (len(blocks_) + np.arange(count))[:, None] * stacked
                for place, row in enumerate(rows):
                    found[row, :count] = at + place * units + np.arange(units)
                rows_.append(np.tile(np.pad(queue, (0, stacked - len(queue)), mode="edge"), count))
                blocks_.extend(tables[rows[0]][:count])
            self._stacks.append((self._tensor(np.asarray(blocks_)), self._tensor(np.concatenate(rows_))))
            base += len(blocks_) * stacked
        self._found = self._tensor(found.ravel())
        absent = np.where(held, 0.0, -np.inf).astype(np.float32)
        self._absent = torch.from_numpy(absent[:, :, None, None]).to(part.mask.device)
        self._offset = self._block
        # Views are made once: for a small model they would take as long as the work on them.
        self.capacity = part.capacity
        self._views = {layer: _heads(cache[: self._top]) for layer, cache in part.kv.items()}
        self._mask = part.mask[: self._top]

    def place(self, offsets_N: Tensor) -> None:
        """Say at which position of its last block each request's new token stands."""
        self._offset = offsets_N.to(self._block.device)
        self._part.mask[self._block, 0, 0, self._offset] = 0

    def __call__(self, layer: int, units_NUGK: Tensor) -> Tensor:
        N, U, G, K = units_NUGK.shape
        cache = self._part.kv[layer]
        cache[self._block, :, self._offset] = units_NUGK[:, U - 2 :].view(N, 2 * G, K)
        units = units_NUGK.view(N * U, G * K)
        results = [_over_blocks(units, self._own, self._views[layer], self._mask)]
        for blocks, rows in self._stacks:
            views = _heads(cache.index_select(0, blocks))
            results.append(_over_blocks(units, rows, views, self._part.mask.index_select(0, blocks)))
        if len(results) == 1:
            out, weight = results[0]
        else:
            out, weight = (torch.cat(parts) for parts in zip(*results, strict=True))
        out = out.index_select(0, self._found)
        if self._width == 1:
            return out.view(N, -1)
        weight = weight.index_select(0, self._found).view(N, self._width, U - 2, G)
        share = torch.softmax(weight + self._absent, 1)[..., None]
        merged: Tensor = (out.view(N, self._width, U - 2, G, K) * share.to(out.dtype)).sum(1)
        return merged.view(N, -1)

    def _tensor(self, numbers: np.ndarray) -> Tensor:
        return torch.from_numpy(numbers.astype(np.int64, copy=False)).to(self._part.mask.device)


def across(attends: Sequence[Reading] | Sequence[Writing]) -> Callable[[int, Tensor], Tensor]:
    """The `attend` of all layers that those of the stages make together."""
    if len(attends) == 1:
        return attends[0]
    of_layer = [attend for attend in attends for _ in attend.layers]
    return lambda layer, units_NUGK: of_layer[layer](layer, units_NUGK)


def _heads(cache: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values (blocks, G, C, K) of blocks."""
    keys, values = cache.chunk(2, 1)
    return keys, values


def _over_blocks(units: Tensor, rows: Tensor, views: tuple[Tensor, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
    """What each block gives the queries that look at it.

    Args:
        units: (units of all requests, G * K).
        rows: for each block in turn, the units that look at it.
        views: the blocks' keys and values.

    Returns:
        (len(rows), G * K) and weights (len(rows), G).
    """
    keys, values = views
    blocks, G, _, K = keys.shape
    q_BGMK = units.index_select(0, rows).view(blocks, -1, G, K).transpose(1, 2)
    out, weight = attend_with_weight(q_BGMK, keys, values, mask)
    return out.transpose(1, 2).reshape(-1, G * K), weight.transpose(1, 2).reshape(-1, G)


def _by_size(shared: Sequence[tuple[int, Sequence[int]]]) -> dict[int, list[tuple[int, Sequence[int]]]]:
    """Groups by the power of two that their number of requests fits in: groups of one call are filled up to it."""
    sizes: dict[int, list[tuple[int, Sequence[int]]]] = {}
    for count, rows in shared:
        sizes.setdefault(1 << (len(rows) - 1).bit_length(), []).append((count, rows))
    return sizes
