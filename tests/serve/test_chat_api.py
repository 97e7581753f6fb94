"""The chat API: order of a stream, thoughts where they are wanted, limits, choices, stop strings, steering."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from conftest import Start
from live_server import ANSWER, QUESTION, THOUGHT, Live, endless, thinking, words
from scripted import Script, ScriptedEngine, script

from qwill.engine.protocol import Finish
from qwill.serve.asked import budget_for


def text(chunks: list[dict[str, Any]], field: str, choice: int = 0) -> str:
    return "".join(
        part["delta"].get(field) or "" for chunk in chunks for part in chunk["choices"] if part["index"] == choice
    )


def test_a_stream_has_thought_then_answer_then_finish_then_usage(start: Start) -> None:
    chunks = start(thinking()).chunks(stream_options={"include_usage": True})
    kinds = []
    for chunk in chunks:
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else None
        kinds.append(
            "usage" if delta is None
            else "thought" if "reasoning_content" in delta
            else "finish" if chunk["choices"][0]["finish_reason"]
            else "content"
        )  # fmt: skip
    assert [kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before] == [
        "content", "thought", "content", "finish", "usage",
    ]  # fmt: skip
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert text(chunks, "reasoning_content") == text(chunks, "reasoning") == THOUGHT
    assert text(chunks, "content") == ANSWER
    assert len({chunk["id"] for chunk in chunks}) == 1
    usage = chunks[-1]["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] > 5
    assert usage["completion_tokens"] > usage["completion_tokens_details"]["reasoning_tokens"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_usage_comes_only_where_it_is_asked_for(start: Start) -> None:
    assert all(chunk["choices"] for chunk in start(thinking()).chunks())


def test_whole_and_streamed_say_the_same(start: Start) -> None:
    server = start(thinking())
    said = server.chat().json()
    choice = said["choices"][0]
    assert choice["message"]["content"] == ANSWER
    assert choice["message"]["reasoning_content"] == THOUGHT
    assert choice["finish_reason"] == "stop"
    assert choice["qwill"]["stop_reason"] == "complete"
    assert choice["qwill"]["value"] == "3"
    assert said["usage"]["completion_tokens_details"]["reasoning_tokens"] > 5


@pytest.mark.parametrize(
    ("switch", "fields"),
    [("both", {"reasoning_content", "reasoning"}), ("reasoning", {"reasoning"}),
     ("reasoning_content", {"reasoning_content"}), ("none", set())],
)  # fmt: skip
def test_the_switch_says_where_thoughts_are_sent(switch: str, fields: set[str], start: Start) -> None:
    message = start(thinking()).chat(qwill={"thoughts": switch}).json()["choices"][0]["message"]
    assert fields == {"reasoning_content", "reasoning"} & set(message)


NO_THOUGHTS: list[dict[str, Any]] = [
    {"qwill": {"thoughts": "none"}},
    {"include_reasoning": False},
    {"reasoning": {"exclude": True}},
]


@pytest.mark.parametrize("asked", NO_THOUGHTS, ids=str)
@pytest.mark.parametrize("played", ["answered", "thought only", "cut"])
def test_thoughts_never_reach_who_wants_none(asked: dict[str, Any], played: str, start: Start) -> None:
    secret = "the secret of this thought"
    engine = {
        "answered": thinking(secret),
        "thought only": ScriptedEngine([script(secret), Script([])]),
        "cut": ScriptedEngine([Script(["the secret ", *words(100)])], continuation=False),
    }[played]
    server = start(engine)
    whole = server.chat(**asked, max_tokens=40)
    assert whole.status_code == 200
    stream = json.dumps(server.chunks(**asked, max_tokens=40))
    # what the model writes as its answer is its answer, though it be what it has thought
    answer = whole.json()["choices"][0]["message"]["content"]
    assert answer
    if played != "cut":
        assert "secret" not in whole.text + stream
    assert "reasoning_content" not in whole.text + stream
    assert whole.json()["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max", "a lot", None])
def test_any_effort_is_accepted(effort: str | None, start: Start) -> None:
    server = start(thinking())
    assert server.chat(reasoning_effort=effort).json()["choices"][0]["message"]["content"]


def test_effort_none_does_not_think(start: Start) -> None:
    engine = ScriptedEngine([script("3")])
    said = start(engine).chat(reasoning_effort="none").json()
    assert said["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0
    assert "reasoning_content" not in said["choices"][0]["message"]
    assert engine.requests[0].continuation


def test_budgets_leave_room_for_the_answer() -> None:
    assert budget_for("none", None, None, thinks=True).thinking_tokens == 0
    for most in (1, 2, 3, 10, 100, 5000):
        budget = budget_for("max", most, None, thinks=True)
        assert budget.thinking_tokens is not None
        assert budget.thinking_tokens + budget.answer_tokens == most
    assert budget_for("low", 100_000, None, thinks=True).thinking_tokens == 1024
    assert budget_for(None, 50, None, thinks=False).answer_tokens == 50
    assert budget_for("low", None, None, thinks=True, thinking=7).thinking_tokens == 7


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_holds_for_thought_and_answer_together(name: str, start: Start) -> None:
    engine = ScriptedEngine([Script(words(500)), Script(["so ", *words(500)])])
    said = start(engine).chat(**{name: 40}).json()
    assert said["usage"]["completion_tokens"] <= 40
    assert said["choices"][0]["message"]["content"].startswith("so")
    assert said["choices"][0]["finish_reason"] == "length"
    assert said["choices"][0]["qwill"]["interruptions"][0]["reason"] == "budget"


def test_stop_strings_end_the_answer_and_not_the_thought(start: Start) -> None:
    server = start(thinking("One END two.", "There END are 3."))
    message = server.chat(stop=["END", ""]).json()["choices"][0]
    assert message["message"]["content"] == "There "
    assert message["message"]["reasoning_content"] == "One END two."
    assert message["finish_reason"] == "stop"
    assert message["qwill"]["stop_reason"] == "complete"
    assert text(server.chunks(stop="END"), "content") == "There "


def test_several_choices_each_have_their_seed(start: Start) -> None:
    engine = thinking()
    server = start(engine)
    said = server.chat(n=3, seed=5, temperature=1).json()
    assert [choice["index"] for choice in said["choices"]] == [0, 1, 2]
    assert sorted(request.sampling.seed or 0 for request in engine.requests) == [5, 6, 7]
    chunks = server.chunks(n=2)
    assert text(chunks, "content", 0) == text(chunks, "content", 1) == ANSWER


def test_a_conversation_is_handed_on(start: Start) -> None:
    from dataclasses import replace

    from qwill.engine.profiles import NANO

    engine = thinking(profile=replace(NANO, single_turn=False))
    turns = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Hello."}]},
        {"role": "assistant", "content": "Hi.", "reasoning_content": "They greet."},
        *QUESTION,
    ]
    assert start(engine).chat(turns).status_code == 200
    assert [(message.role, message.content) for message in engine.requests[0].messages] == [
        ("system", "Be short."), ("user", "Hello."), ("assistant", "Hi."), ("user", QUESTION[0]["content"]),
    ]  # fmt: skip


def test_what_is_ignored_is_named(start: Start) -> None:
    said = start(thinking()).chat([{"role": "system", "content": "x"}, *QUESTION], user="u", mirostat=2).json()
    assert [field.partition(":")[0] for field in said["qwill"]["ignored"]] == ["mirostat", "messages before the last"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"n": 10_000}, "n"),
        ({"temperature": -1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "I"}]}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"model": "nobody"}, "model"),
        ({"qwill": {"nonsense": 1}}, "qwill.nonsense"),
    ],
    ids=str,
)
def test_what_cannot_be_followed_is_refused_in_openai_s_shape(fields: dict[str, Any], param: str, start: Start) -> None:
    reply = start(thinking()).client.post("/v1/chat/completions", json={"messages": QUESTION, **fields})
    assert reply.status_code in (400, 404)
    error = reply.json()["error"]
    assert error["param"] == param
    assert error["message"]
    assert error["type"] in ("invalid_request_error", "not_found_error")


def test_a_question_longer_than_the_context_is_refused(start: Start) -> None:
    reply = start(thinking(context=60)).chat([{"role": "user", "content": "word " * 200}], stream=True)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "context_length_exceeded"


def test_a_failing_engine_is_an_error_in_both_forms(start: Start) -> None:
    engine = ScriptedEngine([Script(["hmm"] * 3, finish=Finish.ERROR, error="weights are damaged")])
    engine.on_token = lambda number: time.sleep(0.1)  # so that the stream has begun when it fails
    server = start(engine)
    assert server.chat().status_code == 502
    lines = server.client.post("/v1/chat/completions", json={"messages": QUESTION, "stream": True}).text
    assert '"error"' in lines
    assert lines.endswith("data: [DONE]\n\n")
    server.wait_until(lambda: server.is_idle)


def test_a_bug_is_told_without_its_insides(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    engine = ScriptedEngine([Script(["hmm"], raises=RuntimeError("a secret path"))])
    reply = start(engine).chat()
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert reply.json()["error"]["type"] == "server_error"


def test_an_answer_can_be_stopped_by_its_id(start: Start) -> None:
    server = start(endless())
    ids, done = [], threading.Event()

    def stop_once_it_thinks() -> None:
        done.wait(20)
        reply = server.client.post(f"/v1/chat/completions/{ids[0]}/steer", json={"action": "stop"})
        assert reply.status_code == 200

    stopper = threading.Thread(target=stop_once_it_thinks)
    stopper.start()
    chunks = []
    with server.client.stream("POST", "/v1/chat/completions", json={"messages": QUESTION, "stream": True}) as reply:
        for line in reply.iter_lines():
            if line.startswith("data: {"):
                chunks.append(json.loads(line[6:]))
                if chunks[-1]["choices"][0]["delta"].get("reasoning"):
                    ids.append(chunks[-1]["id"])
                    done.set()
    stopper.join()
    assert chunks[-1]["choices"][0]["qwill"]["stop_reason"] == "stopped"
    assert text(chunks, "content")
    server.wait_until(lambda: server.is_idle)
    assert server.client.post(f"/v1/chat/completions/{ids[0]}/steer", json={"action": "stop"}).status_code == 404


def test_who_steers_can_have_the_answer_now(start: Start) -> None:
    engine = ScriptedEngine([Script(words(3_000)), script("It is 3.")], context=100_000)
    engine.on_token = lambda number: time.sleep(0.002)
    server = start(engine)
    with server.client.stream("POST", "/v1/chat/completions", json={"messages": QUESTION, "stream": True}) as reply:
        lines = (line for line in reply.iter_lines() if line.startswith("data: {"))
        chunks = [json.loads(next(lines)[6:]) for _ in range(3)]
        for body, status in (({"action": "hint", "text": ""}, 400), ({"action": "answer_now"}, 200)):
            said = server.client.post(f"/v1/chat/completions/{chunks[0]['id']}/steer", json=body)
            assert said.status_code == status
        chunks += [json.loads(line[6:]) for line in lines]
    assert text(chunks, "content") == "It is 3."
    server.wait_until(lambda: server.is_idle)


def test_models_health_and_metrics(start: Start) -> None:
    server: Live = start(thinking())
    server.chat()
    model, *chains = server.client.get("/v1/models").json()["data"]
    assert all(chain["id"].startswith("chain:") for chain in chains)
    assert (model["id"], model["object"]) == ("m", "model")
    assert server.client.get("/v1/models/m").json() == model
    assert server.client.get("/v1/models/other").status_code == 404
    assert server.client.get("/health").json()["status"] == "ok"
    metrics = server.client.get("/metrics").text
    assert 'qwill_answers_total{outcome="complete"} 1.0' in metrics
    assert 'qwill_requests_total{route="/v1/chat/completions",status="200"} 1.0' in metrics
    assert "qwill_first_token_seconds_count 1.0" in metrics
