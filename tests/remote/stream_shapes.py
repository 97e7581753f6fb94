"""How servers stream a thought and an answer: one shape each, written by hand after what is public about them.

None was recorded from a running server. Texts are ours; names of fields, their order, null or missing or empty fields,
comments, and what ends a stream are what the sources show.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

THOUGHT = "s t r a w: no r... wait, strawberry has r at 3, 8, 9."
ANSWER = "There are 3."
_COUNTS = {"prompt_tokens": 14, "completion_tokens": 40, "total_tokens": 54}


@dataclass(frozen=True)
class Shape:
    """One server's way.

    Attributes:
        entry: the model as `GET /v1/models` lists it.
        stream: the bytes of the reply.
        thinking: where thoughts arrive, as `Capabilities.thinking` says once they did.
        kind: what `recognise_server` makes of it.
        written: the server's count of tokens, or None where it sends none.
        thought_tokens: its count of those that are thought, or None.
    """

    name: str
    entry: dict[str, Any]
    stream: bytes
    thinking: str
    kind: str
    written: int | None = 40
    thought_tokens: int | None = None
    thought: str = THOUGHT
    answer: str = ANSWER


def pieces(text: str) -> list[str]:
    """A text word by word, the space before each word with it."""
    return [word if number == 0 else " " + word for number, word in enumerate(text.split(" "))]


def sse(*objects: dict[str, Any] | str, line_end: str = "\n", done: bool = True) -> bytes:
    """Objects as events; a string is a line of its own (a comment)."""
    lines = [line if isinstance(line, str) else "data: " + json.dumps(line, ensure_ascii=False) for line in objects]
    lines += ["data: [DONE]"] if done else []
    return "".join(line + 2 * line_end for line in lines).encode()


def chunk(model: str, delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more.pop("choice", {})}
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764547200, "model": model,
        "choices": [choice], **more,
    }  # fmt: skip


def _ollama() -> Shape:
    # docs.ollama.com/api/openai-compatibility (fields, stream_options); chunks as shown in github.com/dirac-run/dirac
    # pull request 227 (Ollama 0.34) and github.com/QwenLM/Qwen-Agent pull request 792: `reasoning` with empty content,
    # role in every chunk, fingerprint "fp_ollama".
    def say(**delta: str) -> dict[str, Any]:
        return chunk("qwq", {"role": "assistant", **delta}, system_fingerprint="fp_ollama")

    end = chunk("qwq", {"role": "assistant", "content": ""}, "stop", system_fingerprint="fp_ollama")
    counts = {**chunk("qwq", {}), "choices": [], "usage": _COUNTS}
    stream = sse(
        *(say(content="", reasoning=piece) for piece in pieces(THOUGHT)),
        *(say(content=piece) for piece in pieces(ANSWER)),
        end,
        counts,
    )
    return Shape("ollama", {"id": "qwq:latest", "object": "model", "owned_by": "library"}, stream, "field", "Ollama")


def _vllm(name: str, field: str) -> Shape:
    # docs.vllm.ai: "Reasoning Outputs" of v0.7.3 (`reasoning_content`) and of v0.11.2 (`reasoning`, the former name
    # deprecated); first chunk with role and empty content, counts in a chunk without choices, max_model_len in the
    # list of models.
    model = "Qwen/QwQ-32B"
    more = {"logprobs": None}
    stream = sse(
        chunk(model, {"role": "assistant", "content": ""}, choice=more),
        *(chunk(model, {field: piece}, choice=more) for piece in pieces(THOUGHT)),
        *(chunk(model, {"content": piece}, choice=more) for piece in pieces(ANSWER)),
        chunk(model, {"content": ""}, "stop", choice={**more, "stop_reason": None}),
        {**chunk(model, {}), "choices": [], "usage": _COUNTS},
    )
    entry = {"id": model, "object": "model", "owned_by": "vllm", "root": model, "max_model_len": 40960}
    return Shape(name, entry, stream, "field", "vLLM")


def _vllm_without_parser() -> Shape:
    # github.com/vllm-project/vllm issue 17144: QwQ-32B served without a reasoning parser sends only the closing tag,
    # the opening one being part of the prompt.
    model = "Qwen/QwQ-32B"
    text = [*pieces(THOUGHT), "\n", "</think>", "\n\n", *pieces(ANSWER)]
    stream = sse(
        chunk(model, {"role": "assistant", "content": ""}),
        *(chunk(model, {"content": piece}) for piece in text),
        chunk(model, {"content": ""}, "stop"),
    )
    entry = {"id": model, "object": "model", "owned_by": "vllm", "max_model_len": 40960}
    return Shape("vllm without parser", entry, stream, "tags", "vLLM", written=None)


def _sglang() -> Shape:
    # docs.sglang.io/advanced_features/separate_reasoning; chunks as shown in github.com/sgl-project/sglang pull request
    # 9657: every field is there, null where it says nothing, `matched_stop` beside finish_reason, usage null.
    model = "Qwen/QwQ-32B"

    def say(content: str | None, thought: str | None, finish: str | None = None) -> dict[str, Any]:
        delta = {"role": None, "content": content, "reasoning_content": thought, "tool_calls": None}
        stop = {"logprobs": None, "matched_stop": 151645 if finish else None}
        return chunk(model, delta, finish, choice=stop, usage=None)

    stream = sse(
        chunk(model, {"role": "assistant", "content": "", "reasoning_content": None, "tool_calls": None}, usage=None),
        *(say(None, piece) for piece in pieces(THOUGHT)),
        *(say(piece, None) for piece in pieces(ANSWER)),
        say(None, None, "stop"),
        {**chunk(model, {}), "choices": [], "usage": {**_COUNTS, "reasoning_tokens": 0}},
    )
    entry = {"id": model, "object": "model", "owned_by": "sglang", "root": model, "max_model_len": 32768}
    return Shape("sglang", entry, stream, "field", "SGLang", thought_tokens=0)


def _deepseek() -> Shape:
    # api-docs.deepseek.com: "Reasoning Model" (`reasoning_content` beside `content`), "Create Chat Completion"
    # (completion_tokens_details.reasoning_tokens), "Rate Limit" (": keep-alive" comments while a request waits).
    model = "deepseek-reasoner"
    counts = {**_COUNTS, "completion_tokens_details": {"reasoning_tokens": 34}, "prompt_cache_hit_tokens": 0}
    stream = sse(
        ": keep-alive",
        ": keep-alive",
        chunk(model, {"role": "assistant", "content": None, "reasoning_content": ""}, usage=None),
        *(chunk(model, {"content": None, "reasoning_content": piece}, usage=None) for piece in pieces(THOUGHT)),
        *(chunk(model, {"content": piece, "reasoning_content": None}, usage=None) for piece in pieces(ANSWER)),
        chunk(model, {"content": "", "reasoning_content": None}, "stop", usage=counts),
    )
    entry = {"id": model, "object": "model", "owned_by": "deepseek"}
    return Shape("deepseek", entry, stream, "field", "DeepSeek", thought_tokens=34)


def _lm_studio() -> Shape:
    # lmstudio.ai/docs: "OpenAI Compatibility Endpoints" and release notes of 0.3.9: with "separate reasoning_content"
    # switched off (as it is at first) thoughts stay in the content, between tags.
    model = "deepseek-r1-distill-qwen-7b"
    text = ["<think>", "\n", *pieces(THOUGHT), "\n", "</think>", "\n\n", *pieces(ANSWER)]
    stream = sse(
        *(chunk(model, {"role": "assistant", "content": piece}, system_fingerprint=model) for piece in text),
        chunk(model, {}, "stop", system_fingerprint=model),
        line_end="\r\n",
    )
    entry = {"id": model, "object": "model", "owned_by": "organization_owner"}
    return Shape("lm studio", entry, stream, "tags", "LM Studio", written=None)


def _llama_cpp() -> Shape:
    # github.com/ggml-org/llama.cpp, tools/server/README.md (`reasoning_format`); chunks as shown in
    # github.com/openai-php/client issue 780 (build b9554): first content null, finish_reason before index, deltas
    # with one field only, `timings`; counts in a last chunk without choices.
    def say(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
        return {
            "choices": [{"finish_reason": finish, "index": 0, "delta": delta}], "created": 1764547200,
            "id": "chatcmpl-2", "model": "QwQ-32B-Q4_K_M.gguf", "system_fingerprint": "b9554-d403f00ec",
            "object": "chat.completion.chunk", **more,
        }  # fmt: skip

    stream = sse(
        say({"role": "assistant", "content": None}),
        *(say({"reasoning_content": piece}) for piece in pieces(THOUGHT)),
        *(say({"content": piece}) for piece in pieces(ANSWER)),
        say({}, "stop"),
        {**say({}), "choices": [], "usage": _COUNTS, "timings": {"prompt_n": 14, "predicted_n": 40}},
    )
    meta = {"vocab_type": 2, "n_vocab": 152064, "n_ctx_train": 40960, "n_embd": 5120}
    entry = {"id": "QwQ-32B-Q4_K_M.gguf", "object": "model", "owned_by": "llamacpp", "meta": meta}
    return Shape("llama.cpp", entry, stream, "field", "llama.cpp")


def _hosted_with_cut_tags() -> Shape:
    # developers.openai.com/api/reference, chat completion chunks, from a host that passes a model's text on in pieces
    # of a few characters: the tags come cut (as Groq's `reasoning_format: raw` gives tags: console.groq.com/docs).
    text = f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"
    stream = sse(
        chunk("qwen-qwq-32b", {"role": "assistant", "content": ""}),
        *(chunk("qwen-qwq-32b", {"content": text[at : at + 3]}) for at in range(0, len(text), 3)),
        chunk("qwen-qwq-32b", {}, "stop", usage=_COUNTS),
    )
    entry = {"id": "qwen-qwq-32b", "object": "model", "owned_by": "Alibaba Cloud", "context_window": 131072}
    return Shape("hosted, cut tags", entry, stream, "tags", "OpenAI-compatible")


def _openrouter() -> Shape:
    # openrouter.ai/docs: "Reasoning Tokens" and "Streaming": `reasoning` with reasoning_details beside it, comments
    # ": OPENROUTER PROCESSING" while a request waits, counts in the last chunk; chunks as shown in
    # github.com/BerriAI/litellm issue 8193.
    model = "qwen/qwq-32b"
    details = [{"type": "reasoning.text", "text": "not to be read twice", "index": 0}]
    stream = sse(
        ": OPENROUTER PROCESSING",
        *(
            chunk(model, {"role": "assistant", "content": "", "reasoning": piece, "reasoning_details": details})
            for piece in pieces(THOUGHT)
        ),
        *(chunk(model, {"role": "assistant", "content": piece, "reasoning": None}) for piece in pieces(ANSWER)),
        chunk(model, {"role": "assistant", "content": ""}, "stop", choice={"native_finish_reason": "stop"}),
        chunk(model, {"role": "assistant", "content": ""}, usage=_COUNTS),
    )
    entry = {"id": model, "name": "Qwen: QwQ 32B", "context_length": 131072}
    return Shape("openrouter", entry, stream, "field", "OpenAI-compatible")


def _thinking_field() -> Shape:
    # `thinking` is the field of Ollama's own API (docs.ollama.com/capabilities/thinking); proxies in front of it pass
    # it on under that name, as github.com/BerriAI/litellm issue 20737 shows.
    stream = sse(
        *(chunk("qwq", {"content": "", "thinking": piece}) for piece in pieces(THOUGHT)),
        *(chunk("qwq", {"content": piece}) for piece in pieces(ANSWER)),
        chunk("qwq", {}, "stop"),
    )
    return Shape("proxy", {"id": "qwq", "object": "model"}, stream, "field", "OpenAI-compatible", written=None)


def _stray_second_close() -> Shape:
    # A model that closes its thought twice, seen with distilled models: a parser takes the first closing tag away and
    # leaves the second one in the content.
    model = "DeepSeek-R1-Distill-Qwen-1.5B"
    stream = sse(
        *(chunk(model, {"reasoning_content": piece}) for piece in pieces(THOUGHT)),
        chunk(model, {"content": "\n</th"}),
        chunk(model, {"content": "ink>\n\n"}),
        *(chunk(model, {"content": piece}) for piece in pieces(ANSWER)),
        chunk(model, {"content": "\n</think>"}),
        chunk(model, {}, "stop"),
    )
    entry = {"id": model, "object": "model", "owned_by": "vllm", "max_model_len": 4096}
    return Shape("second close", entry, stream, "field", "vLLM", written=None)


SHAPES = (
    _ollama(), _vllm("vllm, old field", "reasoning_content"), _vllm("vllm, new field", "reasoning"),
    _vllm_without_parser(), _sglang(), _deepseek(), _lm_studio(), _llama_cpp(), _hosted_with_cut_tags(), _openrouter(),
    _thinking_field(), _stray_second_close(),
)  # fmt: skip


def unclosed(field: str) -> bytes:
    """A stream whose thought has no answer behind it: the model ended inside of it."""
    opening = [] if field != "content" else [chunk("m", {"content": "<think>\n"})]
    return sse(*opening, *(chunk("m", {field: piece}) for piece in pieces(THOUGHT)), chunk("m", {}, "stop"))


def answered(text: str = ANSWER, finish: str | None = "stop") -> bytes:
    """A stream with an answer alone."""
    return sse(*(chunk("m", {"content": piece}) for piece in pieces(text)), chunk("m", {}, finish))


def thought_and_answered() -> bytes:
    """A stream with a thought in a field, then an answer."""
    return sse(*(chunk("m", {"reasoning": piece}) for piece in pieces(THOUGHT)), done=False) + answered()
