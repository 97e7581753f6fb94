"""Chat templates: Jinja in a sandbox, with text of users kept apart from the template's own control tokens.

A control token written in a message ("<|im_end|>" in a question) is text and must stay text, though the template
puts real control tokens around it. So every control token found in a message is put between two marker characters
before rendering. In the rendered prompt a token between markers is text, any other is a control token, and the
markers are dropped. Markers are private-use characters that occur nowhere in the messages, so nobody can write one.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwill.core import CheckpointError, UsageError

THOUGHT_TAGS = ("<think>", "</think>")


class Turn(Protocol):
    """One turn of a conversation: `role` is system, user, assistant or tool."""

    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...


@dataclass(frozen=True)
class Piece:
    """A stretch of a rendered prompt: plain text, or one control token."""

    text: str
    control: bool


def render(template: str, messages: Sequence[Mapping[str, Any] | Turn], **variables: Any) -> str:
    """The prompt as text, as `transformers` renders it; ends with the generation prompt.

    Args:
        template: Jinja source of the chat template.
        messages: the conversation.
        variables: whatever else the template reads (tools, enable_thinking, names of special tokens, ...).

    Raises:
        UsageError: the template refuses this conversation.
        CheckpointError: the template itself fails.
    """
    conversation = [_as_mapping(message) for message in messages]
    values = {"tools": None, "documents": None, "add_generation_prompt": True, **variables}
    try:
        return _compile(template).render(messages=conversation, **values)
    except _RefusedError as error:
        raise UsageError(f"The model's chat template refuses this conversation: {error}") from error
    except (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise CheckpointError(
            f"The model's chat template fails: {error}", "Check chat_template in tokenizer_config.json."
        ) from error


def render_pieces(
    template: str,
    messages: Sequence[Mapping[str, Any] | Turn],
    control_tokens: Iterable[str],
    named_tokens: Mapping[str, str],
    **variables: Any,
) -> list[Piece]:
    """The prompt as text and control tokens, where only the template's own control tokens count as such.

    In an assistant's turns thought tags count too: templates look for them to drop past thoughts.

    Args:
        template, messages, variables: as for `render`; control tokens in messages and variables are plain text.
        control_tokens: all of the tokenizer's control tokens.
        named_tokens: those that the template may name by role (eos_token, ...); they stay control tokens.
    """
    conversation = [_as_mapping(message) for message in messages]
    tokens = list(control_tokens)
    opening, closing = _unused_characters(conversation, variables)

    def marked(value: Any, pattern: re.Pattern[str]) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda token: f"{opening}{token[0]}{closing}", value)
        if isinstance(value, Mapping):
            return {marked(name, pattern): marked(item, pattern) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [marked(item, pattern) for item in value]
        return value

    everything = control_pattern(tokens)
    all_but_thoughts = control_pattern([token for token in tokens if token not in THOUGHT_TAGS])
    text = render(
        template,
        [marked(turn, all_but_thoughts if turn.get("role") == "assistant" else everything) for turn in conversation],
        **named_tokens,
        **marked(variables, everything),
    )
    protected = f"{opening}(?:{everything.pattern}){closing}"
    pieces = split_control(text, re.compile(f"{protected}|(?P<control>{everything.pattern})"))
    markers = str.maketrans("", "", opening + closing)
    return [Piece(piece.text.translate(markers), piece.control) for piece in pieces]


def control_pattern(tokens: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the tokens, the longest that fits; matches nothing when there are none."""
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def split_control(text: str, pattern: re.Pattern[str]) -> list[Piece]:
    """Text cut at what `pattern` matches as its group "control"; other matches stay part of the text around them."""
    pieces, start = [], 0
    for match in pattern.finditer(text):
        if match["control"] is None:
            continue
        if match.start() > start:
            pieces.append(Piece(text[start : match.start()], control=False))
        pieces.append(Piece(match[0], control=True))
        start = match.end()
    if start < len(text):
        pieces.append(Piece(text[start:], control=False))
    return pieces


def _as_mapping(message: Mapping[str, Any] | Turn) -> Mapping[str, Any]:
    return message if isinstance(message, Mapping) else {"role": message.role, "content": message.content}


def _unused_characters(*values: Any) -> tuple[str, str]:
    """Two private-use characters that occur nowhere in the values."""
    used = set(json.dumps(values, ensure_ascii=False, default=str))
    ranges = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))
    unused = (chr(code) for codes in ranges for code in codes if chr(code) not in used)
    return next(unused), next(unused)


class _RefusedError(Exception):
    """A template called `raise_exception`."""


class _Generation(Extension):
    """`{% generation %}`, which marks the assistant's text for training; in a prompt it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@lru_cache(maxsize=8)
def _compile(template: str) -> jinja2.Template:
    """The template compiled with what templates of Hugging Face checkpoints may call."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    return environment.from_string(template)


def _refuse(message: str) -> None:
    raise _RefusedError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as Jinja's own filter would not write it: with characters as they are and nothing escaped for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
