"""How many numbers a model has and how many bytes they take, from its shape alone.

For the catalog and for foreseeing memory; nothing is loaded, torch is not imported. A shape covers Qwen2 and Qwen3,
and so more than the native engine runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qwill.model.config import ModelConfig


class Precision(StrEnum):
    """How weights are stored."""

    FP32 = "fp32"
    BF16 = "bf16"  # fp16 takes exactly as much
    INT8 = "int8"  # as GGUF's Q8_0
    INT4 = "int4"  # as GGUF's Q4_K_M


INT4_GROUP = 32
"""Inputs that share a scale and a middle in the native engine's int4 (see `quantise`)."""


def takes_int8(inputs: int) -> bool:
    """Whether the native engine can keep a matrix in int8."""
    return inputs % 16 == 0


def takes_int4(outputs: int, inputs: int) -> bool:
    """Whether the native engine can keep a matrix in int4."""
    return inputs % INT4_GROUP == 0 and outputs % 16 == 0


@dataclass(frozen=True)
class Matrix:
    """A weight of two dimensions: its part in the model, the layer it belongs to (None outside), rows, row length."""

    part: str
    layer: int | None
    rows: int
    row: int

    @property
    def count(self) -> int:
        return self.rows * self.row


@dataclass(frozen=True)
class Shape:
    """Sizes of a decoder with grouped-query attention and a SwiGLU feed-forward.

    Attributes:
        vocabulary: rows of the embedding.
        width: of the residual stream.
        inner: width inside the feed-forward.
        layers: blocks.
        heads, groups: query heads; heads of keys and values.
        head: width of one head.
        tied: the output head is the embedding.
        biases: queries, keys and values have a bias (Qwen2).
        head_norms: queries and keys are normalised per head (Qwen3).
    """

    vocabulary: int
    width: int
    inner: int
    layers: int
    heads: int
    groups: int
    head: int
    tied: bool
    biases: bool = True
    head_norms: bool = False

    @classmethod
    def of(cls, config: ModelConfig) -> Shape:
        """The shape of a Qwen2 configuration."""
        return cls(
            vocabulary=config.vocab_size,
            width=config.hidden_size,
            inner=config.intermediate_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            groups=config.num_key_value_heads,
            head=config.head_dim,
            tied=config.tie_word_embeddings,
        )

    def matrices(self) -> Iterator[Matrix]:
        """All weights of two dimensions; a tied embedding once, as `output`."""
        if not self.tied:
            yield Matrix("embedding", None, self.vocabulary, self.width)
        yield Matrix("output", None, self.vocabulary, self.width)
        queries, keys = self.heads * self.head, self.groups * self.head
        for layer in range(self.layers):
            yield Matrix("query", layer, queries, self.width)
            yield Matrix("key", layer, keys, self.width)
            yield Matrix("value", layer, keys, self.width)
            yield Matrix("attention_out", layer, self.width, queries)
            yield Matrix("gate", layer, self.inner, self.width)
            yield Matrix("up", layer, self.inner, self.width)
            yield Matrix("down", layer, self.width, self.inner)

    @property
    def vectors(self) -> int:
        """Numbers in norms and biases."""
        per_layer = 2 * self.width
        if self.biases:
            per_layer += (self.heads + 2 * self.groups) * self.head
        if self.head_norms:
            per_layer += 2 * self.head
        return self.layers * per_layer + self.width

    @property
    def parameters(self) -> int:
        """All parameters, embeddings included."""
        return sum(matrix.count for matrix in self.matrices()) + self.vectors

    def weight_bytes(self, precision: Precision) -> int:
        """Bytes of the weights stored in a precision.

        int8 and int4 are counted as GGUF's Q8_0 and Q4_K_M, the latter by llama.cpp's own rules for which matrix gets
        more bits. Norms and biases stay in fp32 there.
        """
        match precision:
            case Precision.FP32:
                return 4 * self.parameters
            case Precision.BF16:
                return 2 * self.parameters
            case Precision.INT8:
                return sum(matrix.count * 34 // 32 for matrix in self.matrices()) + 4 * self.vectors
            case Precision.INT4:
                return sum(_q4_k_m_bytes(matrix, self.layers) for matrix in self.matrices()) + 4 * self.vectors

    def packed_bytes(self, precision: Precision) -> int:
        """Bytes of the weights as the native engine holds them.

        The embedding is held as a table, in int8 beside int4, and apart from an output head that is the same: but in
        int8, which serves both.
        """
        if precision in (Precision.FP32, Precision.BF16):
            element = 4 if precision is Precision.FP32 else 2
            return element * (self.parameters + (self.vocabulary * self.width if self.tied else 0))
        # The native engine joins queries, keys and values to one matrix, and gate and up: sides may fit then that
        # would not alone. Real models' fit either way.
        head = packed_matrix_bytes(precision, self.vocabulary, self.width)
        table = packed_matrix_bytes(Precision.INT8, self.vocabulary, self.width)
        layer = sum(
            packed_matrix_bytes(precision, matrix.rows, matrix.row)
            for matrix in self.matrices()
            if matrix.layer is not None
        )
        both = head if self.tied and precision is Precision.INT8 else head + table
        return layer + both + 2 * self.vectors

    def kv_bytes_per_token(self, element: int = 2) -> int:
        """Bytes of keys and values of one position, with `element` bytes for a number."""
        return self.layers * 2 * self.groups * self.head * element


def packed_matrix_bytes(precision: Precision, outputs: int, inputs: int) -> int:
    """Bytes of one matrix as the native engine holds it; in bf16 where its sides do not allow int8 or int4."""
    if precision is Precision.FP32:
        return 4 * outputs * inputs
    if precision is Precision.INT4 and takes_int4(outputs, inputs):
        return outputs * (inputs // 2 + inputs // INT4_GROUP * 4)
    narrow = precision is not Precision.BF16 and takes_int8(inputs)
    return outputs * (inputs + 2) if narrow else 2 * outputs * inputs


def _q4_k_m_bytes(matrix: Matrix, layers: int) -> int:
    """Bytes of one matrix in Q4_K_M: Q6_K for the output head and for values and `down` of some layers, else Q4_K.

    Both store rows in pieces of 256; rows that do not divide so fall back to Q8_0 and Q5_0, in pieces of 32.
    """
    better = matrix.part == "output"
    if matrix.part in ("value", "down"):
        assert matrix.layer is not None
        eighth = layers // 8
        better = matrix.layer < eighth or matrix.layer >= 7 * layers // 8 or (matrix.layer - eighth) % 3 == 2
    if matrix.row % 256 == 0:
        return matrix.count // 256 * (210 if better else 144)
    return matrix.count // 32 * (34 if better else 22)
