"""Text to tokens and back: byte-level BPE tokenizers in Hugging Face's `tokenizer.json`, and how ours is made.

Control tokens (tokenizer.json's "added tokens") are found by us and not by the library, so that one vocabulary serves
both readings of a text: with its control tokens, and as plain text that can never become one.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Library

from qwill.core import CheckpointError
from qwill.model.chat import THOUGHT_TAGS, Piece, Turn, control_pattern, render, render_pieces, split_control
from qwill.model.files import Replacement, read_json, read_text

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

# How Qwen2 cuts text before merging bytes: contractions, words with one leading mark, single digits, marks, spaces.
# llama.cpp knows this rule as its pre-tokenizer "qwen2".
QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CHATML_THINKING = """\
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if message.role == 'assistant' and '</think>' in content %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n<think>\\n' }}
{%- endif %}
"""
"""ChatML for a model that thinks: thoughts of past turns are dropped, the generation prompt opens a new one."""


class Tokenizer:
    """A byte-level BPE tokenizer with its control tokens and chat template.

    Args:
        definition: contents of tokenizer.json; kept as `definition`.
        settings: contents of tokenizer_config.json; kept as `settings`.
        eos_ids: tokens that end a text, besides the settings' `eos_token`.

    Raises:
        CheckpointError: the definition is damaged, or of a tokenizer that is not byte-level BPE.
    """

    def __init__(self, definition: Mapping[str, Any], settings: Mapping[str, Any], eos_ids: Iterable[int] = ()) -> None:
        self.definition, self.settings = definition, settings
        try:
            self.control_tokens: dict[str, int] = {
                token["content"]: token["id"] for token in definition["added_tokens"] or ()
            }
            self._library = _without_control_tokens(definition, self.control_tokens)
        except (KeyError, TypeError, AttributeError) as error:
            raise _damaged(f"{type(error).__name__}: {error}") from error
        self._controls = re.compile(f"(?P<control>{control_pattern(self.control_tokens).pattern})")
        self._bytes = {number: text.encode() for text, number in self.control_tokens.items()}
        self._decoding = _byte_alphabet()
        eos = self.control_tokens.get(self._named_tokens().get("eos_token", ""))
        self.eos_ids: frozenset[int] = frozenset({*eos_ids, *(() if eos is None else (eos,))})
        largest = max(self._library.get_vocab(with_added_tokens=False).values(), default=-1)
        self.vocab_size: int = 1 + max(largest, *self.control_tokens.values(), -1)

    @classmethod
    def load(cls, folder: str | Path) -> Tokenizer:
        """The tokenizer of a checkpoint folder.

        `tokenizer_config.json` and `chat_template.jinja` may be missing; tokens that end a text are gathered from
        them and from `generation_config.json` and `config.json`.

        Raises:
            CheckpointError: tokenizer.json is missing or damaged.
        """
        folder = Path(folder)
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise CheckpointError(
                f"There is no tokenizer in {folder}: tokenizer.json is missing.",
                "Fetch the model again with its tokenizer files.",
            )
        settings = read_json(folder / "tokenizer_config.json", missing={})
        template = folder / "chat_template.jinja"
        if template.is_file():
            settings = {**settings, "chat_template": read_text(template)}
        eos_ids: set[int] = set()
        for name in ("generation_config.json", "config.json"):
            eos = read_json(folder / name, missing={}).get("eos_token_id")
            eos_ids.update(eos if isinstance(eos, list) else () if eos is None else (eos,))
        return cls(read_json(path), settings, eos_ids)

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json and tokenizer_config.json.

        Raises:
            CheckpointError: they cannot be written; older files are untouched.
        """
        with Replacement() as files:
            files.write_json(Path(folder) / "tokenizer.json", self.definition)
            files.write_json(Path(folder) / "tokenizer_config.json", self.settings)
            files.commit()

    @property
    def chat_template(self) -> str | None:
        """Jinja source of the chat template; of several named ones the one named "default"."""
        template = self.settings.get("chat_template")
        if isinstance(template, list):
            template = next((named["template"] for named in template if named.get("name") == "default"), None)
        return template

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Token numbers of a text.

        Args:
            text: any text.
            special: whether control tokens written in it count as such; False for text of users.
        """
        return self.encode_batch([text], special=special)[0]

    def encode_batch(self, texts: Sequence[str], *, special: bool = True) -> list[list[int]]:
        """Token numbers of many texts, in parallel; see `encode`."""
        if special:
            return self._encode_pieces([split_control(text, self._controls) for text in texts])
        return self._encode_pieces([[Piece(text, control=False)] for text in texts])

    def _encode_pieces(self, texts: Sequence[Sequence[Piece]]) -> list[list[int]]:
        plain = [piece.text for pieces in texts for piece in pieces if not piece.control]
        encoded = iter(self._library.encode_batch_fast(plain, add_special_tokens=False))
        return [
            [
                number
                for piece in pieces
                for number in ((self.control_tokens[piece.text],) if piece.control else next(encoded).ids)
            ]
            for pieces in texts
        ]

    def token_bytes(self, number: int) -> bytes:
        """The bytes that a token stands for; none for a number outside the vocabulary."""
        found = self._bytes.get(number)
        if found is None:
            token = self._library.id_to_token(number) or ""
            found = bytes(self._decoding[character] for character in token)
            self._bytes[number] = found
        return found

    def decode(self, numbers: Iterable[int], *, special: bool = True) -> str:
        """Text of tokens; bytes that are no UTF-8 become U+FFFD. Without `special` control tokens are left out."""
        left_out = () if special else self.control_tokens.values()
        return b"".join(self.token_bytes(n) for n in numbers if n not in left_out).decode("utf-8", "replace")

    def streamer(self) -> Streamer:
        """A decoder for tokens that come one at a time."""
        return Streamer(self)

    def render(self, messages: Sequence[Mapping[str, Any] | Turn], **variables: Any) -> str:
        """The prompt for a conversation as text, generation prompt included; `variables` go to the template.

        Raises:
            CheckpointError: there is no chat template, or it fails.
            UsageError: the template refuses this conversation.
        """
        return render(self._template(), messages, **self._named_tokens(), **variables)

    def chat(self, messages: Sequence[Mapping[str, Any] | Turn], continuation: str = "", **variables: Any) -> list[int]:
        """Tokens of the prompt for a conversation, generation prompt included.

        Args:
            messages: the conversation; control tokens written in it are plain text.
            continuation: text that the assistant's turn already holds. Of control tokens only thought tags are
                recognised in it. If it opens a thought and the template's generation prompt does too, the thought
                is opened once.
            variables: whatever else the template reads.

        Raises:
            As `render`.
        """
        pieces = render_pieces(self._template(), messages, self.control_tokens, self._named_tokens(), **variables)
        tags = control_pattern(tag for tag in THOUGHT_TAGS if tag in self.control_tokens)
        written = split_control(continuation, re.compile(f"(?P<control>{tags.pattern})"))
        if written and written[0].control:
            pieces = _without_opening(pieces, written[0])
        return self._encode_pieces([_joined([*pieces, *written])])[0]

    def _template(self) -> str:
        template = self.chat_template
        if template is None:
            raise CheckpointError(
                "This model has no chat template.", "Use a chat model, or give raw text instead of messages."
            )
        return template

    def _named_tokens(self) -> dict[str, str]:
        """The settings' special tokens by role (eos_token, ...), as chat templates want them."""
        roles = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
        named = {role: self.settings.get(role) for role in roles}
        texts = {role: token["content"] if isinstance(token, Mapping) else token for role, token in named.items()}
        return {role: text for role, text in texts.items() if text}


