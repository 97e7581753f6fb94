"""Loss, attention and learning rates against small independent references."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from train_tiny import write_recipe

from qwill.core import QwillError
from qwill.model.config import ModelConfig
from qwill.model.transformer import Transformer, attend_causally
from qwill.train.attention import attend_in_blocks
from qwill.train.data import Example, collate
from qwill.train.learner import Learner
from qwill.train.loss import next_token_loss
from qwill.train.machine import training_flops
from qwill.train.optimization import rate
from qwill.train.recipe import OptimizerRecipe, load_recipe

CONFIG = ModelConfig(
    vocab_size=50, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, tie_word_embeddings=True,
)  # fmt: skip


def test_the_loss_equals_a_reference_in_numpy() -> None:
    rng = np.random.default_rng(0)
    x, head = rng.normal(size=(2500, 8)), rng.normal(size=(30, 8))
    targets, weights = rng.integers(0, 30, 2500), rng.random(2500)
    logits = x @ head.T
    logits -= logits.max(1, keepdims=True)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = -np.log(probabilities[np.arange(2500), targets])
    slope = (probabilities - np.eye(30)[targets]) * weights[:, None]

    x_ND, head_VD = (torch.tensor(value, dtype=torch.float32, requires_grad=True) for value in (x, head))
    loss, losses_N = next_token_loss(
        x_ND, head_VD, torch.from_numpy(targets), torch.tensor(weights, dtype=torch.float32)
    )
    (3 * loss).backward()
    assert loss.item() == pytest.approx((losses * weights).sum(), rel=1e-5)
    np.testing.assert_allclose(losses_N.numpy(), losses, atol=1e-4)
    np.testing.assert_allclose(x_ND.grad.numpy(), 3 * slope @ head, atol=1e-4)
    np.testing.assert_allclose(head_VD.grad.numpy(), 3 * slope.T @ x, atol=1e-3)


@pytest.mark.parametrize(("heads", "groups", "length"), [(5, 1, 300), (4, 2, 128), (3, 3, 17)])
def test_attention_in_blocks_equals_the_models_own(heads: int, groups: int, length: int) -> None:
    torch.manual_seed(0)
    outputs = []
    shapes = ((2, heads, length, 8), (2, groups, length, 8), (2, groups, length, 8))
    inputs = [torch.randn(shape) for shape in shapes]
    slope = torch.randn(shapes[0])
    for attend in (attend_causally, attend_in_blocks):
        leaves = [value.clone().requires_grad_() for value in inputs]
        out = attend(0, *leaves)
        outputs.append([out, *torch.autograd.grad(out, leaves, slope)])
    for expected, found in zip(*outputs, strict=True):
        torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


def _gradients(model: Transformer, rows: list[Example], length: int) -> list[torch.Tensor]:
    batch = collate(rows, length)
    x_BTD = model.hidden(torch.from_numpy(batch.tokens_BT).long(), attend=attend_in_blocks)
    x_ND = x_BTD.flatten(0, 1)[torch.from_numpy(batch.where_N).long()]
    targets_N, weights_N = torch.from_numpy(batch.targets_N).long(), torch.from_numpy(batch.weights_N)
    loss, _ = next_token_loss(x_ND, model.model.embed_tokens.weight, targets_N, weights_N)
    return list(torch.autograd.grad(loss, list(model.parameters())))


def test_padding_changes_no_gradient() -> None:
    torch.manual_seed(0)
    model = Transformer(CONFIG)
    rows = [Example(torch.randint(50, (size,)).tolist(), 4, 0) for size in (9, 30, 21)]
    alone = [_gradients(model, [row], len(row.tokens)) for row in rows]
    for together, *parts in zip(_gradients(model, rows, 32), *alone, strict=True):
        torch.testing.assert_close(together, sum(parts), atol=1e-5, rtol=1e-4)


def test_operations_are_counted_on_real_tokens_only() -> None:
    short, padded = (collate([Example([1] * 10, 4, 0)], length) for length in (10, 64))
    assert training_flops(CONFIG, short) == training_flops(CONFIG, padded)
    matrices = 2 * (2 * 16 * 16 + 2 * 16 * 8 + 3 * 16 * 24)
    assert training_flops(CONFIG, short) == 6 * (matrices * 10 + 50 * 16 * 6 + 2 * 16 * 100)


def test_learning_rates_rise_hold_and_fall(tmp_path) -> None:
    optimizer = {"warmup_steps": 9, "decay_share": 0.2}
    stable = load_recipe(write_recipe(tmp_path, optimizer=optimizer)).optimizer
    assert rate(stable, 0, 0.0) == pytest.approx(0.1)
    assert rate(stable, 9, 0.1) == rate(stable, 50, 0.7) == 1.0
    assert rate(stable, 90, 0.9) == pytest.approx(0.5)
    assert rate(stable, 100, 1.0) == 0.0
    for schedule, half in (("linear", 0.5), ("cosine", 0.5)):
        recipe = load_recipe(write_recipe(tmp_path, optimizer={**optimizer, "schedule": schedule})).optimizer
        assert rate(recipe, 50, 0.5) == pytest.approx(half)
        assert rate(recipe, 100, 1.0) == pytest.approx(0.0)


def test_a_diverged_model_is_not_trained_on() -> None:
    recipe = OptimizerRecipe(1, 0.02, 0.95, 0.0, 0.003, (0.9, 0.95), 0.0, 1.0, "stable", 0, 0.0)
    model = Transformer(CONFIG)
    with torch.no_grad():
        model.model.norm.weight[0] = float("inf")
    learner = Learner(model, recipe, torch.float32, 1)
    before = learner.weights.masters["model.embed_tokens.weight"].clone()
    with pytest.raises(QwillError, match="diverged"):
        learner.step([collate([Example([1, 2, 3, 4], 2, 0)], 4)], 1.0)
    learner.close()
    assert torch.equal(learner.weights.masters["model.embed_tokens.weight"], before)
