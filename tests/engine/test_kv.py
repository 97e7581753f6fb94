"""The pool of blocks: what is handed out, moved and grown."""

import torch

from qwill.engine.kv import BLOCK, BlockPool, Stage


def pool() -> BlockPool:
    cpu = torch.device("cpu")
    return BlockPool([Stage(cpu, range(1)), Stage(cpu, range(1, 2))], groups=2, width=4, dtype=torch.float32)


def layers(blocks: BlockPool) -> list[torch.Tensor]:
    return [layer for part in blocks.parts for layer in part.kv.values()]


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
    for layer in layers(blocks):
        layer[held] = 7
    blocks.parts[1].mask[held] = 0
    capacity = blocks.capacity
    more = blocks.allocate(3 * capacity)
    assert len({held, *more}) == 3 * capacity + 1
    assert blocks.capacity > 3 * capacity
    assert all(len(layer) == blocks.capacity and (layer[held] == 7).all() for layer in layers(blocks))
    assert (blocks.parts[1].mask[held] == 0).all()
    assert (blocks.parts[1].mask[more] == -torch.inf).all()


def test_a_reused_block_is_empty_and_scratch_has_a_position() -> None:
    blocks = pool()
    taken = blocks.allocate(1)
    blocks.parts[1].mask[taken] = 0
    blocks.release(taken)
    assert (blocks.parts[1].mask[blocks.allocate(1)] == -torch.inf).all()
    assert blocks.parts[1].mask[0].flatten().tolist() == [0.0] + [-torch.inf] * (BLOCK - 1)


def test_compaction_moves_what_blocks_hold() -> None:
    blocks = pool()
    taken = blocks.allocate(40)
    for block in taken:
        blocks.parts[1].mask[block, ..., :block] = 0
        for layer in layers(blocks):
            layer[block] = block
    live = [3, 9, 17, 33, 40]
    blocks.release(sorted(set(taken) - set(live)))
    moved = blocks.compact(live)
    assert moved is not None
    assert moved[live].tolist() == [1, 2, 3, 4, 5]
    for block in live:
        assert all((layer[moved[block]] == block).all() for layer in layers(blocks))
        assert int((blocks.parts[1].mask[moved[block]] == 0).sum()) == block
    assert blocks.used == 5
    assert blocks.allocate(1) == [6]
    assert blocks.compact([1, 2, 3, 4, 5, 6]) is None


def test_scrubbing_and_memory() -> None:
    blocks = pool()
    taken = blocks.allocate(2)
    layers(blocks)[1][taken] = torch.inf
    blocks.scrub(taken)
    assert all(layer.isfinite().all() for layer in layers(blocks))
    assert blocks.bytes_per_token == 2 * 2 * 2 * 4 * 4