class Streamer:
    """Decodes tokens as they come, never half a character: all pieces joined are what `decode` gives."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, number: int) -> str:
        """The text that is certain with this token; empty while a character is incomplete."""
        return self._characters.decode(self._tokenizer.token_bytes(number))

    def flush(self) -> str:
        """What is left at the end: U+FFFD for a character that was never completed, else nothing."""
        return self._characters.decode(b"", final=True)


def train_bpe(
    texts: Iterable[str], vocab_size: int, *, chat_template: str = CHATML_THINKING, max_length: int = 2048
) -> Tokenizer:
    """A tokenizer made from texts: byte-level BPE after Qwen2's rule, five control tokens at the end of the vocabulary.

    The same texts, in any order, give the same tokenizer.

    Args:
        texts: what the merges are learned from; control tokens in them are skipped.
        vocab_size: tokens in all: 256 bytes, merges, control tokens. Fewer come out if the texts hold too few pairs.
        chat_template: Jinja source.
        max_length: the model's context in tokens, noted for other tools.
    """
    markers = (END_OF_TEXT, TURN_START, TURN_END)
    library = Library(models.BPE())
    library.normalizer = normalizers.NFC()
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(markers) - len(THOUGHT_TAGS),
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    controls = control_pattern((*markers, *THOUGHT_TAGS))
    library.train_from_iterator((part for text in texts for part in controls.split(text)), trainer)
    library.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in markers])
    # Thought tags are not "special": tools that hide special tokens still show where a thought ends, as Qwen3 has it.
    library.add_tokens([AddedToken(token, normalized=False, special=False) for token in THOUGHT_TAGS])
    settings = {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": None,
        "chat_template": chat_template,
        "clean_up_tokenization_spaces": False,
        "eos_token": TURN_END,
        "errors": "replace",
        "model_max_length": max_length,
        "pad_token": END_OF_TEXT,
        "split_special_tokens": False,
        "unk_token": None,
    }
    return Tokenizer(json.loads(library.to_str()), settings)


def _without_control_tokens(definition: Mapping[str, Any], control_tokens: Mapping[str, int]) -> Library:
    """The library's tokenizer without any control token: it reads every text as plain text."""
    model, decoder = definition["model"], json.dumps(definition["decoder"])
    if model["type"] != "BPE" or '"ByteLevel"' not in decoder:
        raise CheckpointError(
            "This model's tokenizer is not byte-level BPE, the kind that Qwen models use.",
            "Run the model with another engine.",
        )
    vocabulary = {token: number for token, number in model["vocab"].items() if token not in control_tokens}
    plain = {
        **definition,
        "added_tokens": [],
        "model": {**model, "vocab": vocabulary},
        "post_processor": None,
        "truncation": None,
        "padding": None,
    }
    try:
        return Library.from_str(json.dumps(plain))
    except Exception as error:  # the library raises bare Exception
        raise _damaged(str(error)) from error


def _damaged(detail: str) -> CheckpointError:
    return CheckpointError(f"tokenizer.json is damaged: {detail}.", "Fetch the model's tokenizer files again.")


def _byte_alphabet() -> dict[str, int]:
    """The byte behind each character of a byte-level vocabulary (GPT-2's table): printable bytes stand for themselves,
    the others, in order, for the characters from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _without_opening(pieces: Sequence[Piece], tag: Piece) -> list[Piece]:
    """A prompt without the thought that it opens at its end, if it opens one."""
    end = len(pieces)
    while end and not pieces[end - 1].control and not pieces[end - 1].text.strip():
        end -= 1
    return list(pieces[: end - 1]) if end and pieces[end - 1] == tag else list(pieces)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbouring stretches of plain text as one, so that they are tokenized as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and not piece.control and not joined[-1].control:
            joined[-1] = Piece(joined[-1].text + piece.text, control=False)
        else:
            joined.append(piece)
    return joined
