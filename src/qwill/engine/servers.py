"""What is known of the servers that speak the OpenAI chat API: which one it is, and which settings it understands.

Most of them accept any field and ignore what they do not know. So what a server ignores has to be known here, and is
refused before it is sent. And all of them have defaults of their own, or take the model's (llama.cpp: top-k 40, min-p
0.05): what is neutral is sent too where a server is known to take it, or else a temperature would not mean what
`Sampling` says. Others get nothing that they might refuse.

Sources, as read in November 2026: Ollama, "OpenAI compatibility" (docs.ollama.com/api/openai-compatibility) and the
class `ChatCompletionRequest` of its source, as also of vLLM's and SGLang's; llama.cpp, tools/server/README.md and
server-schema.cpp; LM Studio, "OpenAI Compatibility Endpoints" (lmstudio.ai/docs); DeepSeek, "Reasoning Model"
(api-docs.deepseek.com). From general knowledge: several values of `owned_by`. Of these servers only llama.cpp's and our
own were run against.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qwill.core import Sampling, UsageError
from qwill.engine.profiles import PLAIN, THINKING, Profile

STANDARD = frozenset({"temperature", "top_p", "presence_penalty", "seed"})
_OPEN = STANDARD | {"top_k", "min_p"}
_NEUTRAL = Sampling()
_NO_PENALTY = {"top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
_NO_FILTER = {**_NO_PENALTY, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}  # of vLLM, and of SGLang after it
_LLAMA_CPP = {
    **_NO_PENALTY,
    "top_k": 0,
    "min_p": 0.0,
    "repeat_penalty": 1.0,
    "repeat_last_n": 32_768,  # how far back a presence penalty looks: by itself 64 tokens
    "dynatemp_range": 0.0,
    "mirostat": 0,
    # `Sampling` filters at its temperature; llama.cpp's own order draws at it what was filtered at 1
    "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
}
_ASSUMED_CONTEXT = 32_768  # tokens; where a server does not tell, what QwQ-32B-Preview and most others hold at least

_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx", "n_ctx_train")


@dataclass(frozen=True)
class Server:
    """A kind of server.

    Attributes:
        kind: what it is called.
        sampling: the fields of `Sampling` that have an effect there.
        repeats: a seeded request gives the same text again, as far as its documentation promises.
        limit: the field that limits the tokens of text and thought together.
        schemas: it takes a JSON schema as `response_format`.
        grammars: it takes a grammar in GBNF.
        fetches_images: it fetches images by their address; others want the image itself.
        neutral: fields, with the value of each that changes nothing, that it takes besides the temperature.
    """

    kind: str
    sampling: frozenset[str]
    repeats: bool = True
    limit: str = "max_tokens"
    schemas: bool = True
    grammars: bool = False
    fetches_images: bool = True
    neutral: Mapping[str, Any] = field(default_factory=dict)


HOSTED = Server("OpenAI-compatible", STANDARD, repeats=False)
_OPENAI = Server("OpenAI", STANDARD, repeats=False, limit="max_completion_tokens")

_BY_OWNER = {
    "library": Server("Ollama", STANDARD, fetches_images=False, neutral=_NO_PENALTY),
    "vllm": Server("vLLM", _OPEN, neutral=_NO_FILTER),
    "sglang": Server("SGLang", _OPEN, neutral=_NO_FILTER),
    "llamacpp": Server("llama.cpp", _OPEN, grammars=True, neutral=_LLAMA_CPP),
    "organization_owner": Server("LM Studio", STANDARD | {"top_k"}, neutral={**_NO_PENALTY, "repeat_penalty": 1.0}),
    "qwill": Server("Qwill", _OPEN, repeats=False, schemas=False, neutral={"top_p": 1.0, "top_k": 0, "min_p": 0.0}),
    "deepseek": Server("DeepSeek", frozenset(), repeats=False, schemas=False),
    "openai": _OPENAI,
    "openai-internal": _OPENAI,
    "system": _OPENAI,
}
"""Servers by `owned_by` of the models that they list."""


def recognise_server(entry: Mapping[str, Any], default_port: int | None) -> Server:
    """The server that lists a model in these words.

    Args:
        entry: the model's object of `GET /models`; empty where the server has no such list.
        default_port: port of the server: Ollama's own port tells it where a model is somebody's own.
    """
    server = _BY_OWNER.get(str(entry.get("owned_by", "")).lower())
    if server is None and default_port == 11434:
        return _BY_OWNER["library"]
    return server or HOSTED


def in_common(servers: Sequence[Server]) -> Server:
    """What holds of each of several servers."""
    first = servers[0]
    return replace(
        first,
        kind=" and ".join(dict.fromkeys(server.kind for server in servers)),
        sampling=frozenset.intersection(*(server.sampling for server in servers)),
        repeats=all(server.repeats for server in servers),
        schemas=all(server.schemas for server in servers),
        grammars=all(server.grammars for server in servers),
        fetches_images=all(server.fetches_images for server in servers),
    )


def context_of(entry: Mapping[str, Any]) -> tuple[int, bool]:
    """(Most tokens of prompt and text together, whether the server said so) by a model's object of `GET /models`."""
    meta = entry.get("meta")
    for source in (entry, meta if isinstance(meta, Mapping) else {}):
        for name in _CONTEXT_FIELDS:
            value = source.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 1:
                return value, True
    return _ASSUMED_CONTEXT, False


