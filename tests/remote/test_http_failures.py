"""Endpoints that misbehave: each ends with a named failure, soon, and with all the text that came."""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import HASTY, QUICK, Connect, Serve
from fake_server import JSON, STREAM, Reply, error
from stream_shapes import ANSWER, answered, chunk, sse

from qwill.core import EngineError
from qwill.engine.http import HttpEngine
from qwill.engine.protocol import Delta, Failure, Finish, Message, Request

ASK = Request((Message("user", "How many r in strawberry?"),))
BEGUN = sse(chunk("m", {"reasoning_content": "s t r"}), chunk("m", {"content": "It is"}), done=False)


def outcome(engine: HttpEngine) -> tuple[str, str, Delta]:
    """Thought, text and last delta."""
    deltas = list(engine.stream([ASK]))
    return "".join(delta.thought for delta in deltas), "".join(delta.text for delta in deltas), deltas[-1]


@pytest.mark.parametrize(
    ("rest", "failure"),
    [
        (Reply([BEGUN], ends="cut"), Failure.BROKEN_OFF),
        (Reply([BEGUN], ends="well"), Failure.BROKEN_OFF),
        (Reply([BEGUN], ends="hangs"), Failure.SILENT),
        (Reply([BEGUN, b"data: {not json\n\n"]), Failure.GARBLED),
        (Reply([BEGUN, b"data: [1, 2]\n\n"]), Failure.GARBLED),
        (Reply([BEGUN, b'data: {"choices": 5}\n\n']), Failure.GARBLED),
        (Reply([BEGUN, b'data: {"choices": [{"delta": "x"}]}\n\n']), Failure.GARBLED),
        (Reply([BEGUN, b'data: {"something": "else"}\n\n']), Failure.GARBLED),
        (Reply([BEGUN, b'data: {"error": {"message": "out of memory"}}\n\n']), Failure.SERVER),
        (Reply([BEGUN, b'event: error\ndata: {"message": "out of memory", "choices": []}\n\n']), Failure.SERVER),
        (Reply([BEGUN, b'error: {"error": {"code": 500, "message": "out of memory"}}\n\n']), Failure.SERVER),
        (Reply([BEGUN, sse(chunk("m", {"content": ""}, "content_filter"))]), Failure.SERVER),
        (Reply([BEGUN, b"data: " + b"[" * 100_000 + b"\n\n"]), Failure.GARBLED),
    ],
)
def test_a_stream_that_goes_wrong_keeps_what_came(
    rest: Reply, failure: Failure, serve: Serve, connect: Connect
) -> None:
    server = serve(rest)
    # a hurried engine may give up before the text has come: it gets time for that, and then none
    patience = replace(HASTY, first=QUICK.first) if failure is Failure.SILENT else QUICK
    thought, text, last = outcome(connect(server, patience=patience))
    assert (thought, text) == ("s t r", "It is")
    assert (last.finish, last.failure) == (Finish.ERROR, failure)
    assert last.error
    assert len(server.requests) == 1


def test_held_back_text_is_not_lost_with_the_stream(serve: Serve, connect: Connect) -> None:
    reply = Reply([sse(chunk("m", {"content": "It is STO"}), done=False)], ends="cut")
    deltas = list(connect(serve(reply)).stream([Request(ASK.messages, stop=("STOP",))]))
    assert "".join(delta.text for delta in deltas) == "It is STO"
    assert deltas[-1].failure is Failure.BROKEN_OFF


@pytest.mark.parametrize(
    ("reply", "failure", "tries"),
    [
        (error(500, "boom"), Failure.SERVER, 3),
        (error(503, "Loading model"), Failure.SERVER, 3),
        (error(429, "slow down"), Failure.BUSY, 3),
        (error(401, "no key"), Failure.DENIED, 1),
        (error(403, "not you"), Failure.DENIED, 1),
        (error(404, "model 'm' not found, try pulling it first"), Failure.NOT_FOUND, 1),
        (error(400, "The model `m` does not exist"), Failure.NOT_FOUND, 1),
        (error(400, "temperature must be 1"), Failure.REFUSED, 1),
        (error(422, "bad"), Failure.REFUSED, 1),
        (Reply([b"<html>Bad gateway"], 502, "text/html"), Failure.SERVER, 3),
        (Reply([], 302, "", {"Location": "http://elsewhere.example/"}), Failure.REFUSED, 1),
        (Reply([b"<html>Log in here</html>"], kind="text/html"), Failure.GARBLED, 1),
        (Reply([b'{"error": "no"}'], kind=JSON), Failure.SERVER, 1),
        (Reply([b"{}"], kind=JSON), Failure.GARBLED, 1),
        (Reply([b"\x00\xff\xfe"], kind=JSON), Failure.GARBLED, 1),
        (Reply(ends="mute"), Failure.SILENT, 1),
        (Reply(ends="hangs"), Failure.SILENT, 1),
        (Reply([b": waiting\n\n"] * 3, ends="hangs"), Failure.SILENT, 1),
        (Reply([sse(chunk("m", {"content": ""}), done=False)] * 3, ends="hangs"), Failure.SILENT, 1),
        (Reply(ends="closed"), Failure.BROKEN_OFF, 3),
        (Reply([b""], kind=STREAM), Failure.BROKEN_OFF, 3),
    ],
)
def test_a_request_that_comes_to_nothing_has_a_name(
    reply: Reply, failure: Failure, tries: int, serve: Serve, connect: Connect
) -> None:
    server = serve(reply)
    thought, text, last = outcome(connect(server, patience=HASTY if failure is Failure.SILENT else QUICK))
    assert (thought, text, last.finish, last.failure) == ("", "", Finish.ERROR, failure)
    assert last.error
    assert len(server.requests) == tries


