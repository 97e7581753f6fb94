"""The Qwen2 transformer, in one file.

Pre-norm blocks of grouped-query attention (rotary positions, bias on queries, keys and values) and a SwiGLU
feed-forward; RMSNorm; an output head that may be the embedding. Modules are named so that the tensors are exactly
those of `Qwen2ForCausalLM`.

The model knows nothing of caches, batching or parallelism: attention is a function `attend` that whoever runs the
model may supply. Shapes stand in names: B sequences, T tokens, D hidden size, H query heads, G key/value heads,
K head width, S keys attended to, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from qwill.model.config import ModelConfig

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""(layer, q_BHTK, k_BGTK, v_BGTK) -> out_BHTK; queries and keys come rotated, nothing is scaled yet."""

_LOOK_BACK = 5.0  # bias of heads that look back: some 90% of their attention falls on the token they look for


def attention(
    q_BHTK: Tensor, k_BGSK: Tensor, v_BGSK: Tensor, mask: Tensor | None = None, *, causal: bool = False
) -> Tensor:
    """Scaled dot-product attention with grouped heads.

    Args:
        q_BHTK: queries.
        k_BGSK: keys; each of the G heads serves H / G neighbouring query heads.
        v_BGSK: values.
        mask: True where a query may look, of shape (B or 1, H or 1, T or 1, S); None lets it look everywhere.
        causal: query t looks at keys 0..t; without a mask only, and with T == S.

    Returns:
        (B, H, T, K).
    """
    B, H, T, K = q_BHTK.shape
    G = k_BGSK.shape[1]
    if T == 1 and H != G and (mask is None or mask.shape[1] == 1):
        # One query per head: the heads that share keys become the rows of one product, and nothing is repeated.
        out_BGRK = F.scaled_dot_product_attention(q_BHTK.reshape(B, G, H // G, K), k_BGSK, v_BGSK, attn_mask=mask)
        return out_BGRK.reshape(B, H, T, K)
    return F.scaled_dot_product_attention(q_BHTK, k_BGSK, v_BGSK, attn_mask=mask, is_causal=causal, enable_gqa=H != G)


def attend_causally(layer: int, q_BHTK: Tensor, k_BGTK: Tensor, v_BGTK: Tensor) -> Tensor:
    """Each token looks at itself and at those before it: the default `attend`."""
    return attention(q_BHTK, k_BGTK, v_BGTK, causal=True)


def left_padded(mask_BT: Tensor) -> tuple[Tensor, Attend]:
    """Positions and an `attend` for sequences of different lengths that are padded on the left.

    Args:
        mask_BT: True (or 1) for real tokens, False (or 0) for padding.

    Returns:
        positions_BT, counted from each sequence's first real token, and the `attend` to go with them.
    """
    real_BT = mask_BT.bool()
    positions_BT = (real_BT.long().cumsum(-1) - 1).clamp_min(0)
    T = real_BT.shape[1]
    visible_TT = torch.ones(T, T, dtype=torch.bool, device=real_BT.device).tril()
    # A padding token sees itself: a softmax over nothing would give NaN.
    itself_TT = torch.eye(T, dtype=torch.bool, device=real_BT.device)
    mask_B1TT = ((visible_TT & real_BT[:, None, :]) | itself_TT)[:, None]

    def attend(layer: int, q_BHTK: Tensor, k_BGTK: Tensor, v_BGTK: Tensor) -> Tensor:
        return attention(q_BHTK, k_BGTK, v_BGTK, mask_B1TT)

    return positions_BT, attend


class Rope:
    """Rotary positions (Su et al. 2021), stretched by YaRN (Peng et al. 2023) where the configuration says so.

    Cosines and sines of all positions are computed once, at first use, in fp32, and kept per device and dtype. They
    are not buffers of a module: a model on the meta device needs none, and casting a model must not round them twice.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self._tables: dict[tuple[torch.device, torch.dtype], tuple[Tensor, Tensor]] = {}

    def tables(self, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(cos_SK, sin_SK) for every position of the context; the first half of the sines is negated."""
        tables = self._tables.get((device, dtype))
        if tables is None:
            frequencies, magnitude = rope_frequencies(self.config)
            positions = torch.arange(self.config.context, device=device, dtype=torch.float32)
            angles = torch.outer(positions, frequencies.to(device))
            cos, sin = angles.cos() * magnitude, angles.sin() * magnitude
            tables = torch.cat((cos, cos), -1).to(dtype), torch.cat((-sin, sin), -1).to(dtype)
            self._tables[device, dtype] = tables
        return tables


def rope_frequencies(config: ModelConfig) -> tuple[Tensor, float]:
    """Angle per position of each pair of dimensions, (K / 2,) fp32, and the factor that YaRN puts on cos and sin."""
    K, theta = config.head_dim, config.rope_theta
    plain = 1.0 / theta ** (torch.arange(0, K, 2, dtype=torch.float32, device="cpu") / K)
    if config.yarn_factor == 1.0:
        return plain, _yarn_magnitude(config)
    scaling = config.rope_scaling or {}

    def dimension(turns: float) -> float:
        """Which pair of dimensions makes so many turns over the original context."""
        return K * math.log(config.original_positions / (turns * 2 * math.pi)) / (2 * math.log(theta))

    fastest, slowest = dimension(scaling.get("beta_fast") or 32), dimension(scaling.get("beta_slow") or 1)
    if scaling.get("truncate", True):
        fastest, slowest = math.floor(fastest), math.ceil(slowest)
    low, high = max(fastest, 0), min(slowest, K - 1)
    ramp = ((torch.arange(K // 2, dtype=torch.float32) - low) / (high - low or 0.001)).clamp(0, 1)
    # Fast dimensions keep their frequency, slow ones are stretched, those between are mixed.
    return plain * (1 - ramp) + plain / config.yarn_factor * ramp, _yarn_magnitude(config)


def _yarn_magnitude(config: ModelConfig) -> float:
    """The factor on cos and sin that keeps attention as sharp over a stretched context."""
    scaling = config.rope_scaling
    if scaling is None:
        return 1.0
    if scaling.get("attention_factor") is not None:
        return float(scaling["attention_factor"])

    def magnitude(weight: float) -> float:
        return 0.1 * weight * math.log(max(config.yarn_factor, 1.0)) + 1.0

    weight, weight_all = scaling.get("mscale"), scaling.get("mscale_all_dim")
    return magnitude(weight) / magnitude(weight_all) if weight and weight_all else magnitude(1.0)


def rotate(x_BHTK: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns each pair (k, k + K/2) of dimensions by its token's angle; `cos` and `sin` broadcast to x, see `Rope`."""
    return torch.addcmul(x_BHTK * cos, x_BHTK.roll(x_BHTK.shape[-1] // 2, -1), sin)


class Linear(nn.Linear):
    """A matrix without fresh weights of its own: `Transformer.initialise` gives them."""

    def reset_parameters(self) -> None:
        pass


class Embedding(nn.Embedding):
    """A table without fresh weights of its own: `Transformer.initialise` gives them."""

    def reset_parameters(self) -> None:
        pass


class RMSNorm(nn.RMSNorm):
    """x / root-mean-square(x), times a weight (Zhang & Sennrich 2019). Torch's own but for training on a CPU."""

    def forward(self, x_BTD: Tensor) -> Tensor:
        if x_BTD.device.type == "cpu" and torch.is_grad_enabled():
            normed_BTD: Tensor = _NormWithGradient.apply(x_BTD, self.weight, self.eps)  # type: ignore[no-untyped-call]
            return normed_BTD
        return super().forward(x_BTD)


class _NormWithGradient(torch.autograd.Function):
    """RMSNorm with its gradient in closed form: on a CPU torch derives it operation by operation, twice as slowly."""

    @staticmethod
    def forward(ctx: Any, x_BTD: Tensor, weight_D: Tensor, eps: float) -> Tensor:
        ctx.save_for_backward(x_BTD, weight_D)
        ctx.eps = eps
        return F.rms_norm(x_BTD, weight_D.shape, weight_D, eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x_BTD, weight_D = ctx.saved_tensors
        (out_gradient_BTD,) = gradients
        D = x_BTD.shape[-1]
        x_fp32 = x_BTD.float()
        scale_BT1 = torch.linalg.vecdot(x_fp32, x_fp32).div_(D).add_(ctx.eps).rsqrt_()[..., None]
        unit_BTD = (x_fp32 * scale_BT1).to(x_BTD.dtype)
        weight_gradient = (out_gradient_BTD * unit_BTD).flatten(0, -2).sum(0)
        unit_gradient_BTD = out_gradient_BTD * weight_D
        along_BT1 = torch.linalg.vecdot(unit_gradient_BTD, unit_BTD)[..., None].div_(D)
        x_gradient_BTD = torch.addcmul(unit_gradient_BTD, unit_BTD, along_BT1, value=-1) * scale_BT1.to(x_BTD.dtype)
        return x_gradient_BTD, weight_gradient, None


class Attention(nn.Module):
    """Grouped-query attention: projections, rotary positions; the attending itself is done by `attend`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        D, kv_width = config.hidden_size, config.num_key_value_heads * config.head_dim
        self.head_dim = config.head_dim
        self.q_proj = Linear(D, D)
        self.k_proj = Linear(D, kv_width)
        self.v_proj = Linear(D, kv_width)
        self.o_proj = Linear(D, D, bias=False)

    def forward(self, x_BTD: Tensor, layer: int, rope: tuple[Tensor, Tensor], attend: Attend) -> Tensor:
        B, T, D = x_BTD.shape
        q_BHTK = self.q_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        k_BGTK = self.k_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        v_BGTK = self.v_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        out_BHTK = attend(layer, rotate(q_BHTK, *rope), rotate(k_BGTK, *rope), v_BGTK)
        out_BTD: Tensor = self.o_proj(out_BHTK.transpose(1, 2).reshape(B, T, D))
        return out_BTD


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        out_BTD: Tensor = self.down_proj(F.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return out_BTD


class Block(nn.Module):
    """One layer: attention, then feed-forward, each on the normalised stream and added to it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x_BTD: Tensor, layer: int, rope: tuple[Tensor, Tensor], attend: Attend) -> Tensor:
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), layer, rope, attend)
        out_BTD: Tensor = x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))
        return out_BTD


class Backbone(nn.Module):
    """Everything but the output head; only names its parts, `Transformer` runs them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Transformer(nn.Module):
    """A Qwen2 language model.

    Built with fresh weights from torch's random generator; under `torch.device("meta")` it holds no memory at all.
    Tied models have no `lm_head`: their output head is the embedding.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Backbone(config)
        self.lm_head = None if config.tie_word_embeddings else Linear(config.hidden_size, config.vocab_size, bias=False)
        self.rope = Rope(config)
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Fresh weights for training from nothing.

        Matrices are normal with variance 1 / (3 × inputs): the 0.02 that GPT-2 has at its width, carried to any
        width. Those that write into the residual stream are smaller by the root of the number of writers, so that
        the stream's scale does not grow with depth. Embeddings have 0.1, norms 1, biases 0 but for `_look_back`.
        """
        if self.model.embed_tokens.weight.is_meta:  # random numbers there would only make torch load its compiler
            return
        residual = ("o_proj.weight", "down_proj.weight")
        for name, parameter in self.named_parameters():
            if name.endswith("embed_tokens.weight"):
                parameter.normal_(std=0.1)
            elif parameter.ndim == 2:
                writers = 2 * self.config.num_hidden_layers if name.endswith(residual) else 1
                parameter.normal_(std=(3 * parameter.shape[1] * writers) ** -0.5)
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
        self._look_back()

    @torch.no_grad()
    def _look_back(self) -> None:
        """Lets the first group of query heads of the first layer begin by looking 1, 2, 3, ... tokens back.

        Copying from the question, which every thought does, needs a layer that carries each token's neighbours to it
        before another can look for them. Found by chance this takes a small model a good part of its training. Here
        biases give it from the start: a constant query and a constant key, rotated, make a score that depends on the
        distance alone and is largest where the query's phase says. All of it can be unlearnt.
        """
        heads = self.config.num_attention_heads // self.config.num_key_value_heads
        K = self.config.head_dim
        pairs = min(4, K // 2)  # the fastest ones: only they tell neighbours apart
        first = cast(Block, self.model.layers[0]).self_attn
        query_bias_HK, key_bias_GK = first.q_proj.bias.view(-1, K), first.k_proj.bias.view(-1, K)
        key_bias_GK[0, :pairs] = _LOOK_BACK
        frequencies = rope_frequencies(self.config)[0][:pairs]
        for head in range(heads):
            phases = frequencies * (head + 1)
            query_bias_HK[head, :pairs] = _LOOK_BACK * phases.cos()
            query_bias_HK[head, K // 2 : K // 2 + pairs] = -_LOOK_BACK * phases.sin()
        # What tokens contain must not drown the distance.
        first.q_proj.weight[: heads * K] *= 0.1
        first.k_proj.weight[:K] *= 0.1

    def hidden(self, tokens_BT: Tensor, positions_BT: Tensor | None = None, attend: Attend | None = None) -> Tensor:
        """The last layer's output for every token, after the final norm.

        Args:
            tokens_BT: token numbers.
            positions_BT: position of each token, each less than `config.context`; by default 0, 1, 2, ...
            attend: how tokens look at one another; by default each at itself and those before it.

        Returns:
            x_BTD.
        """
        attend = attend or attend_causally
        x_BTD = self.model.embed_tokens(tokens_BT)
        rope = self._rope(x_BTD, positions_BT)
        for layer, block in enumerate(self.model.layers):
            x_BTD = block(x_BTD, layer, rope, attend)
        normed_BTD: Tensor = self.model.norm(x_BTD)
        return normed_BTD

    def _rope(self, x_BTD: Tensor, positions_BT: Tensor | None) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the given positions in the dtype of queries and keys, with a dimension for heads."""
        device = x_BTD.device
        autocast = torch.is_autocast_enabled(device.type)
        cos_SK, sin_SK = self.rope.tables(device, torch.get_autocast_dtype(device.type) if autocast else x_BTD.dtype)
        if positions_BT is None:
            T = x_BTD.shape[1]
            return cos_SK[:T], sin_SK[:T]
        return F.embedding(positions_BT, cos_SK)[:, None], F.embedding(positions_BT, sin_SK)[:, None]

    def logits(self, x_BTD: Tensor) -> Tensor:
        """Logits (B, T, V) over the vocabulary for the output of `hidden`, or for any part of it."""
        head = self.model.embed_tokens if self.lm_head is None else self.lm_head
        return F.linear(x_BTD, head.weight)

    def forward(self, tokens_BT: Tensor, positions_BT: Tensor | None = None, attend: Attend | None = None) -> Tensor:
        """Logits (B, T, V) of the token after each token; arguments as in `hidden`."""
        return self.logits(self.hidden(tokens_BT, positions_BT, attend))
