"""The page, driven by headless Chromium. QWILL_TEST_PICTURES names a folder for pictures of it, to be looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, DRIVER, Browser, browser
from live_server import Live, live, words
from scripted import Script, ScriptedEngine, script

from qwill.engine.profiles import THINKING
from qwill.engine.protocol import Request

pytestmark = [
    pytest.mark.skipif(find_spec("gradio") is None, reason="the page needs gradio, of the extra web"),
    pytest.mark.skipif(not CHROMIUM or not DRIVER, reason="there is no Chromium with its driver"),
]
OPENING = "First a plan: multiply the numbers.\nCompute 12 * 7 = 84."
THOUGHT = f"{OPENING}\n\nWait, is that right? Let me check: 84 / 7 = 12. Yes.\n\nSo the answer is 84."
CHART = """```vega-lite
{"mark": "bar", "data": {"values": [{"a": "A", "b": 28}, {"a": "B", "b": 55}, {"a": "C", "b": 43}]},
 "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}}}
```
"""
ANSWER = f"The result is 12 * 7 = 84, and \\(3 + 4 = 7\\).\n\n```python\nprint(84)\n```\n\n{CHART}"
OUTSIDE = (
    "A picture: ![x](http://192.0.2.1/x.png) <img src='http://192.0.2.1/y.png'> <script>document.title='!'</script>"
)


class Actor(ScriptedEngine):
    """Plays a thought and an answer by what is asked, and goes on from where a request stands."""

    def stream(self, requests: Sequence[Request]) -> Any:
        (request,) = requests
        question = request.messages[-1].content
        thought, answer = ("so on and " + "".join(words(3000)) if "long" in question else THOUGHT), ANSWER
        if "outside" in question:
            answer = OUTSIDE
        if "</think>" in request.continuation:
            text = answer
        elif request.continuation:
            text = f" Therefore 84.\n</think>\n\n{answer}"
        else:
            text = f"<think>\n{thought}\n</think>\n\n{answer}"
        played: Script = script(text)
        self.scripts, before = [played], list(self.requests)
        stream = super().stream(requests)
        self.requests = [*before, request]
        return stream


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Browser, Actor]]:
    """One server with its page, and one window."""
    engine = Actor([], profile=THINKING, context=20_000)
    engine.on_token = lambda number: time.sleep(0.01)
    kept = tmp_path_factory.mktemp("page") / "kept.db"
    with live(engine, name="actor", page=True, conversations=kept) as server, browser() as window:
        yield server, window, engine
        assert window.hosts() <= {f"127.0.0.1:{server.port}"}, "the page loads from elsewhere"


@pytest.fixture
def window(page: tuple[Live, Browser, Actor]) -> Browser:
    """The page, loaded anew."""
    server, window, _ = page
    window.size(1280, 900)
    window.open(f"{server.url}/page/")
    window.wait(lambda: window.text("#send") == "Ask")
    return window


def picture(window: Browser, name: str) -> None:
    if folder := os.environ.get("QWILL_TEST_PICTURES"):
        time.sleep(0.5)  # until what moves has come to rest
        window.picture(Path(folder) / f"{name}.png")


def ask(window: Browser, question: str) -> None:
    window.type("#question textarea", question)
    window.click("#send")


def done(window: Browser) -> None:
    """Wait for the end of an answer."""
    window.wait(lambda: window.shows("#edit") and not window.shows("#steering"))


def test_a_thought_streams_and_an_answer_shows_what_was_checked(window: Browser) -> None:
    ask(window, "What is 12 * 7?")
    window.wait(lambda: window.shows("#talk .qw-step"))
    window.wait(lambda: window.shows("#talk .qw-check"))
    picture(window, "streaming")
    done(window)
    assert window.shows("#talk .qw-verified")
    assert window.shows("#talk .katex")
    assert window.shows("#talk pre .token.keyword")
    window.wait(lambda: window.shows("#talk .vega-embed canvas, #talk .vega-embed svg"))
    picture(window, "answered")
    assert not window.shows("#talk .qw-step"), "the thought folds when it is over"
    window.click("#talk .thought-group .title")
    window.wait(lambda: window.shows("#talk .qw-question"))
    assert "Doubt" in window.text("#talk .qw-kind")
    picture(window, "unfolded")
    window.click("#talk .thought-group .title")
    window.wait(lambda: not window.shows("#talk .qw-step"))


def test_the_answer_can_be_had_now(window: Browser) -> None:
    ask(window, "A long one: what is 12 * 7?")
    window.wait(lambda: "so on and" in window.text("#talk"))
    window.click("#now")
    done(window)
    assert "The result is" in window.text("#talk")


def test_an_answer_can_be_stopped(window: Browser) -> None:
    ask(window, "A long one: what is 12 * 7?")
    window.wait(lambda: "so on and" in window.text("#talk"))
    window.click("#stop")
    done(window)
    assert "stopped" in window.text("#talk .qw-foot")


def test_a_file_is_read_and_quoted(window: Browser, page: tuple[Live, Browser, Actor], tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Mountains\n\nThe Säntis is 2502 metres high.\n", encoding="utf-8")
    window.type("input[type=file]", str(notes))
    window.wait(lambda: "notes.md" in window.text("#reading"))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 [[[[" * 100)
    window.type("input[type=file]", str(broken))
    window.wait(lambda: "!" in window.text("#reading"))
    picture(window, "file")
    ask(window, "How high is the Säntis?")
    done(window)
    assert "2502" in page[2].requests[-1].messages[0].content
    assert "notes.md" in window.text("#talk") or "Passages" in window.text("#talk")


def test_a_thought_can_be_edited_and_gone_on_from(window: Browser, page: tuple[Live, Browser, Actor]) -> None:
    ask(window, "What is 12 * 7?")
    done(window)
    window.click("#edit")
    window.wait(lambda: window.shows("#thought textarea"))
    window.wait(lambda: "First a plan" in window.js("return document.querySelector('#thought textarea').value"))
    window.clear("#thought textarea")
    window.type("#thought textarea", "I know that 6 * 7 = 42.")
    picture(window, "editing")
    window.click("#go-on")
    window.wait(lambda: "edited thought" in window.text("#talk"))
    done(window)
    assert page[2].requests[-1].continuation == "<think>\nI know that 6 * 7 = 42."
    assert len(page[2].requests[-1].messages) == 1, "the first answer is not shown to the model"
    assert len(window.texts("#talk .user")) == 2


def test_two_efforts_stand_side_by_side(window: Browser) -> None:
    window.click("#settings button")
    window.click("#beside input")
    window.wait(lambda: window.shows("#talk2"))
    ask(window, "What is 12 * 7?")
    window.wait(lambda: all("The result is" in window.text(talk) for talk in ("#talk", "#talk2")))
    done(window)
    picture(window, "side_by_side")


def test_the_language_can_be_switched(window: Browser) -> None:
    ask(window, "What is 12 * 7?")
    done(window)
    languages = ("简体中文", "提问", "核对"), ("繁體中文", "提問", "核對"), ("English", "Ask", "Checks")
    for name, sends, checks in languages:
        window.click("#language input")
        window.wait(lambda: window.shows("ul[role=listbox] li"))
        window.js(
            "[...document.querySelectorAll('ul[role=listbox] li')].find(e => e.innerText.includes(arguments[0]))"
            ".dispatchEvent(new MouseEvent('mousedown', {bubbles: true}))",
            name,
        )
        window.wait(lambda sends=sends: window.text("#send") == sends)
        window.wait(lambda checks=checks: checks in window.text("#talk"))
        if name == "简体中文":
            picture(window, "chinese")


def test_a_browser_is_greeted_in_its_language(window: Browser) -> None:
    window.chrome("Network.setExtraHTTPHeaders", headers={"Accept-Language": "zh-TW,zh;q=0.9"})
    window.open(window.js("return location.href"))
    window.wait(lambda: window.text("#send") == "提問")
    assert window.text("#settings button").startswith("設定")
    ask(window, "What is 12 * 7?")
    done(window)
    assert "核對" in window.text("#talk")
    window.chrome("Network.setExtraHTTPHeaders", headers={})


def test_it_fits_a_phone_and_the_dark(window: Browser) -> None:
    window.size(390, 844)
    window.click("#dark")
    window.wait(lambda: window.js("return document.body.classList.contains('dark')"))
    ask(window, "What is 12 * 7?")
    done(window)
    assert window.js("return document.documentElement.scrollWidth") <= 390
    assert window.shows("#send")
    picture(window, "phone_dark")
    window.size(1280, 900)
    picture(window, "dark")
    colour = "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
    shade = window.js(f"return {colour}.match(/\\d+/g).map(Number)")
    assert max(shade[:3]) < 80


def test_what_a_model_writes_loads_nothing_and_runs_nothing(window: Browser) -> None:
    window.hosts()
    ask(window, "Something outside")
    done(window)
    assert "A picture" in window.text("#talk")
    assert window.js("return document.title") != "!"
    assert all(host.startswith("127.0.0.1") for host in window.hosts())


def test_conversations_are_listed_and_opened(window: Browser) -> None:
    ask(window, "What is 12 * 7, once more?")
    done(window)
    window.open(window.js("return location.href"))
    window.wait(lambda: window.js("return document.querySelectorAll('#talks input').length"))
    window.js("document.querySelector('#talks input').click()")
    window.wait(lambda: "once more" in window.text("#talk"))
    assert window.shows("#talk .qw-verified")


def test_no_file_of_the_machine_is_given_out(page: tuple[Live, Browser, Actor]) -> None:
    server = page[0]
    here = Path(__file__).resolve()
    assert server.client.get("/", follow_redirects=False).headers["location"] == "/page/"
    for path in ("/etc/passwd", str(here), "../../../../etc/passwd", "pyproject.toml"):
        reply = server.client.get(f"/page/gradio_api/file={path}")
        assert reply.status_code in (403, 404), path
        assert "root:" not in reply.text


def test_a_chain_is_run_before_ones_eyes(window: Browser) -> None:
    window.js("[...document.querySelectorAll('button[role=tab]')].find(e => e.innerText === 'Chains').click()")
    window.wait(lambda: window.shows("#board svg"))
    window.type("#input0 textarea", "What is 12 * 7?")
    window.click("#run")
    window.wait(lambda: window.shows("#board .qw-running"))
    picture(window, "chain-running")
    window.wait(lambda: window.shows("#board .qw-done"))
    window.wait(lambda: window.shows("#stop-run"))
    window.click("#stop-run")
    window.wait(lambda: not window.shows("#stop-run"))
    picture(window, "chain-stopped")
    assert "ideas" in window.text("#board summary")
