"""A transformer's weights laid out for generation.

`Packed` computes what `Transformer.hidden` and `Transformer.logits` compute, from the same weights, arranged so that
a step of a few tokens costs few and fast operations:

- One matrix gives queries, keys and values; one gives gate and up.
- Rotary pairs (k, k + K/2) stand next to each other, so that rotating is one complex product. Scores do not change:
  queries and keys are permuted alike.
- Heads are ordered by *unit*: R = H / G units of queries, then one of keys, then one of values, each G heads wide.
  Whoever attends gets (N, R + 2, G, K) and gathers or stores whole units; no transposing.
- Linear layers keep their weights in the order that is fastest to multiply with (see `engine.linear`).

Layers may lie on several devices: neighbours on one are a stage, and the stream goes from stage to stage.

int8 and int4 are slow on many rows, so prompts are read by another product, which rounds otherwise. Which of the two a
token is computed by is decided by the piece of its own prompt that it is read with (`Packed.reads_wide`); text is
always written by the kernels. So they keep to the same promise as bf16: the same bits in any company, wherever that
was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from qwill.engine.kv import Stage
from qwill.engine.linear import Linear, stable_rows
from qwill.model.checkpoint import Parts
from qwill.model.config import ModelConfig
from qwill.model.memory import of_itemsize
from qwill.model.quantise import Int8, wide_from
from qwill.model.shape import Precision, takes_int8
from qwill.model.transformer import Rope, Transformer

AttendUnits = Callable[[int, Tensor], Tensor]
"""(layer, units_NUGK with U = R + 2: queries and keys rotated) -> out of shape (N, R * G * K)."""


class Source(Protocol):
    """Where weights come from, one after another."""

    @property
    def config(self) -> ModelConfig: ...

    def take(self, *names: str, device: torch.device | None) -> Tensor:
        """Some weights as one tensor, each below the one before it; asked for once.

        Args:
            names: as in `Transformer`.
            device: where to; None leaves them where they are.
        """


class Held:
    """The weights of a model in memory.

    Args:
        model: whose.
        consume: the model gives up what is taken, and cannot be used any more. Otherwise both exist side by side for
            as long as the caller keeps the model.
    """

    def __init__(self, model: Transformer, *, consume: bool = False) -> None:
        self._model, self._consume = model, consume

    @property
    def config(self) -> ModelConfig:
        return self._model.config

    def take(self, *names: str, device: torch.device | None) -> Tensor:
        weights = [self._model.get_parameter(name).detach() for name in names]
        if self._consume:
            for name in names:
                owner, _, last = name.rpartition(".")
                self._model.get_submodule(owner)._parameters[last] = None
        joined = weights[0] if len(weights) == 1 else torch.cat(weights)
        return joined if device is None else joined.to(device)


class FromFiles:
    """Weights that are read when they are asked for.

    Args:
        parts: where they are.
        dtype: in which they are read.
    """

    def __init__(self, parts: Parts, dtype: torch.dtype) -> None:
        self._parts, self._dtype = parts, dtype

    @property
    def config(self) -> ModelConfig:
        return self._parts.config

    def take(self, *names: str, device: torch.device | None) -> Tensor:
        return self._parts.stacked(names, self._dtype, device or "cpu")


class Packed:
    """The weights of a model, laid out for generation.

    A tied embedding exists twice, for looking up and as the output head, but for int8 on one device.

    Args:
        source: where the weights come from; no more than three matrices are asked for at a time.
        precision: INT8 or INT4 round the weights of a bf16 model; the embedding is looked up in int8 then.
        stages: which layers are on which device; the embedding goes with the first, the output head with the last. By
            default all is where the source has it.
    """

    def __init__(
        self, source: Source, *, precision: Precision | None = None, stages: Sequence[Stage] | None = None
    ) -> None:
        config = source.config
        self.config = config
        self.heads, self.groups, self.width = (
            config.num_attention_heads, config.num_key_value_heads, config.head_dim,
        )  # fmt: skip
        embedding = source.take("model.embed_tokens.weight", device=stages[0].device if stages else None)
        self.dtype, self.device = embedding.dtype, embedding.device
        self.precision = precision or of_itemsize(self.dtype.itemsize)
        self.stages = tuple(stages or [Stage(self.device, range(config.num_hidden_layers))])
        last = self.stages[-1].device
        self.embedding = _table(embedding, self.precision)
        if config.tie_word_embeddings:
            serves_both = self.precision is Precision.INT8 and last == self.device
            shared = self.embedding if serves_both and isinstance(self.embedding, Int8) else None
            self.head = Linear(embedding.to(last), None, self.precision, shared)
            del embedding
        else:
            del embedding  # before the next one comes
            self.head = Linear(source.take("lm_head.weight", device=last), None, self.precision)
        cos_SK, sin_SK = Rope(config).tables(self.device, torch.float32)
        half = self.width // 2
        self.turns = torch.complex(cos_SK[:, :half].contiguous(), sin_SK[:, half:].contiguous())
        self.layers = [
            Layer(partial(_of_layer, source, number, stage.device), self.groups, self.width, self.precision)
            for stage in self.stages
            for number in stage.layers
        ]
        self.norm = source.take("model.norm.weight", device=last)
        firsts = [self.layers[stage.layers[0]] for stage in self.stages]
        self.min_rows = stable_rows([*(linear for layer in firsts for linear in layer.linears), self.head])
        wide = [wide_from(self.precision, stage.device) for stage in self.stages]
        self._wide_from = next((rows for rows in wide if rows is not None), None)

    @property
    def units(self) -> int:
        """Units of queries, R: query heads per key/value head."""
        return self.heads // self.groups

    def rows(self, count: int) -> int:
        """To how many rows a batch of `count` is filled up: few sizes, since kernels are made for each at first use."""
        step = self.min_rows if count <= 2 and self.min_rows <= 2 else 4 if count <= 64 else 16
        return max(self.min_rows, -(-count // step) * step)

    def rotations(self, positions_N: Tensor) -> Tensor:
        """Complex factors (N, U, 1, K / 2) that rotate queries and keys to their positions and leave values alone."""
        N, R = positions_N.shape[0], self.units
        turns_N11J = self.turns[positions_N][:, None, None]
        factors = torch.ones(N, R + 2, 1, self.width // 2, dtype=self.turns.dtype, device=self.device)
        factors[:, : R + 1] = turns_N11J
        return factors

    def reads_wide(self, count: int) -> bool:
        """Whether a piece of a prompt of so many tokens is read by the product for many rows.

        Prompts are cut into pieces by their length alone, so this says nothing of what is computed along with one.
        """
        return self._wide_from is not None and count >= self._wide_from

    def hidden(self, tokens_N: Tensor, positions_N: Tensor, attend: AttendUnits, *, wide: bool = False) -> Tensor:
        """The last layer's output, after the final norm, for tokens of any number of sequences: (N, D).

        Args:
            tokens_N, positions_N: each one's number, and place in its sequence; on the first layer's device.
            attend: how tokens look at one another.
            wide: as `reads_wide` says of the pieces of prompts that they are; never for text that is written.
        """
        N, G, K = tokens_N.shape[0], self.groups, self.width
        norm_shape, eps = (self.config.hidden_size,), self.config.rms_norm_eps
        rotations = self.rotations(positions_N)
        x_ND = self._look_up(tokens_N)
        for number, layer in enumerate(self.layers):
            if layer.device != x_ND.device:
                x_ND, rotations = x_ND.to(layer.device), rotations.to(layer.device)
            units = layer.qkv(F.rms_norm(x_ND, norm_shape, layer.attention_norm, eps), wide=wide).float()
            rotated = torch.view_as_complex(units.view(N, -1, G, K // 2, 2)) * rotations
            units_NUGK = torch.view_as_real(rotated).view(N, -1, G, K).to(self.dtype)
            x_ND = x_ND + layer.out(attend(number, units_NUGK), wide=wide)
            gate_up = layer.gate_up(F.rms_norm(x_ND, norm_shape, layer.feed_forward_norm, eps), wide=wide)
            gate, up = gate_up.chunk(2, -1)
            x_ND = x_ND + layer.down(F.silu(gate).mul_(up), wide=wide)
        return F.rms_norm(x_ND, norm_shape, self.norm, eps)

    def _look_up(self, tokens_N: Tensor) -> Tensor:
        table = self.embedding
        return table.look_up(tokens_N) if isinstance(table, Int8) else F.embedding(tokens_N, table)

    def logits(self, x_ND: Tensor) -> Tensor:
        """Logits (N, V) in fp32."""
        return self.head(x_ND).float()


class Layer:
    """One block's weights: see the module's text for their order.

    Args:
        take: gives weights by their names in the block; no more than three matrices are asked for at a time.
        groups, width: G and K.
        precision: as for `Packed`.
    """

    def __init__(self, take: Callable[..., Tensor], groups: int, width: int, precision: Precision) -> None:
        self.attention_norm, self.feed_forward_norm = (
            take(f"{name}_layernorm.weight") for name in ("input", "post_attention")
        )
        projections = [f"self_attn.{name}_proj" for name in "qkv"]
        weight, bias = (
            _units(take(*(f"{name}.{kind}" for name in projections)), groups, width) for kind in ("weight", "bias")
        )
        self.device = weight.device
        self.qkv = Linear(weight, bias, precision)
        del weight
        out = take("self_attn.o_proj.weight")
        out_DGRK = out.view(len(out), groups, -1, width)
        self.out = Linear(out_DGRK.transpose(1, 2).reshape(len(out), -1), None, precision)
        del out, out_DGRK
        self.gate_up = Linear(take("mlp.gate_proj.weight", "mlp.up_proj.weight"), None, precision)
        self.down = Linear(take("mlp.down_proj.weight"), None, precision)

    @property
    def linears(self) -> tuple[Linear, ...]:
        return self.qkv, self.out, self.gate_up, self.down


def _of_layer(source: Source, number: int, device: torch.device, *names: str) -> Tensor:
    return source.take(*(f"model.layers.{number}.{name}" for name in names), device=device)


def _table(embedding: Tensor, precision: Precision) -> Tensor | Int8:
    """What embeddings are looked up in."""
    narrow = precision in (Precision.INT8, Precision.INT4) and takes_int8(embedding.shape[1])
    return Int8(embedding) if narrow else embedding


def _units(rows: Tensor, groups: int, width: int) -> Tensor:
    """Weights, or biases, of queries, keys and values (one below the other) with their heads ordered by unit, and the
    rotary pairs of queries and keys side by side."""
    of_keys = groups * width

    def reorder(rows: Tensor, *, paired: bool) -> Tensor:
        rows_RGK = rows.view(groups, -1, width, *rows.shape[1:]).transpose(0, 1)
        if paired:
            pairs = (*rows_RGK.shape[:2], 2, width // 2, *rows.shape[1:])
            rows_RGK = rows_RGK.reshape(pairs).transpose(2, 3)
        return rows_RGK.reshape(rows.shape)

    queries, keys, values = torch.split(rows, [len(rows) - 2 * of_keys, of_keys, of_keys])
    return torch.cat((reorder(queries, paired=True), reorder(keys, paired=True), reorder(values, paired=False)))
