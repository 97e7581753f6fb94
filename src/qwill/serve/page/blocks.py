"""The page's parts, and what they do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from qwill.core import QwillError
from qwill.serve.page.asking import EFFORTS, OWNER, Asker, Asking, Side
from qwill.serve.page.chain_tab import ChainTab
from qwill.serve.page.talk import Exchange, Reply, Session
from qwill.serve.page.uploads import take_in
from qwill.serve.page.words import LANGUAGES, WORDS, wanted
from qwill.serve.service import Service
from qwill.serve.steering import Action

_LATEX = [
    {"left": left, "right": right, "display": display}
    for left, right, display in (("$$", "$$", True), ("\\[", "\\]", True), ("\\(", "\\)", False), ("$", "$", False))
]
_DARK = "() => { document.body.classList.toggle('dark'); }"
_START = "en"  # until the browser has said what it wants


class Page:
    """The page of one server.

    Args:
        service: the server.
    """

    def __init__(self, service: Service) -> None:
        self._service, self._asker = service, Asker(service)
        self._worded: list[tuple[Any, dict[str, str]]] = []
        self._chains = ChainTab(service, self._put)

    def blocks(self) -> gr.Blocks:
        """The page."""
        blocks = gr.Blocks(title="Qwill", analytics_enabled=False, fill_width=True)
        with blocks:
            self._session = gr.State(Session())
            self._sidebar()
            self._head()
            with gr.Tabs():
                with self._put(gr.Tab(id="talk-tab"), label="talk"):
                    self._columns()
                    self._question()
                    self._editor()
                    self._settings()
                with self._put(gr.Tab(id="chain-tab"), label="chains"):
                    self._chains.build()
            self._wire(blocks)
            self._chains.wire(self._session, self._language)
        return blocks

    def _put(self, part: Any, **words: str) -> Any:
        """A part whose texts change with the language: property → key of `WORDS`."""
        for name, key in words.items():
            setattr(part, name, WORDS[_START][key])
        self._worded.append((part, words))
        return part

    def _sidebar(self) -> None:
        keeps = self._service.conversations is not None
        with gr.Sidebar(visible=keeps, open=False):
            self._new = self._put(gr.Button(), value="new")
            self._talks = self._put(gr.Radio(choices=[], elem_id="talks"), label="talks")
            self._forget = self._put(gr.Button(size="sm"), value="forget")

    def _head(self) -> None:
        with gr.Row(elem_id="head"):
            gr.Markdown("# Qwill", elem_id="name")
            self._language = self._put(
                gr.Dropdown(
                    list(LANGUAGES), value=_START, show_label=False, container=False, min_width=110, scale=0,
                    elem_id="language", filterable=False,
                ),
                label="language",
            )  # fmt: skip
            self._dark = gr.Button("◐", size="sm", min_width=40, scale=0, elem_id="dark")

    def _columns(self) -> None:
        how: dict[str, Any] = {
            "show_label": False, "height": "64vh", "latex_delimiters": _LATEX, "feedback_options": None,
            "buttons": [], "layout": "panel", "allow_tags": False, "min_width": 280,
        }  # fmt: skip
        with gr.Row():
            self._left = gr.Chatbot(elem_id="talk", **how)
            self._right = gr.Chatbot(elem_id="talk2", visible=False, **how)

    def _question(self) -> None:
        with gr.Row(elem_id="asking"):
            self._upload = self._put(
                gr.UploadButton(
                    file_count="multiple", size="md", min_width=70, scale=0,
                    elem_id="upload",
                ),
                label="file",
            )  # fmt: skip
            self._ask = self._put(
                gr.Textbox(
                    show_label=False, scale=6, lines=1, max_lines=8, autofocus=True, elem_id="question",
                    container=False, min_width=160,
                ),
                placeholder="ask", label="ask",
            )  # fmt: skip  # fmt: skip
            self._send = self._put(gr.Button(variant="primary", scale=0, min_width=80, elem_id="send"), value="send")
        with gr.Row(visible=False, elem_id="reading") as self._reading:
            self._names = gr.Markdown()
            self._drop = self._put(gr.Button(size="sm", min_width=100, scale=0), value="drop")
        with gr.Row(visible=False, elem_id="steering") as self._steering:
            self._now = self._put(gr.Button(size="sm", min_width=90, scale=0, elem_id="now"), value="now")
            self._stop = self._put(
                gr.Button(size="sm", min_width=70, scale=0, variant="stop", elem_id="stop"), value="stop"
            )
            self._hint = self._put(
                gr.Textbox(show_label=False, scale=3, elem_id="hint", container=False, min_width=140),
                placeholder="hint", label="hint",
            )  # fmt: skip
            self._give = self._put(gr.Button(size="sm", min_width=90, scale=0, elem_id="give"), value="give")

    def _editor(self) -> None:
        edit = gr.Button(size="sm", visible=False, elem_id="edit", scale=0, min_width=140)
        self._edit = self._put(edit, value="edit")
        with gr.Group(visible=False, elem_id="editor") as self._editing:
            self._thought = self._put(
                gr.Textbox(lines=8, max_lines=20, elem_id="thought", interactive=True), label="edited"
            )
            with gr.Row():
                self._go_on = self._put(gr.Button(variant="primary", size="sm", elem_id="go-on"), value="go_on")
                self._leave = self._put(gr.Button(size="sm"), value="leave")

    def _settings(self) -> None:
        models = list(self._service.shops)
        several = len(models) > 1
        with self._put(gr.Accordion("", open=False, elem_id="settings"), label="settings"):
            with gr.Row():
                self._model = self._put(gr.Dropdown(models, value=models[0], visible=several), label="model")
                self._effort = self._put(
                    gr.Slider(0, len(EFFORTS) - 1, value=1, step=1, elem_id="effort"),
                    label="effort", info="effort_help",
                )  # fmt: skip
                self._certainty = self._put(
                    gr.Slider(0, 0.99, value=0, step=0.01), label="certainty", info="certainty_help"
                )
            self._beside = self._put(gr.Checkbox(elem_id="beside"), label="beside")
            with gr.Row(visible=False) as self._second:
                self._model_2 = self._put(gr.Dropdown(models, value=models[-1], visible=several), label="second_model")
                self._effort_2 = self._put(
                    gr.Slider(0, len(EFFORTS) - 1, value=0, step=1, elem_id="effort2"), label="second_effort"
                )

    def _wire(self, blocks: gr.Blocks) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        sides = [
            self._language, self._beside, self._model, self._effort, self._certainty, self._model_2, self._effort_2,
        ]  # fmt: skip
        shown = [self._left, self._right, self._steering, self._edit, self._ask, self._editing]
        many: dict[str, Any] = {"concurrency_limit": None, **quiet}  # turns are given by the slots, not by Gradio
        listing = (self._headings, [self._session], [self._talks])
        for trigger in (self._send.click, self._ask.submit):
            trigger(self._answer, [self._session, self._ask, *sides], shown, **many).then(*listing, **quiet)
        self._go_on.click(self._answer_again, [self._session, self._thought, *sides], shown, **many).then(
            *listing, **quiet
        )
        for button, action in ((self._stop, Action.STOP), (self._now, Action.ANSWER_NOW)):
            button.click(self._steer(action), [self._session], None, queue=False, **quiet)
        for trigger in (self._give.click, self._hint.submit):
            trigger(self._give_hint, [self._session, self._hint], [self._hint], queue=False, **quiet)
        self._edit.click(self._open_editor, [self._session], [self._editing, self._thought], **quiet)
        self._leave.click(lambda: gr.update(visible=False), None, [self._editing], **quiet)
        files = [self._reading, self._names]
        self._upload.upload(self._read, [self._session, self._upload, self._language], files, **quiet)
        self._drop.click(self._drop_files, [self._session], files, **quiet)
        self._beside.change(
            lambda on: (gr.update(visible=on), gr.update(visible=on)), [self._beside], [self._right, self._second],
            **quiet,
        )  # fmt: skip
        fresh = [self._left, self._right, self._edit, self._editing, self._reading]
        self._left.clear(self._begin_anew, [self._session], fresh, **quiet).then(*listing, **quiet)
        self._new.click(self._begin_anew, [self._session], fresh, **quiet).then(*listing, **quiet)
        self._talks.input(self._open, [self._session, self._talks, self._language], fresh, **quiet)
        self._forget.click(self._forget_it, [self._session], fresh, **quiet).then(*listing, **quiet)
        worded = [part for part, _ in self._worded]
        self._language.input(self._reword, [self._session, self._language], [self._left, self._right, *worded], **quiet)
        self._dark.click(None, None, None, js=_DARK)
        blocks.load(self._greet, None, worded, **quiet).then(*listing, **quiet)

    async def _answer(
        self, session: Session, question: str, language: str, *sides: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Answer the next question; what the page shows, as it grows."""
        async for shown in self._asked(session, question.strip(), "", language, sides):
            yield shown

    async def _answer_again(
        self, session: Session, thought: str, language: str, *sides: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Answer the last question again, from an edited thought."""
        exchanges = session.lanes[0].exchanges
        question = exchanges[-1].question if exchanges else ""
        async for shown in self._asked(session, question, thought.rstrip(), language, (False, *sides[1:])):
            yield shown

    async def _asked(
        self, session: Session, question: str, thought: str, language: str, given: tuple[Any, ...]
    ) -> AsyncIterator[tuple[Any, ...]]:
        if not question or session.running:
            yield tuple(gr.skip() for _ in range(6))
            return
        beside, model, effort, certainty, model_2, effort_2 = given
        sides = [Side(model, int(effort), certainty)]
        sides += [Side(model_2, int(effort_2), certainty)] if beside else []
        words, first = WORDS[language], True
        async for _ in self._asker.ask(session, Asking(question, thought, words["alone"]), sides):
            left, right = (lane.messages(words) for lane in session.lanes)
            if first:
                hidden = gr.update(visible=False)
                yield left, right, gr.update(visible=True), hidden, "" if not thought else gr.skip(), hidden
                first = False
            else:
                yield left, right if beside else gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        editable = gr.update(visible=self._asker.can_go_on(session, model))
        yield gr.skip(), gr.skip(), gr.update(visible=False), editable, gr.skip(), gr.skip()

    def _steer(self, action: Action) -> Any:
        """A handler that says something to the answers that are being made."""

        def say(session: Session) -> None:
            self._asker.say(session, action)

        return say

    def _give_hint(self, session: Session, text: str) -> str:
        """Give a hint; what stays in its field."""
        if text.strip():
            self._asker.say(session, Action.HINT, text)
        return ""

    def _open_editor(self, session: Session) -> tuple[Any, str]:
        exchanges = session.lanes[0].exchanges
        return gr.update(visible=bool(exchanges)), exchanges[-1].reply.thought if exchanges else ""

    def _read(self, session: Session, uploads: list[str] | None, language: str) -> tuple[Any, str]:
        """Read uploaded files."""
        faults = []
        for upload in uploads or []:
            path = Path(upload)
            try:
                session.files[path.name] = take_in(path)
            except QwillError as error:
                faults.append(error.message)
        told = [WORDS[language]["reads"].format(names=", ".join(session.files))] if session.files else []
        return gr.update(visible=bool(told or faults)), "\n\n".join([*told, *(f"**!** {fault}" for fault in faults)])

    def _drop_files(self, session: Session) -> tuple[Any, str]:
        session.files.clear()
        return gr.update(visible=False), ""

    def _headings(self, session: Session) -> Any:
        """The list of conversations."""
        kept = self._service.conversations
        choices = [(heading.title or "…", heading.id) for heading in kept.list(OWNER)] if kept else []
        current = session.talk_id if any(session.talk_id == name for _, name in choices) else None
        return gr.update(choices=choices, value=current)

    def _begin_anew(self, session: Session) -> tuple[Any, ...]:
        session.clear()
        return [], [], *(gr.update(visible=False) for _ in range(3))

    def _forget_it(self, session: Session) -> tuple[Any, ...]:
        if self._service.conversations is not None:
            self._service.conversations.delete(session.talk_id, OWNER)
        return self._begin_anew(session)

    def _open(self, session: Session, talk_id: str | None, language: str) -> tuple[Any, ...]:
        """Show a kept conversation."""
        fresh = self._begin_anew(session)
        kept = self._service.conversations
        if kept is None or talk_id is None:
            return fresh
        session.talk_id = talk_id
        for turn in kept.turns(talk_id, OWNER):
            exchanges = session.lanes[0].exchanges
            if turn.role == "user":
                exchanges.append(Exchange(turn.text, Reply()))
            elif turn.role == "assistant" and exchanges:
                exchanges[-1].reply = Reply.kept(turn)
        return session.lanes[0].messages(WORDS[language]), *fresh[1:]

    def _reword(self, session: Session, language: str) -> list[Any]:
        """Everything in another language."""
        lanes = [lane.messages(WORDS[language]) for lane in session.lanes]
        return [*lanes, *self._texts(language)]

    def _texts(self, language: str) -> list[Any]:
        words = WORDS[language]
        changes: list[dict[str, Any]] = [{name: words[key] for name, key in keys.items()} for _, keys in self._worded]
        return [gr.update(**change) for change in changes]

    def _greet(self, request: gr.Request) -> list[Any]:
        """The page in the language of the browser."""
        language = wanted(str(request.headers.get("accept-language", "")))
        chosen = {"value": language}
        return [
            {**text, **(chosen if part is self._language else {})}
            for (part, _), text in zip(self._worded, self._texts(language), strict=True)
        ]
