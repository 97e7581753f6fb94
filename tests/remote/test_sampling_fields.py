"""What each kind of server is told about sampling, as bodies of requests: nothing is left to its own defaults."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Connect, Serve
from fake_server import Reply
from stream_shapes import SHAPES, answered

from qwill.core import Sampling, UsageError
from qwill.engine.protocol import Message, Request
from qwill.engine.servers import in_common, profile_of, recognise_server

ASK = (Message("user", "How many r in strawberry?"),)
ENTRIES = {shape.kind: shape.entry for shape in SHAPES} | {
    "OpenAI": {"id": "m", "owned_by": "openai"},
    "Qwill": {"id": "m", "owned_by": "qwill", "max_model_len": 2048},
}
NO_PENALTY: dict[str, Any] = {"top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
NO_FILTER: dict[str, Any] = {**NO_PENALTY, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
LLAMA_CPP: dict[str, Any] = {
    **NO_PENALTY, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0, "repeat_last_n": 32768, "dynatemp_range": 0.0,
    "mirostat": 0, "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
}  # fmt: skip
SENT: dict[str, dict[str, Any]] = {
    "vLLM": NO_FILTER,
    "SGLang": NO_FILTER,
    "llama.cpp": LLAMA_CPP,
    "Ollama": NO_PENALTY,
    "LM Studio": {**NO_PENALTY, "repeat_penalty": 1.0},
    "Qwill": {"top_p": 1.0, "top_k": 0, "min_p": 0.0},
    # hosted ones refuse fields that they do not know: they get none
    "OpenAI": {},
    "OpenAI-compatible": {},
}
NOT_SAMPLING = {"model", "messages", "stream", "stream_options"}


def sent(entry: dict[str, Any], sampling: Sampling, serve: Serve, connect: Connect) -> dict[str, Any]:
    """The fields about sampling in the body of a request."""
    server = serve(Reply([answered()]), entries=[entry])
    list(connect(server).stream([Request(ASK, sampling=sampling)]))
    return {name: value for name, value in server.requests[0].items() if name not in NOT_SAMPLING}


@pytest.mark.parametrize("kind", SENT)
def test_neutral_settings_are_sent_where_they_are_known(kind: str, serve: Serve, connect: Connect) -> None:
    assert sent(ENTRIES[kind], Sampling(temperature=0.6), serve, connect) == {"temperature": 0.6, **SENT[kind]}


def test_a_server_that_follows_nothing_is_told_nothing(serve: Serve, connect: Connect) -> None:
    server = serve(Reply([answered()]), entries=[ENTRIES["DeepSeek"]])
    engine = connect(server)
    list(engine.stream([Request(ASK, sampling=engine.profile.sampling)]))
    assert set(server.requests[0]) == NOT_SAMPLING


@pytest.mark.parametrize("kind", ["vLLM", "SGLang", "llama.cpp", "Qwill"])
def test_what_is_asked_for_takes_the_place_of_what_is_neutral(kind: str, serve: Serve, connect: Connect) -> None:
    asked = Sampling(temperature=0.0, top_k=20, top_p=0.9, min_p=0.1, presence_penalty=1.0, seed=3)
    fields = sent(ENTRIES[kind], asked, serve, connect)
    told = {"temperature": 0.0, "top_k": 20, "top_p": 0.9, "min_p": 0.1, "presence_penalty": 1.0, "seed": 3}
    assert fields == SENT[kind] | told


def test_servers_together_do_what_each_can() -> None:
    vllm, llama, ollama = (recognise_server(ENTRIES[kind], None) for kind in ("vLLM", "llama.cpp", "Ollama"))
    both = in_common([vllm, llama])
    assert (both.kind, both.sampling, both.grammars, both.schemas) == ("vLLM and llama.cpp", vllm.sampling, False, True)
    assert in_common([vllm, ollama]).sampling == ollama.sampling
    assert in_common([llama, llama]) == llama
    assert not in_common([vllm, ollama]).fetches_images


def test_one_of_several_servers_may_not_follow_a_setting(serve: Serve, connect: Connect) -> None:
    able, unable = (serve(Reply([answered()]), entries=[ENTRIES[kind] | {"id": "m"}]) for kind in ("vLLM", "Ollama"))
    engine = connect(able, beside=[unable])
    with pytest.raises(UsageError, match="Ollama servers are not known to follow top_k"):
        engine.stream([Request(ASK, sampling=Sampling(top_k=5))])
    assert able.requests == unable.requests == []


def test_models_that_think_have_their_makers_sampling_and_are_never_asked_greedily() -> None:
    server = recognise_server(ENTRIES["vLLM"], None)
    qwq, plain = (profile_of(name, server) for name in ("Qwen/QwQ-32B", "Qwen/Qwen2.5-7B-Instruct"))
    assert (qwq.sampling.temperature, qwq.sampling.top_p, qwq.sampling.presence_penalty) == (0.6, 0.95, 0.0)
    assert 20 <= qwq.sampling.top_k <= 40
    assert (qwq.greedy, plain.greedy) == (False, True)
    assert qwq.opens_thought_itself
    assert not qwq.keeps_past_thoughts
    assert plain.closing_phrase == ""
