"""One optimizer step: microbatches in, moved weights out. Knows nothing of files, clocks or where data come from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from qwill.core import QwillError
from qwill.model.transformer import Transformer
from qwill.train.attention import attend_in_blocks
from qwill.train.data import Microbatch
from qwill.train.loss import next_token_loss
from qwill.train.optimization import Weights
from qwill.train.recipe import OptimizerRecipe


@dataclass(frozen=True)
class Learnt:
    """What a step showed: mean loss per token in nats, the same by index of family, norm of the whole gradient."""

    loss: float
    by_family: dict[int, float]
    gradient_norm: float


class Learner:
    """A model in training.

    Microbatches are spread over threads, and each operation runs in the thread that calls it: operations this small
    lose more to the barrier at their end than they gain from a second core, the more so when something else wants
    that core. What comes out does not depend on the number of threads.

    Args:
        model: with fresh weights in fp32.
        recipe: learning rates and the like.
        dtype: fp32 or bf16, in which the model computes.
        threads: microbatches worked on at a time.
    """

    def __init__(self, model: Transformer, recipe: OptimizerRecipe, dtype: torch.dtype, threads: int) -> None:
        self.weights = Weights(model, recipe, dtype, threads)
        self._pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def step(self, microbatches: Sequence[Microbatch], share: float) -> Learnt:
        """Move the weights by the gradient of the mean loss over all microbatches, at `share` of the learning rates.

        Raises:
            QwillError: the gradient is not finite; the weights are as before.
        """
        weight = float(sum(batch.weights_N.sum(dtype=np.float64) for batch in microbatches))
        losses: dict[int, float] = defaultdict(float)
        weights: dict[int, float] = defaultdict(float)
        # Gradients are added up in the order of the microbatches, whichever is ready first: the sum is always the same.
        for batch, passed in [(batch, self._pool.submit(self._gradient, batch, weight)) for batch in microbatches]:
            gradients, losses_N = passed.result()
            self.weights.collect(gradients)
            for family in np.unique(batch.families_N):
                of_family = batch.families_N == family
                losses[int(family)] += float((batch.weights_N * losses_N)[of_family].sum(dtype=np.float64))
                weights[int(family)] += float(batch.weights_N[of_family].sum(dtype=np.float64))
        norm = self.weights.clip()
        if not math.isfinite(norm):
            raise QwillError("Training diverged: the gradient is no longer finite.", "Lower the learning rates.")
        self.weights.step(share, self._pool)
        by_family = {family: losses[family] / weights[family] for family in losses}
        return Learnt(sum(losses.values()) / weight, by_family, norm)

    def _gradient(self, batch: Microbatch, weight: float) -> tuple[tuple[Tensor, ...], npt.NDArray[np.float32]]:
        """Gradient of a microbatch's loss, divided by `weight`, for each parameter; and the loss of each position."""
        model = self.weights.model
        tokens_BT = torch.from_numpy(batch.tokens_BT).long()
        where_N, targets_N = torch.from_numpy(batch.where_N).long(), torch.from_numpy(batch.targets_N).long()
        x_BTD = model.hidden(tokens_BT, attend=attend_in_blocks)
        head = model.model.embed_tokens if model.lm_head is None else model.lm_head
        x_ND = x_BTD.flatten(0, 1).index_select(0, where_N)
        weights_N = torch.from_numpy(batch.weights_N)
        loss, losses_N = next_token_loss(x_ND, head.weight, targets_N, weights_N)
        return torch.autograd.grad(loss / weight, self.weights.parameters), losses_N.numpy()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Every operation of torch runs in the thread that calls it, see `Learner`."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