_THINKERS = re.compile(r"qwq|deepseek-?r1|r1-distill|reasoner|qwen-?3|think|magistral|gpt-oss", re.IGNORECASE)
_OPENED_BY_TEMPLATE = re.compile(r"qwq(?!.*preview)|deepseek-?r1|r1-distill|thinking-2507", re.IGNORECASE)
_NEVER_THINKS = re.compile(r"instruct-2507|qwen-?3-?coder|qwq-.*preview", re.IGNORECASE)


def profile_of(model: str, server: Server) -> Profile:
    """How a model wants to be used, as its name lets us guess.

    Tags are looked for in every model's text, whatever its name: a server may give them on. The names only tell whose
    template opens the thought itself. What a profile recommends and the server does not understand is left out of it.
    """
    thinks = _THINKERS.search(model) and not _NEVER_THINKS.search(model)
    plain = replace(PLAIN, think_open=THINKING.think_open, think_close=THINKING.think_close)
    profile = THINKING if thinks else plain
    if _OPENED_BY_TEMPLATE.search(model):
        profile = replace(profile, opens_thought_itself=True)
    return replace(profile, sampling=_understood(profile.sampling, server))


def _understood(sampling: Sampling, server: Server) -> Sampling:
    """The sampling without what the server does not understand."""
    optional = ("top_k", "top_p", "min_p", "presence_penalty")
    return replace(
        sampling, **{name: getattr(_NEUTRAL, name) for name in optional if name not in server.sampling}
    )  # fmt: skip


def sampling_fields(sampling: Sampling, recommended: Sampling, server: Server) -> dict[str, Any]:
    """The fields of a request that say how to sample.

    Every field that the server is known to take is sent, neutral ones too. A setting that was recommended and that the
    server does not understand is left out.

    Raises:
        UsageError: the server is not known to understand a setting that differs from the recommended one.
    """
    fields = dict(server.neutral)
    for name in ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "seed"):
        value = getattr(sampling, name)
        if name in server.sampling:
            if name == "temperature" or value != getattr(_NEUTRAL, name):
                fields[name] = value
        elif value not in (getattr(recommended, name), getattr(_NEUTRAL, name) if name != "temperature" else None):
            raise UsageError(
                f"{server.kind} servers are not known to follow {name}; it was set to {value}.",
                "Leave it out, or use a server that does (vLLM, SGLang, llama.cpp).",
            )
    return fields
