"""Knowledge sets over the API: as models, as a field, and for chains that look things up."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Start
from live_server import Live
from scripted import ScriptedEngine, script

from qwill.documents import read_bytes
from qwill.engine.profiles import PLAIN
from qwill.knowledge import Knowledge

QUESTION = [{"role": "user", "content": "How many minutes is green tea from Hangwu steeped?"}]


@pytest.fixture
def tea(tmp_path: Path, start: Start) -> tuple[Live, ScriptedEngine]:
    knowledge = Knowledge(tmp_path / "tea.sqlite")
    knowledge.add_document("tea.md", read_bytes(b"# Tea\n\nGreen tea from Hangwu is steeped for 7 minutes.", "tea.md"))
    knowledge.close()
    engine = ScriptedEngine([script("It is steeped for 7 minutes [1].")], profile=PLAIN, thinking="none")
    return start(engine, knowledge=(str(tmp_path / "tea.sqlite"),)), engine


def test_a_set_is_a_model(tea: tuple[Live, ScriptedEngine]) -> None:
    server, engine = tea
    names = [model["id"] for model in server.client.get("/v1/models").json()["data"]]
    assert names[1:] == ["chain:literature_digest", "chain:seo_titles", "chain:translate_revise", "know:tea"]
    told = server.chat(QUESTION, model="know:tea").json()
    assert told["choices"][0]["message"]["content"] == "It is steeped for 7 minutes [1]."
    claims = told["choices"][0]["qwill"]["claims"]
    assert [claim["status"] for claim in claims if claim["method"] == "citation"] == ["verified"]
    assert "Hangwu is steeped for 7" in engine.requests[0].messages[0].content


def test_a_set_is_a_field_and_stands_behind_what_the_system_says(tea: tuple[Live, ScriptedEngine]) -> None:
    server, engine = tea
    messages = [{"role": "system", "content": "Be short."}, *QUESTION]
    assert server.chat(messages, qwill={"knowledge": "tea"}).status_code == 200
    told, question = engine.requests[0].messages
    assert told.content.startswith("Be short.\n\nPassages that may help")
    assert question.content == QUESTION[0]["content"]


def test_a_chain_looks_things_up_in_the_served_set(tea: tuple[Live, ScriptedEngine]) -> None:
    server, engine = tea
    assert server.chat(QUESTION, model="chain:literature_digest").status_code == 200
    assert "tea.md, line 3" in engine.requests[0].messages[-1].content


@pytest.mark.parametrize("fields", [{"model": "know:../tea"}, {"model": "know:"}, {"qwill": {"knowledge": "coffee"}}])
def test_only_served_sets_are_there(fields: dict[str, object], tea: tuple[Live, ScriptedEngine], start: Start) -> None:
    server, _ = tea
    assert server.chat(QUESTION, **fields).status_code == (404 if fields != {"model": "know:"} else 200)
    without = start(ScriptedEngine([script("x")], profile=PLAIN))
    assert without.chat(QUESTION, **fields).status_code == 404
