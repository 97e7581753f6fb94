"""`chain:NAME` as a model over the API."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from conftest import Start
from live_server import endless
from scripted import ScriptedEngine, script

from qwill.engine.http import HttpEngine
from qwill.engine.protocol import Request


class Translator(ScriptedEngine):
    """Translates, finds a fault, revises: by what it is asked."""

    def stream(self, requests: Sequence[Request]) -> Any:
        asked = requests[0].messages[-1].content
        said = "Good morning!" if "Revise" in asked else "too stiff" if "wrong or awkward" in asked else "Good day."
        self.scripts = [script(f"Hm.\n</think>\n\n{said}")]
        return super().stream(requests)


def ask(server: Any, **fields: Any) -> Any:
    messages = [{"role": "user", "content": "Guten Morgen!"}]
    body = {"model": "chain:translate_revise", "messages": messages, **fields}
    return server.client.post("/v1/chat/completions", json=body)


def test_the_steps_are_the_thought_and_the_last_one_the_answer(start: Start) -> None:
    server = start(Translator([]))
    told = ask(server, temperature=0.3).json()
    message = told["choices"][0]["message"]
    assert told["model"] == "chain:translate_revise"
    assert message["content"] == "Good morning!"
    assert message["reasoning"] == "## draft\nGood day.\n\n## faults\ntoo stiff"
    assert told["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert told["qwill"]["ignored"] == ["temperature"]
    server.wait_until(lambda: server.is_idle)


def test_it_streams_step_by_step(start: Start) -> None:
    server = start(Translator([]))
    chunks = server.chunks(model="chain:translate_revise", messages=[{"role": "user", "content": "Guten Morgen!"}])
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert [delta["reasoning"] for delta in deltas if "reasoning" in delta] == [
        "## draft\nGood day.\n\n", "## faults\ntoo stiff\n\n",
    ]  # fmt: skip
    assert "".join(delta.get("content") or "" for delta in deltas) == "Good morning!"


def test_who_wants_no_thoughts_gets_none(start: Start) -> None:
    reply = ask(start(Translator([])), qwill={"thoughts": "none"})
    assert "too stiff" not in reply.text
    assert reply.json()["choices"][0]["message"]["content"] == "Good morning!"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"model": "chain:none"}, 404),
        ({"model": "chain:../../../etc/passwd.yaml"}, 404),
        ({"model": "chain:literature_digest"}, 400),
        ({"qwill": {"models": {"singer": "m"}}}, 400),
        ({"qwill": {"models": {"critic": "other"}}}, 404),
        ({"response_format": {"type": "json_object"}}, 400),
    ],
)
def test_what_cannot_be_run_is_refused(fields: dict[str, Any], status: int, start: Start) -> None:
    assert ask(start(Translator([])), **fields).status_code == status


def test_roles_are_played_by_served_models(start: Start) -> None:
    server = start(Translator([]))
    assert ask(server, qwill={"models": {"critic": "m"}}).status_code == 200


def test_leaving_ends_the_step_under_way(start: Start) -> None:
    engine = endless()
    server = start(engine)
    body = {"model": "chain:translate_revise", "messages": [{"role": "user", "content": "Hallo"}]}
    leaving = threading.Thread(target=lambda: _leave(server, body))
    leaving.start()
    server.wait_until(lambda: bool(engine.requests))
    leaving.join()
    server.wait_until(lambda: server.is_idle)
    assert engine.streams_open == 0


def _leave(server: Any, body: dict[str, Any]) -> None:
    import httpx2 as httpx

    with pytest.raises(httpx.TimeoutException), httpx.Client(base_url=server.url, trust_env=False) as client:
        client.post("/v1/chat/completions", json=body, timeout=1.0)


def test_chains_that_take_a_question_are_listed(start: Start) -> None:
    server = start(Translator([]))
    names = [model["id"] for model in server.client.get("/v1/models").json()["data"]]
    assert names[1:] == ["chain:seo_titles", "chain:translate_revise"]
    assert server.client.get("/v1/models/chain:seo_titles").json()["id"] == "chain:seo_titles"
    assert server.client.get("/v1/models/chain:literature_digest").status_code == 404


def test_who_names_no_model_gets_the_model_and_no_chain(start: Start) -> None:
    server = start(Translator([]))
    engine = HttpEngine.connect(f"{server.url}/v1")
    assert engine.name.endswith("#m") or engine.name == "m"
    engine.close()
