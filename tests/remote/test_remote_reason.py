"""From question to answer over a server: thoughts in fields and in tags, counts, budgets, and every failure named."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import HASTY, QUICK, Connect, Serve
from fake_server import Reply, error
from stream_shapes import ANSWER, SHAPES, THOUGHT, Shape, answered, chunk, pieces, sse, thought_and_answered, unclosed

from qwill import Budget, Chat, Outcome, ask, open_model
from qwill.cli import main
from qwill.core import Answer
from qwill.core.events import Answering, Event, Finished, Interrupted, Thinking, from_json, to_json
from qwill.engine.http import HttpEngine
from qwill.reason.parse import parse
from qwill.reason.thinker import reason

QUESTION = parse("How many r in strawberry?")


def run(engine: HttpEngine, **how: Any) -> tuple[Answer, list[Event]]:
    """The answer, after checking what holds of every stream of events."""
    events = list(reason(QUESTION, engine, **how))
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    thought = "".join(
        event.text if isinstance(event, Thinking) else event.appended
        for event in events
        if isinstance(event, Thinking | Interrupted)
    )
    assert thought == answer.thought
    assert "".join(event.text for event in events if isinstance(event, Answering)) == answer.text
    assert answer.text.strip()
    assert answer.usage.thinking_tokens == sum(event.tokens for event in events if isinstance(event, Thinking))
    assert answer.usage.answer_tokens == sum(event.tokens for event in events if isinstance(event, Answering))
    for trace in answer.traces:
        assert sum(step.tokens for step in trace.steps) <= answer.usage.thinking_tokens
        assert all(step.tokens >= 0 for step in trace.steps)
    assert [from_json(to_json(event)) for event in events] == events
    return answer, events


def interruptions(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Interrupted)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_gives_the_same_answer(shape: Shape, serve: Serve, connect: Connect) -> None:
    server = serve(Reply([shape.stream]), entries=[shape.entry])
    answer, events = run(connect(server))
    assert (answer.thought, answer.text, answer.value) == (THOUGHT, ANSWER, "3")
    assert answer.stopped_because is Outcome.COMPLETE
    assert interruptions(events) == []
    assert len(server.requests) == 1
    usage = answer.usage
    assert usage.thinking_tokens > usage.answer_tokens > 0
    if shape.written is not None:
        assert usage.thinking_tokens + usage.answer_tokens == shape.written
        assert usage.prompt_tokens == 14
    if shape.thought_tokens:
        assert usage.thinking_tokens == shape.thought_tokens


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking", "content"])
def test_a_thought_without_an_answer_is_asked_for_one(field: str, serve: Serve, connect: Connect) -> None:
    server = serve(Reply([unclosed(field)]), Reply([answered()]))
    answer, events = run(connect(server))
    assert interruptions(events) == ["unclosed"]
    assert (answer.thought.strip(), answer.text) == (THOUGHT, ANSWER)
    assert answer.stopped_because is Outcome.COMPLETE
    roles = [message["role"] for message in server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert server.requests[1]["messages"][1]["content"] == THOUGHT


def test_thoughts_only_for_ever_say_so(serve: Serve, connect: Connect) -> None:
    answer, _ = run(connect(serve(Reply([unclosed("reasoning")]))))
    assert answer.stopped_because is Outcome.NO_ANSWER
    assert "did not reach an answer" in answer.text
    assert "strawberry has r" in answer.text


def test_an_empty_answer_says_so(serve: Serve, connect: Connect) -> None:
    answer, _ = run(connect(serve(Reply([sse(chunk("m", {"content": ""}, "stop"))]))))
    assert answer.stopped_because is Outcome.NO_ANSWER
    assert answer.traces == ()


@pytest.mark.parametrize("model", ["m", "qwq-32b"])
@pytest.mark.parametrize("field", ["reasoning", "content"])
def test_a_budget_ends_the_thought(field: str, model: str, serve: Serve, connect: Connect) -> None:
    def long_thought() -> Iterator[bytes]:
        if field == "content":
            yield sse(chunk(model, {"content": "<think>\n"}), done=False)
        while True:
            yield sse(chunk(model, {field: "hmm "}), done=False)

    def reply(body: dict[str, Any]) -> Reply:
        # where the template opens a thought and nobody parses it, the answer of the second turn follows a closing tag
        closing = "</think>\n\n" if (field, model) == ("content", "qwq-32b") else ""
        return Reply(long_thought()) if len(body["messages"]) == 1 else Reply([answered(closing + ANSWER)])

    server = serve(by=reply, entries=[{"id": model}])
    answer, events = run(connect(server), budget=Budget(thinking_tokens=20, answer_tokens=50))
    assert interruptions(events) == ["budget"]
    assert (answer.text, answer.stopped_because) == (ANSWER, Outcome.BUDGET)
    assert 20 <= answer.usage.thinking_tokens <= 22
    assert [request.get("max_tokens") for request in server.requests] == [70, 50]
    assert server.left.wait(5)


def test_hidden_thoughts_are_counted(serve: Serve, connect: Connect) -> None:
    counts = {"completion_tokens": 40, "completion_tokens_details": {"reasoning_tokens": 36}}
    stream = sse(*(chunk("m", {"content": piece}) for piece in pieces(ANSWER)), chunk("m", {}, "stop", usage=counts))
    answer, _ = run(connect(serve(Reply([stream]))))
    assert (answer.usage.thinking_tokens, answer.usage.answer_tokens, answer.thought) == (36, 4, "")


def test_the_steps_of_a_thought_share_the_server_s_count(serve: Serve, connect: Connect) -> None:
    thought = "First, look at each letter. Wait, I should check the end again. So the answer is 3."
    stream = sse(
        *(chunk("m", {"reasoning": piece}) for piece in pieces(thought)),
        chunk("m", {"content": ANSWER}, "stop", usage={"completion_tokens": 100}),
    )
    answer, _ = run(connect(serve(Reply([stream]))))
    steps = answer.traces[0].steps
    assert len(steps) > 1
    assert all(step.tokens > 5 for step in steps)
    assert sum(step.tokens for step in steps) == answer.usage.thinking_tokens


def test_the_limit_of_the_server_cuts_the_answer(serve: Serve, connect: Connect) -> None:
    answer, _ = run(connect(serve(Reply([answered("It is", finish="length")]))))
    assert (answer.text, answer.stopped_because) == ("It is", Outcome.TRUNCATED)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (error(429, "slow down"), "slow down"),
        (error(500, "boom"), "boom"),
        (error(404, "model not found"), "model not found"),
        (Reply([b"<html>hello"], kind="text/html"), "text/html"),
        (Reply([b"data: {]\n\n"]), "not JSON"),
        (Reply(ends="cut"), "broke off"),
        (Reply(ends="mute"), "silent"),
    ],
)
def test_a_failure_before_the_first_word_is_an_outcome(reply: Reply, said: str, serve: Serve, connect: Connect) -> None:
    answer, events = run(connect(serve(reply), patience=HASTY if reply.ends == "mute" else QUICK))
    assert answer.stopped_because is Outcome.ENGINE_ERROR
    assert "The model failed before it reached an answer." in answer.text
    (failed,) = [event for event in events if isinstance(event, Interrupted)]
    assert failed.reason == "error"
    assert said in failed.detail


@pytest.mark.parametrize("where", ["thought", "answer"])
def test_a_failure_in_the_middle_keeps_what_there_is(where: str, serve: Serve, connect: Connect) -> None:
    said = [chunk("m", {"reasoning": "So it is 3."})] + [chunk("m", {"content": "It is 3"})] * (where == "answer")
    answer, _ = run(connect(serve(Reply([sse(*said, done=False)], ends="cut"))))
    assert answer.stopped_because is Outcome.ENGINE_ERROR
    assert answer.thought == "So it is 3."
    assert answer.text == "It is 3" if where == "answer" else "This is how far I got: So it is 3." in answer.text


def test_a_failure_of_the_second_request_keeps_the_thought(serve: Serve, connect: Connect) -> None:
    answer, _ = run(connect(serve(Reply([unclosed("reasoning")]), error(500, "boom"))))
    assert answer.stopped_because is Outcome.ENGINE_ERROR
    assert answer.thought.startswith(THOUGHT)


def test_time_runs_out_while_nothing_comes(serve: Serve, connect: Connect) -> None:
    answer, _ = run(connect(serve(Reply(ends="mute"))), budget=Budget(seconds=0.3))
    assert answer.stopped_because is Outcome.NO_ANSWER


def test_the_user_can_stop_while_nothing_comes(serve: Serve, connect: Connect) -> None:
    pressed = threading.Event()
    engine = connect(serve(by=lambda body: pressed.set() or Reply(ends="mute")))
    answer, events = run(engine, stopped=pressed.is_set)
    assert answer.stopped_because is Outcome.STOPPED
    assert interruptions(events) == ["stop"]


def test_a_model_on_a_server_is_opened_by_its_address(serve: Serve) -> None:
    server = serve(Reply([thought_and_answered()]), entries=[{"id": "q", "owned_by": "vllm"}])
    answer = ask("How many r in strawberry?", f"{server.url}#q", budget=100, seed=3)
    assert (answer.thought, answer.text) == (THOUGHT, ANSWER)
    assert server.requests[0]["seed"] == 3
    engine = open_model(f"{server.url}#q")
    chat = Chat(engine=engine)
    chat.ask("How many?")
    chat.ask("And now?")
    assert [message["content"] for message in server.requests[-1]["messages"]] == ["How many?", ANSWER, "And now?"]
    engine.close()


def test_the_command_line_asks_a_server(serve: Serve) -> None:
    server = serve(Reply([thought_and_answered()]), error(401, "who are you"))
    result = CliRunner().invoke(main, ["ask", "--json", "-m", f"{server.url}#m", "How many?"])
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["answer"]["text"] == ANSWER
    result = CliRunner().invoke(main, ["ask", "-m", f"{server.url}#m", "How many?"])
    assert result.exit_code == 1
    assert "who are you" in result.stdout
    result = CliRunner().invoke(main, ["ask", "-m", f"{server.url}#other", "How many?"])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "It has: m." in result.stderr
