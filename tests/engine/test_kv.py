"""The pool of blocks: what is handed out, moved and grown."""

import torch

from qwill.engine.kv import BLOCK, BlockPool


def pool() -> BlockPool:
    return BlockPool(layers=2, groups=2, width=4, dtype=torch.float32, device=torch.device("cpu"))


def test_blocks_are_distinct_lowest_first_and_reused() -> None:
    blocks = pool()
    first, second = blocks.allocate(3), blocks.allocate(2)
    assert first + second == [1, 2, 3, 4, 5]
    assert blocks.used == 5
    blocks.release([2, 4])
    assert blocks.allocate(3) == [2, 4, 6]


def test_growing_keeps_what_blocks_hold() -> None:
    blocks = pool()
    (held,) = blocks.allocate(1)
    for layer in blocks.kv:
        layer[held] = 7
    blocks.mask[held] = 0
    capacity = blocks.capacity
    more = blocks.allocate(3 * capacity)
    assert len({held, *more}) == 3 * capacity + 1
    assert blocks.capacity > 3 * capacity
    assert all(len(layer) == blocks.capacity and (layer[held] == 7).all() for layer in blocks.kv)
    assert (blocks.mask[held] == 0).all()
    assert (blocks.mask[more] == -torch.inf).all()


def test_a_reused_block_is_empty_and_scratch_has_a_position() -> None:
    blocks = pool()
    taken = blocks.allocate(1)
    blocks.mask[taken] = 0
    blocks.release(taken)
    assert (blocks.mask[blocks.allocate(1)] == -torch.inf).all()
    assert blocks.mask[0].flatten().tolist() == [0.0] + [-torch.inf] * (BLOCK - 1)


def test_compaction_moves_what_blocks_hold() -> None:
    blocks = pool()
    taken = blocks.allocate(40)
    for block in taken:
        blocks.mask[block, ..., :block] = 0
        for layer in blocks.kv:
            layer[block] = block
    live = [3, 9, 17, 33, 40]
    blocks.release(sorted(set(taken) - set(live)))
    moved = blocks.compact(live)
    assert moved is not None
    assert moved[live].tolist() == [1, 2, 3, 4, 5]
    for block in live:
        assert all((layer[moved[block]] == block).all() for layer in blocks.kv)
        assert int((blocks.mask[moved[block]] == 0).sum()) == block
    assert blocks.used == 5
    assert blocks.allocate(1) == [6]
    assert blocks.compact([1, 2, 3, 4, 5, 6]) is None


def test_scrubbing_and_memory() -> None:
    blocks = pool()
    taken = blocks.allocate(2)
    blocks.kv[1][taken] = torch.inf
    blocks.scrub(taken)
    assert all(layer.isfinite().all() for layer in blocks.kv)
    assert blocks.bytes_per_token == 2 * 2 * 2 * 4 * 4
