"""Attention over blocks against attention written out."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qwill.engine.attention import CHUNK, Reading, Segment, Writing, attend_plainly, attend_with_weight
from qwill.engine.kv import BLOCK, BlockPool, Stage

G, K = 2, 8


def pool(dtype: torch.dtype = torch.float32) -> BlockPool:
    return BlockPool([Stage(torch.device("cpu"), range(1))], groups=G, width=K, dtype=dtype)


def expected(q_RGK: torch.Tensor, k_SGK: torch.Tensor, v_SGK: torch.Tensor) -> torch.Tensor:
    """One query position looking at S positions."""
    scores = torch.einsum("rgk,sgk->rgs", q_RGK.double(), k_SGK.double()) * K**-0.5
    return torch.einsum("rgs,sgk->rgk", scores.softmax(-1), v_SGK.double()).flatten()


def filled(blocks: BlockPool, length: int) -> tuple[list[int], torch.Tensor]:
    """Blocks that hold `length` random positions, and the positions: (length, 2, G, K)."""
    held = torch.randn(length, 2, G, K)
    table = blocks.allocate(-(-length // BLOCK))
    for number, part in enumerate(held.split(BLOCK) if length else ()):
        blocks.parts[0].kv[0][table[number], :, : len(part)] = part.view(len(part), 2 * G, K).transpose(0, 1)
        blocks.parts[0].mask[table[number], 0, 0, : len(part)] = 0
    return table, held


def write(
    blocks: BlockPool, groups: list[tuple[int, list[int]]], units: int, padded: int
) -> tuple[torch.Tensor, list[torch.Tensor], Writing, list[int]]:
    """A step for requests in groups (length of the prompt, length of each one's own text) and what it should give."""
    tables, pasts, shared, offsets = [], [], [], []
    for prompt, texts in groups:
        prefix, prefix_held = filled(blocks, prompt)
        if len(texts) > 1:
            shared.append((len(prefix), list(range(len(tables), len(tables) + len(texts)))))
        for length in texts:
            own, own_held = filled(blocks, length)
            if length % BLOCK == 0:
                own += blocks.allocate(1)
            tables.append(prefix + own)
            pasts.append(torch.cat((prefix_held, own_held)))
            offsets.append(length % BLOCK)
    step = Writing(blocks.parts[0], tables, shared, units, padded)
    step.place(torch.tensor(offsets + [0] * (padded - len(tables))))
    new = torch.randn(padded, units + 2, G, K)
    wanted = []
    for row, past in enumerate(pasts):
        kv = torch.cat((past, new[row : row + 1, units:]))
        wanted.append(expected(new[row, :units], kv[:, 0], kv[:, 1]))
    return new, wanted, step, offsets


LENGTHS = st.lists(
    st.tuples(st.integers(1, 200), st.lists(st.integers(0, 140), min_size=1, max_size=5)), min_size=1, max_size=5
)


@settings(max_examples=25, deadline=None)
@given(LENGTHS, st.sampled_from([1, 2, 3, 5, 8]))
def test_writing_with_and_without_shared_prompts(groups: list[tuple[int, list[int]]], units: int) -> None:
    rows = sum(len(texts) for _, texts in groups)
    new, wanted, step, _ = write(pool(), groups, units, padded=-(-rows // 4) * 4)
    out = step(0, new)
    assert out.isfinite().all()
    for row, want in enumerate(wanted):
        assert (out[row] - want).abs().max() < 1e-5


def test_the_bits_of_a_row_do_not_depend_on_sharing_or_on_others() -> None:
    """The same request alone, among others, and sharing its prompt."""
    outs = []
    for units in (1, 3, 5):
        for sharers in (1, 2, 7, 30):
            for others in (0, 9):
                torch.manual_seed(1)
                blocks = pool()
                prefix, _ = filled(blocks, 100)
                own, _ = filled(blocks, 70)
                new = torch.randn(1, 8, G, K)[:, : units + 2]
                tables, shared = [prefix + own], [(2, list(range(sharers)))] if sharers > 1 else []
                offsets = [70 % BLOCK]
                for _ in range(sharers - 1):
                    more, _ = filled(blocks, 30)
                    tables.append(prefix + more)
                    offsets.append(30)
                for _ in range(others):
                    alone, _ = filled(blocks, 300)
                    tables.append(alone)
                    offsets.append(300 % BLOCK)
                step = Writing(blocks.parts[0], tables, shared, units, len(tables))
                step.place(torch.tensor(offsets))
                rest = torch.randn(len(tables) - 1, units + 2, G, K)
                outs.append((units, step(0, torch.cat((new, rest)))[0]))
        same = [out for made, out in outs if made == units]
        assert all(torch.equal(out, same[0]) for out in same), units


@pytest.mark.parametrize("lengths", [[1], [3, 64, 65], [CHUNK], [CHUNK + 1, 10], [2 * CHUNK + 77]])
def test_reading_in_chunks(lengths: list[int]) -> None:
    units, blocks = 3, pool()
    tokens = [torch.randn(length, units + 2, G, K) for length in lengths]
    tables = [blocks.allocate(-(-length // BLOCK)) for length in lengths]
    outs: list[list[torch.Tensor]] = [[] for _ in lengths]
    for start in range(0, max(lengths), CHUNK):
        going = [n for n, length in enumerate(lengths) if length > start]
        segments = [Segment(tables[n], start, min(CHUNK, lengths[n] - start)) for n in going]
        parts = [tokens[n][s.start : s.start + s.length] for n, s in zip(going, segments, strict=True)]
        count = sum(len(part) for part in parts)
        reading = Reading(blocks.parts[0], segments, padded=count + 2)
        assert reading.positions[:count].tolist() == [
            position for s in segments for position in range(s.start, s.start + s.length)
        ]
        out = reading(0, torch.cat([*parts, torch.zeros(2, units + 2, G, K)]))
        for n, part in zip(going, out[:count].split([s.length for s in segments]), strict=True):
            outs[n].append(part)
    for n, length in enumerate(lengths):
        whole = torch.cat(outs[n])
        for position in {0, length // 2, length - 1}:
            seen = tokens[n][: position + 1]
            want = expected(tokens[n][position, :units], seen[:, units], seen[:, units + 1])
            assert (whole[position] - want).abs().max() < 1e-5
        stored = blocks.parts[0].kv[0][tables[n]].transpose(1, 2).reshape(-1, 2, G, K)[:length]
        assert torch.equal(stored, tokens[n][:, units:])
        assert int((blocks.parts[0].mask[tables[n]] == 0).sum()) == length


@pytest.mark.parametrize("causal", [False, True])
def test_the_formula_for_other_devices_agrees_with_the_kernel(causal: bool) -> None:
    q, k, v = torch.randn(3, 2, 6, K), torch.randn(3, 2, 6, K), torch.randn(3, 2, 6, K)
    mask = None if causal else torch.zeros(3, 1, 1, 6)
    if mask is not None:
        mask[1, ..., 4:] = -torch.inf
        mask[2] = -torch.inf
    fast, plain = (attend(q, k, v, mask, causal=causal) for attend in (attend_with_weight, attend_plainly))
    assert (fast[0] - plain[0]).abs().max() < 1e-5
    assert (fast[1] - plain[1])[:2].abs().max() < 1e-5
    scores = q[0] @ k[0].mT * K**-0.5
    visible = torch.ones(6, 6, dtype=torch.bool).tril() if causal else torch.ones(6, 6, dtype=torch.bool)
    scores = scores.masked_fill(~visible, -torch.inf)
    assert (fast[0][0] - scores.softmax(-1) @ v[0]).abs().max() < 1e-5
