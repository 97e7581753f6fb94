"""The packed weights compute what the model computes."""

import pytest
import torch
from tiny_model import lively, varied

from qwill.engine.linear import Linear, stable_rows
from qwill.engine.packed import Held, Packed
from qwill.model.config import ModelConfig
from qwill.model.shape import Precision

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 384}
SHAPES = [
    varied(),
    varied(tie_word_embeddings=False),
    varied(num_attention_heads=2, num_key_value_heads=2),
    varied(hidden_size=64, num_attention_heads=8, num_key_value_heads=1),
    varied(rope_scaling=YARN, rope_theta=1e6),
]


def causal(units_NUGK: torch.Tensor) -> torch.Tensor:
    """Attention among the tokens of one sequence, written out."""
    R = units_NUGK.shape[1] - 2
    q, k, v = units_NUGK[:, :R], units_NUGK[:, R], units_NUGK[:, R + 1]
    scores = torch.einsum("nrgk,mgk->rgnm", q, k) * q.shape[-1] ** -0.5
    N = len(q)
    scores = scores.masked_fill(torch.ones(N, N, dtype=torch.bool).triu(1), -torch.inf)
    return torch.einsum("rgnm,mgk->nrgk", scores.softmax(-1), v).reshape(N, -1)


@pytest.mark.parametrize("config", SHAPES)
def test_same_logits_as_the_model(config: ModelConfig) -> None:
    model = lively(config)
    tokens = torch.randint(0, config.vocab_size, (50,))
    positions = torch.arange(7, 57)
    with torch.inference_mode():
        expected = model(tokens[None], positions[None])[0]
        packed = Packed(Held(model))
        hidden = packed.hidden(tokens, positions, lambda _, units: causal(units))
        logits = packed.logits(hidden)
    assert (hidden - model.hidden(tokens[None], positions[None])[0]).abs().max() < 1e-4
    assert (logits - expected).abs().max() < 1e-4 * expected.abs().max()


def test_bf16_stays_close() -> None:
    model = lively(varied()).to(torch.bfloat16)
    tokens, positions = torch.randint(0, 300, (20,)), torch.arange(20)
    with torch.inference_mode():
        expected = model.logits(model.hidden(tokens[None], positions[None]))[0].float()
        packed = Packed(Held(model))
        logits = packed.logits(packed.hidden(tokens, positions, lambda _, units: causal(units)))
    assert logits.dtype == torch.float32
    assert (logits - expected).norm() < 0.1 * expected.norm()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("precision", "most"), [(Precision.INT8, 0.1), (Precision.INT4, 0.6)])
def test_quantised_stays_near(precision: Precision, most: float, tied: bool) -> None:
    config = varied(
        hidden_size=64, intermediate_size=96, num_attention_heads=4, vocab_size=304, tie_word_embeddings=tied
    )
    model = lively(config)
    tokens, positions = torch.randint(0, 300, (20,)), torch.arange(20)
    with torch.inference_mode():
        expected = model(tokens[None], positions[None])[0]
        packed = Packed(Held(model.bfloat16()), precision=precision)
        logits = packed.logits(packed.hidden(tokens, positions, lambda _, units: causal(units)))
    assert (logits - expected).norm() < most * expected.norm()
    assert packed.min_rows == 1


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT4])
def test_reading_rounds_a_little_otherwise_than_writing(precision: Precision) -> None:
    config = varied(hidden_size=64, intermediate_size=96, num_attention_heads=4, vocab_size=304)
    packed = Packed(Held(lively(config).bfloat16()), precision=precision)
    tokens, positions = torch.randint(0, 300, (100,)), torch.arange(100)
    with torch.inference_mode():
        read, written = (
            packed.hidden(tokens, positions, lambda _, units: causal(units), wide=wide) for wide in (True, False)
        )
    assert 0 < (read - written).float().norm() < 0.1 * written.float().norm()


def test_only_long_pieces_of_prompts_are_read_by_the_product_for_many_rows() -> None:
    assert not Packed(Held(lively(varied()))).reads_wide(512)
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        model = lively(varied(hidden_size=64, num_attention_heads=4)).bfloat16()
        packed = Packed(Held(model), precision=Precision.INT8)
        assert packed.reads_wide(512)
        assert not packed.reads_wide(4)


def test_consuming_frees_the_model_and_changes_nothing() -> None:
    tokens, positions = torch.randint(0, 300, (9,)), torch.arange(9)
    with torch.inference_mode():
        kept = Packed(Held(lively(varied())))
        consumed_model = lively(varied())
        consumed = Packed(Held(consumed_model, consume=True))
        outs = [p.hidden(tokens, positions, lambda _, units: causal(units)) for p in (kept, consumed)]
    assert torch.equal(*outs)
    assert not list(consumed_model.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("inputs", [48, 448, 2304])
def test_from_stable_rows_on_results_do_not_depend_on_the_number_of_rows(inputs: int, dtype: torch.dtype) -> None:
    weight, bias = torch.randn(96, inputs).to(dtype), torch.randn(96).to(dtype)
    linear = Linear(weight, bias)
    least = stable_rows([linear])
    assert least <= 8
    x = torch.randn(80, inputs).to(dtype)
    whole = linear(x)
    plain = x.float() @ weight.float().T + bias.float()
    assert (whole.float() - plain).norm() < 0.01 * plain.norm()
    for rows in range(least, 80):
        assert torch.equal(linear(x[:rows]), whole[:rows]), rows


def test_few_sizes_of_batches() -> None:
    packed = Packed(Held(lively(varied())))
    sizes = [packed.rows(count) for count in range(1, 2000)]
    assert all(size >= count for count, size in enumerate(sizes, 1))
    assert len(set(sizes[:64])) <= 18
    assert len(set(sizes)) < 150
