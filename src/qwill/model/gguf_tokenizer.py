"""A GGUF file's vocabulary as our tokenizer, and the other way round.

GGUF keeps a list of tokens in which byte-level tokens are written in GPT-2's alphabet and control tokens as they are,
a type for each, the merges, and the name of the rule by which text is cut into words ("pre"). It has no text
normalisation; Qwen2's NFC is put back, as the makers' tokenizer.json has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gguf.constants import TokenType

from qwill.core import CheckpointError
from qwill.model.config import ModelConfig
from qwill.model.gguf_output import Value
from qwill.model.tokenizer import END_OF_TEXT, QWEN2_WORDS, TURN_END, Tokenizer

# llama.cpp cuts text in the same way for both names; files older than the names have none.
QWEN2_RULES = ("qwen2", "deepseek-r1-qwen", None)
_ADDED = (TokenType.CONTROL, TokenType.USER_DEFINED)
_ROLES = {"bos_token": "bos", "eos_token": "eos", "pad_token": "padding"}
_END_IDS = ("eos_token_id", "eot_token_id", "eom_token_id")


def read_tokenizer(metadata: Mapping[str, Any], path: Path) -> Tokenizer:
    """The tokenizer that a file's metadata describes; its settings name bos_token, eos_token and pad_token, maybe None.

    Args:
        metadata: of the file.
        path: of the file, for messages.

    Raises:
        CheckpointError: it is of another kind, or makes no sense.
    """

    def get(name: str) -> Any:
        return metadata.get(f"tokenizer.ggml.{name}")

    if get("model") != "gpt2" or get("pre") not in QWEN2_RULES:
        raise CheckpointError(
            f"The tokenizer in {path} is of another kind ({get('model')}, {get('pre')}) than Qwen2's.",
            "Run the model with another engine.",
        )
    tokens, merges = get("tokens"), get("merges")
    if not _are_texts(tokens) or not _are_texts(merges):
        raise _damaged(path, "its tokenizer has no tokens or no merges")
    types = get("token_type") or [TokenType.NORMAL] * len(tokens)
    if not isinstance(types, list) or len(types) != len(tokens):
        raise _damaged(path, f"it has {len(tokens):,} tokens, and types for another number")
    template = metadata.get("tokenizer.chat_template")
    if not isinstance(template, str | None):
        raise _damaged(path, "its chat template is no text")
    named = {role: _token(tokens, get(f"{name}_token_id"), path) for role, name in _ROLES.items()}
    # Generation ends with the end of a turn or of a text, whichever of the two the file names: as llama.cpp has it.
    added = {token for token, kind in zip(tokens, types, strict=True) if kind in _ADDED}
    if "" in added:
        raise _damaged(path, "it has an empty control token")
    ends = {_token(tokens, get(name), path) for name in _END_IDS} | ({TURN_END, END_OF_TEXT} & added)
    settings = {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_bos_token": bool(get("add_bos_token")),
        "chat_template": template,
        "clean_up_tokenization_spaces": False,
        **named,
    }
    numbers = {token: number for number, token in enumerate(tokens)}
    try:
        return Tokenizer(_definition(tokens, types, merges), settings, [numbers[end] for end in ends if end])
    except CheckpointError as error:
        raise _damaged(path, f"its tokenizer makes no sense ({error.message})") from error


def tokenizer_metadata(tokenizer: Tokenizer, config: ModelConfig) -> dict[str, Value]:
    """The metadata that describes a tokenizer; rows of the embedding without a token are called [PADn].

    Raises:
        CheckpointError: the tokenizer cuts text in another way than Qwen2's, or has more tokens than the model.
    """
    definition, settings = tokenizer.definition, tokenizer.settings
    words = json.dumps(QWEN2_WORDS)
    if words not in json.dumps(definition.get("pre_tokenizer")):
        raise CheckpointError(
            "This tokenizer cuts text into words in another way than Qwen2's; GGUF has no name for that.",
            "Keep the model as a checkpoint folder.",
        )
    if tokenizer.vocab_size > config.vocab_size:
        raise CheckpointError(
            f"The tokenizer has {tokenizer.vocab_size:,} tokens, and the model {config.vocab_size:,} embeddings.",
            "Use the tokenizer that the model was made with.",
        )
    tokens = [f"[PAD{number}]" for number in range(config.vocab_size)]
    types = [int(TokenType.UNUSED)] * config.vocab_size
    for token, number in definition["model"]["vocab"].items():
        tokens[number], types[number] = token, int(TokenType.NORMAL)
    for added in definition["added_tokens"]:
        kind = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
        tokens[added["id"]], types[added["id"]] = added["content"], int(kind)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in definition["model"]["merges"]]
    metadata: dict[str, Value] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.add_bos_token": bool(settings.get("add_bos_token")),
    }
    metadata |= {
        f"tokenizer.ggml.{_ROLES[role]}_token_id": number
        for role, number in _named_ids(tokenizer, config).items()
        if number is not None
    }
    if tokenizer.chat_template is not None:
        metadata["tokenizer.chat_template"] = tokenizer.chat_template
    return metadata


def _named_ids(tokenizer: Tokenizer, config: ModelConfig) -> dict[str, int | None]:
    """The numbers of tokens with a role: as the tokenizer names them, else as the model's configuration does."""
    configured = {
        "bos_token": config.bos_token_id,
        "eos_token": next(iter(config.eos_token_ids), None),
        "pad_token": config.pad_token_id,
    }

    def number(role: str) -> int | None:
        named = tokenizer.settings.get(role)
        text = named["content"] if isinstance(named, Mapping) else named
        return tokenizer.control_tokens.get(text or "", configured[role])

    return {role: number(role) for role in _ROLES}


def _definition(tokens: list[str], types: list[int], merges: list[str]) -> dict[str, Any]:
    """The tokenizer as tokenizer.json would have it."""
    added = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind == TokenType.CONTROL,
        }
        for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in _ADDED
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    words = {"type": "Split", "pattern": {"Regex": QWEN2_WORDS}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [words, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {
                token: number
                for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
                if kind == TokenType.NORMAL
            },
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }


def _token(tokens: list[str], number: Any, path: Path) -> str | None:
    if number is None:
        return None
    if not isinstance(number, int) or not 0 <= number < len(tokens):
        raise _damaged(path, f"it names a token {number!r}, and has {len(tokens):,}")
    return tokens[number]


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _damaged(path: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {what}.", "Fetch the file again.")
