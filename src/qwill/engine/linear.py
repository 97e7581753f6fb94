"""Linear layers as they are multiplied with when text is generated.

oneDNN's kernels with weights in its own blocked order: in fp32 on an AMD Zen 5 (AVX-512) they took 0.4 to 0.6 of the
time of torch's default (MKL) for 16 to 64 rows, and 0.6 of it for a single row of a model that must come from memory
(151 MB); for one row of a model that fits into the cache (11 MB) twice as long: 10 us a call.

The order in which a product is summed up must not depend on how many rows are computed together, or the same request
would get other tokens in other company. Measured, in fp32 and bf16: oneDNN's result for a row is the same bits for
any number of rows from 2 on (one row of 2048 inputs or more is summed up in another order); MKL's from 4 on. Which
number holds on this machine is measured when weights are packed (`stable_rows`); fewer rows are filled up. The
kernels for int8 and int4 (see `model.quantise`) need one row only.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from qwill.model.quantise import Matrix, quantised
from qwill.model.shape import Precision


class Linear:
    """x @ weight.T + bias with the weight in the fastest order that the machine knows, or in fewer bits.

    Args:
        weight: (outputs, inputs).
        bias: (outputs,).
        precision: INT8 or INT4 round the weight, where its sides allow that; others leave it as it is.
        narrow: the weight rounded already.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        precision: Precision = Precision.BF16,
        narrow: Matrix | None = None,
    ) -> None:
        self.bias = bias
        self.inputs, self.outputs = weight.shape[1], weight.shape[0]
        self.dtype, self.device = weight.dtype, weight.device
        self.narrow = narrow
        if narrow is None and precision in (Precision.INT8, Precision.INT4):
            self.narrow = quantised(weight.detach(), precision)
        self._blocked = False
        if self.narrow is None:
            self.weight = weight.detach().contiguous()
            self._blocked = _has_blocked_kernels(weight)
            if self._blocked:
                self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight)

    def __call__(self, x_NI: Tensor, *, wide: bool = False) -> Tensor:
        """The product, (N, outputs); of quantised weights the one for many rows where `wide` says so."""
        if self.narrow is not None:
            product = self.narrow.wide(x_NI) if wide else self.narrow(x_NI)
            return product if self.bias is None else product.add_(self.bias)
        if self._blocked:
            # The overload is named since finding it takes as long as a small product.
            out: Tensor = torch.ops.mkldnn._linear_pointwise.default(x_NI, self.weight, self.bias, "none", [], "")
            return out
        return F.linear(x_NI, self.weight, self.bias)


def _has_blocked_kernels(weight: Tensor) -> bool:
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return weight.dtype == torch.float32


def stable_rows(linears: Iterable[Linear]) -> int:
    """The smallest number of rows from which on each row's result is the same bits for any number of rows.

    Measured on one layer of each shape and device. One row is never enough but for quantised weights: most kernels
    treat it apart, and bf16 may hide that in a sample. 16, the largest number tried, when none holds.
    """
    by_shape = {(linear.inputs, linear.outputs, linear.narrow is None, linear.device): linear for linear in linears}
    generator = torch.Generator().manual_seed(0)
    candidates = [2, 4, 8] if any(linear.narrow is None for linear in by_shape.values()) else [1, 2, 4, 8]
    for (inputs, *_), linear in by_shape.items():
        x = torch.randn(33, inputs, generator=generator).to(linear.device, linear.dtype)
        whole = linear(x)
        results = {rows: linear(x[:rows]) for rows in (1, 2, 3, 4, 5, 8, 9, 12, 16)}
        unstable = max((rows for rows, out in results.items() if not torch.equal(out, whole[:rows])), default=0)
        candidates = [rows for rows in candidates if rows > unstable]
    return candidates[0] if candidates else 16