def test_the_server_s_words_are_passed_on(serve: Serve, connect: Connect) -> None:
    assert "out of paper" in outcome(connect(serve(error(400, "out of paper"))))[2].error
    detail = Reply([b'{"detail": [{"msg": "no such field"}]}'], 422, JSON)
    assert "no such field" in outcome(connect(serve(detail)))[2].error
    assert "Log in here" in outcome(connect(serve(Reply([b"Log in here"], kind="text/html"))))[2].error


@pytest.mark.parametrize(
    "first", [error(500, "boom"), error(429, "slow down"), error(429, "slow", retry_after="0"), Reply(ends="closed")]
)
def test_a_passing_failure_is_tried_again(first: Reply, serve: Serve, connect: Connect) -> None:
    server = serve(first, first, Reply([answered()]))
    assert outcome(connect(server))[1] == ANSWER
    assert len(server.requests) == 3


def test_a_server_may_ask_us_to_wait(serve: Serve, connect: Connect) -> None:
    server = serve(error(429, "slow down", retry_after="1"), Reply([answered()]))
    engine = connect(server)
    begun = time.monotonic()
    assert outcome(engine)[1] == ANSWER
    assert time.monotonic() - begun >= 1  # waiting less would be a mistake; waiting longer depends on the machine


@pytest.mark.parametrize("value", ["3600", email.utils.formatdate(time.time() + 3600, usegmt=True)])
def test_a_server_that_asks_for_too_much_patience_is_not_waited_for(value: str, serve: Serve, connect: Connect) -> None:
    server = serve(error(429, "slow down", retry_after=value))
    last = outcome(connect(server))[2]
    assert last.failure is Failure.BUSY
    assert "seconds" in last.error
    assert len(server.requests) == 1


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        spec = f"http://127.0.0.1:{free.getsockname()[1]}/v1#m"
    with pytest.raises(EngineError, match=r"Nobody answers at 127\.0\.0\.1:\d+.*tried 3 times"):
        HttpEngine.connect(spec, patience=QUICK)


def test_a_server_that_goes_away(serve: Serve, connect: Connect) -> None:
    server = serve(Reply([answered()]))
    engine = connect(server)
    server.close()
    server.close = lambda: None  # type: ignore[method-assign]
    assert outcome(engine)[2].failure in (Failure.UNREACHABLE, Failure.BROKEN_OFF)


def test_a_server_that_speaks_no_http(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            for _ in range(QUICK.tries):
                connection, _ = listener.accept()
                connection.sendall(b"220 mail.example ESMTP\r\n")
                connection.close()

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        with pytest.raises(EngineError):
            HttpEngine.connect(f"http://127.0.0.1:{listener.getsockname()[1]}/v1#m", patience=QUICK)


@pytest.mark.parametrize("models", [error(401, "who are you"), error(500, "boom"), Reply(ends="cut")])
def test_a_server_that_does_not_let_us_in(models: Reply, serve: Serve, connect: Connect) -> None:
    with pytest.raises(EngineError):
        connect(serve(models=models))


@pytest.mark.parametrize("where", ["status", "stream", "list"])
def test_no_message_holds_the_key(where: str, serve: Serve, connect: Connect) -> None:
    said = error(401, "Incorrect API key provided: sk-secret")
    if where == "list":
        with pytest.raises(EngineError) as caught:
            connect(serve(models=said), key="sk-secret")
        message = str(caught.value)
    else:
        streamed = Reply([b'data: {"error": {"message": "bad key sk-secret"}}\n\n'])
        message = outcome(connect(serve(said if where == "status" else streamed), key="sk-secret"))[2].error
    assert "[key]" in message
    assert "sk-secret" not in message


def test_one_failure_of_several_leaves_the_others_alone(serve: Serve, connect: Connect) -> None:
    def reply(body: dict[str, object]) -> Reply:
        return error(400, "no") if "bad" in str(body["messages"]) else Reply([answered()])

    asked = [Request((Message("user", word),), id=word) for word in ("good", "bad", "fine")]
    ends = {delta.request: delta for delta in connect(serve(by=reply)).stream(asked) if delta.finish}
    assert [ends[word].finish for word in ("good", "bad", "fine")] == [Finish.STOP, Finish.ERROR, Finish.STOP]


def test_a_line_without_an_end_does_not_fill_the_memory(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwill.engine.sse._LONGEST", 2**17)
    server = serve(Reply([b"data: ", *[b"x" * 2**16] * 8], ends="hangs"))
    assert outcome(connect(server))[2].failure is Failure.GARBLED


def test_a_bug_of_ours_reaches_whoever_waits(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Callable[[], None]:
        raise ZeroDivisionError

    engine = connect(serve(Reply([answered()])))
    monkeypatch.setattr("qwill.engine.transport.read_chunk", broken)
    with pytest.raises(ZeroDivisionError):
        list(engine.stream([ASK]))
