"""Our transformer against transformers' Qwen2: the same weights give the same logits."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers import Qwen2Config, Qwen2ForCausalLM

from qwill.model.config import PRESETS, ModelConfig
from qwill.model.transformer import RMSNorm, Transformer, attend_causally, attention, left_padded

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
SHAPES = {
    "tied, one head": {"num_attention_heads": 1, "num_key_value_heads": 1, "tie_word_embeddings": True},
    "tied, 5 to 1": {
        "hidden_size": 160, "num_attention_heads": 5, "num_key_value_heads": 1, "tie_word_embeddings": True,
    },
    "untied, 6 to 2": {"num_attention_heads": 6, "num_key_value_heads": 2},
    "untied, 6 to 6, theta 1e6": {"num_attention_heads": 6, "num_key_value_heads": 6, "rope_theta": 1e6},
    "untied, 8 to 4, eps 1e-5": {
        "hidden_size": 128, "num_attention_heads": 8, "num_key_value_heads": 4, "rms_norm_eps": 1e-5,
    },
    "tied, yarn": {"rope_scaling": YARN, "tie_word_embeddings": True},
    "untied, yarn, theta 1e6": {"rope_scaling": YARN, "rope_theta": 1e6},
    "yarn with all its settings": {
        "rope_scaling": {**YARN, "factor": 2.5, "beta_fast": 16.0, "beta_slow": 2.0, "attention_factor": 1.3}
    },
    "yarn with mscale": {"rope_scaling": {**YARN, "mscale": 0.7, "mscale_all_dim": 1.2, "truncate": False}},
}  # fmt: skip


def make_config(**changes: object) -> ModelConfig:
    shape = {
        "vocab_size": 131,
        "hidden_size": 96,
        "intermediate_size": 200,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
    }
    return ModelConfig(**{**shape, **changes})  # type: ignore[arg-type]


def make_pair(config: ModelConfig) -> tuple[Transformer, Qwen2ForCausalLM]:
    """Our model and theirs with the same weights, large enough ones for logits to differ clearly."""
    torch.manual_seed(1)
    ours = Transformer(config).eval()
    for name, parameter in ours.named_parameters():
        torch.nn.init.normal_(parameter, mean=float(name.endswith("norm.weight")), std=0.2)
    theirs = Qwen2ForCausalLM(Qwen2Config(**config.to_json(), attn_implementation="eager")).eval()
    missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert missing == (["lm_head.weight"] if config.tie_word_embeddings else [])
    assert not unexpected
    return ours, theirs


class SimpleCache:
    """The least that a key/value cache can be: an `attend` that keeps all keys and values."""

    def __init__(self) -> None:
        self.keys: dict[int, Tensor] = {}
        self.values: dict[int, Tensor] = {}

    def __call__(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if layer in self.keys:
            k, v = torch.cat((self.keys[layer], k), 2), torch.cat((self.values[layer], v), 2)
        self.keys[layer], self.values[layer] = k, v
        T, S = q.shape[2], k.shape[2]
        mask = torch.ones(T, S, dtype=torch.bool).tril(S - T)[None, None]
        return attention(q, k, v, mask)


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES.keys())
@torch.inference_mode()
def test_logits_equal(changes: dict[str, object]) -> None:
    ours, theirs = make_pair(make_config(**changes))
    tokens = torch.randint(0, 131, (2, 200))
    expected = theirs(tokens).logits
    assert expected.std() > 0.5
    torch.testing.assert_close(ours(tokens), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES.keys())
@torch.inference_mode()
def test_cached_decoding_equals_the_whole(changes: dict[str, object]) -> None:
    ours, theirs = make_pair(make_config(**changes))
    tokens = torch.randint(0, 131, (3, 40))
    cache = SimpleCache()
    pieces = []
    for start, stop in ((0, 17), (17, 30), *((at, at + 1) for at in range(30, 40))):
        positions = torch.arange(start, stop).expand(3, -1)
        pieces.append(ours(tokens[:, start:stop], positions, cache))
    torch.testing.assert_close(torch.cat(pieces, 1), theirs(tokens).logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["tied, 5 to 1", "untied, 6 to 2", "untied, yarn, theta 1e6"])
@torch.inference_mode()
def test_left_padding(name: str) -> None:
    ours, theirs = make_pair(make_config(**SHAPES[name]))
    mask = torch.ones(3, 24, dtype=torch.long)
    mask[1, :9] = 0
    mask[2, :23] = 0
    tokens = torch.randint(0, 131, (3, 24))
    positions, attend = left_padded(mask)
    logits = ours(tokens, positions, attend)
    expected = theirs(tokens, attention_mask=mask, position_ids=positions).logits
    assert logits.isfinite().all()
    torch.testing.assert_close(logits[mask.bool()], expected[mask.bool()], rtol=0, atol=1e-4)
    torch.testing.assert_close(logits[1, 9:], ours(tokens[1:2, 9:])[0], rtol=0, atol=1e-4)


def test_gradients_equal() -> None:
    ours, theirs = make_pair(make_config())
    tokens = torch.randint(0, 131, (2, 50))
    for model, logits in ((ours, ours(tokens)), (theirs, theirs(tokens).logits)):
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name].grad, rtol=1e-3, atol=1e-5, msg=name)


def test_norm_gradient_is_that_of_torch() -> None:
    torch.manual_seed(0)
    norm = RMSNorm(24, 1e-5)
    torch.nn.init.normal_(norm.weight)
    x = torch.randn(3, 5, 24, requires_grad=True)
    upstream = torch.randn(3, 5, 24)
    plain = torch.nn.functional.rms_norm(x, (24,), norm.weight, 1e-5)
    for ours, expected in zip(
        torch.autograd.grad(norm(x), (x, norm.weight), upstream),
        torch.autograd.grad(plain, (x, norm.weight), upstream),
        strict=True,
    ):
        torch.testing.assert_close(ours, expected)


def test_bf16_weights_and_autocast() -> None:
    ours, _ = make_pair(make_config(rope_theta=1e6))
    tokens = torch.randint(0, 131, (2, 60))
    expected = ours(tokens)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = ours(tokens)
    assert mixed.dtype == torch.bfloat16
    half = ours.bfloat16()(tokens)
    half.float().sum().backward()
    for logits in (mixed, half):
        # bf16 keeps 8 bits: relative to the spread of the logits the error stays within some percent.
        assert (logits.float() - expected).std() < 0.05 * expected.std()


def test_casting_a_model_does_not_round_its_positions() -> None:
    config = make_config(max_position_embeddings=4096)
    there_and_back = Transformer(config).rope
    fresh = Transformer(config).rope
    there_and_back.tables(torch.device("cpu"), torch.bfloat16)
    ours, expected = (rope.tables(torch.device("cpu"), torch.float32) for rope in (there_and_back, fresh))
    assert torch.equal(ours[0], expected[0])
    assert torch.equal(ours[1], expected[1])


@pytest.mark.parametrize("name", ["qwq-32b-preview", "qwen2.5-0.5b"])
def test_presets_have_the_tensors_of_qwen2(name: str) -> None:
    config = PRESETS[name]
    with torch.device("meta"):
        ours = Transformer(config).state_dict()
        theirs = Qwen2ForCausalLM(Qwen2Config(**config.to_json())).state_dict()
    if config.tie_word_embeddings:
        del theirs["lm_head.weight"]
    assert {name: t.shape for name, t in ours.items()} == {name: t.shape for name, t in theirs.items()}
    assert sum(tensor.numel() for tensor in ours.values()) == config.parameter_count()


def test_parameter_counts() -> None:
    qwq = PRESETS["qwq-32b-preview"]
    with torch.device("meta"):
        model = Transformer(qwq)
    assert sum(parameter.numel() for parameter in model.parameters()) == 32_763_876_352
    assert (qwq.parameter_count(), qwq.parameter_count(embeddings=False)) == (32_763_876_352, 31_206_740_992)
    sizes = {
        "0.5b": 494_032_768,
        "1.5b": 1_543_714_304,
        "3b": 3_085_938_688,
        "7b": 7_615_616_512,
        "14b": 14_770_033_664,
    }
    for size, count in sizes.items():
        assert PRESETS[f"qwen2.5-{size}"].parameter_count() == count
        assert PRESETS[f"qwen2.5-coder-{size}"].parameter_count() == count
    assert PRESETS["qwill-nano"].parameter_count() < 3_000_000


def test_fresh_weights_give_even_logits_and_a_steady_stream() -> None:
    torch.manual_seed(0)
    for layers in (2, 12):
        model = Transformer(make_config(num_hidden_layers=layers, hidden_size=192, tie_word_embeddings=False))
        tokens = torch.randint(0, 131, (4, 64))
        loss = torch.nn.functional.cross_entropy(model(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        assert abs(loss.item() - torch.tensor(131.0).log().item()) < 0.3
        model.model.norm = torch.nn.Identity()
        assert 0.02 < model.hidden(tokens).std() < 0.5


def test_fresh_heads_of_the_first_group_look_back_one_token_more_each() -> None:
    torch.manual_seed(0)
    model = Transformer(PRESETS["qwill-nano"])
    share_on: dict[int, float] = {}

    def watch(layer: int, q_BHTK: Tensor, k_BGTK: Tensor, v_BGTK: Tensor) -> Tensor:
        if layer == 0:
            for head in range(3):
                scores_TT = (q_BHTK[0, head] @ k_BGTK[0, 0].T) * q_BHTK.shape[-1] ** -0.5
                allowed_TT = torch.ones_like(scores_TT, dtype=torch.bool).tril()
                share_TT = scores_TT.masked_fill(~allowed_TT, -torch.inf).softmax(-1)
                share_on[head] = share_TT.diagonal(-(head + 1)).mean().item()
        return attend_causally(layer, q_BHTK, k_BGTK, v_BGTK)

    with torch.inference_mode():
        model.hidden(torch.randint(0, 2048, (1, 60)), attend=watch)
    assert min(share_on.values()) > 0.7, share_on
