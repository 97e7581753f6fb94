"""The loss: cross-entropy of the next token at chosen positions, output head and gradient in one pass.

Only positions that carry loss go through the output head. They go in chunks whose logits fit in the cache, and the
gradient is formed at once from the same logits, so that neither logits nor probabilities of a whole batch exist.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_CHUNK = 1024  # positions; with a vocabulary of 2,048 their fp32 logits take 8 MB


def next_token_loss(x_ND: Tensor, head_VD: Tensor, targets_N: Tensor, weights_N: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted sum of the cross-entropy (in nats) of each target.

    Args:
        x_ND: the model's output at the positions that carry loss.
        head_VD: the output head.
        targets_N: the token that follows each position.
        weights_N: fp32 weight of each position, divided already by whatever the sum is to be divided by.

    Returns:
        The loss, an fp32 scalar, and losses_N, the cross-entropy of each position without weight or gradient.
    """
    loss, losses_N = _HeadLoss.apply(x_ND, head_VD, targets_N, weights_N)  # type: ignore[no-untyped-call]
    return loss, losses_N


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, head_VD: Tensor, targets_N: Tensor, weights_N: Tensor) -> tuple[Tensor, Tensor]:
        dx_ND = torch.empty_like(x_ND)
        dhead_VD = torch.zeros(head_VD.shape, dtype=torch.float32, device=head_VD.device)
        losses_N = torch.empty_like(weights_N)
        for start in range(0, len(x_ND), _CHUNK):
            part = slice(start, start + _CHUNK)
            x, targets = x_ND[part], targets_N[part, None]
            log_probabilities = torch.log_softmax(F.linear(x, head_VD), -1, dtype=torch.float32)
            losses_N[part] = -log_probabilities.gather(1, targets)[:, 0]
            gradient = log_probabilities.exp_()
            gradient.scatter_add_(1, targets, torch.full_like(targets, -1, dtype=torch.float32))
            gradient = gradient.mul_(weights_N[part, None]).to(x.dtype)
            dx_ND[part] = gradient @ head_VD
            dhead_VD += gradient.T @ x
        ctx.save_for_backward(dx_ND, dhead_VD.to(head_VD.dtype))
        ctx.mark_non_differentiable(losses_N)
        return (losses_N * weights_N).sum(), losses_N

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        dx_ND, dhead_VD = ctx.saved_tensors
        return dx_ND * grads[0].to(dx_ND.dtype), dhead_VD * grads[0].to(dhead_VD.dtype), None, None
