"""The page's tab for chains: choose one, fill in what it needs, and see its steps being written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from qwill.chain import Chain, Runner, as_svg, events_of, filled_inputs, load_chain, lookup, shipped
from qwill.core import QwillError
from qwill.core.events import Event, Finished
from qwill.reason.parse import parse
from qwill.reason.steering import Steering
from qwill.serve.errors import ApiError
from qwill.serve.led import Stoppable
from qwill.serve.page.asking import OWNER
from qwill.serve.page.board import Board
from qwill.serve.page.talk import Session
from qwill.serve.page.words import WORDS
from qwill.serve.service import Service
from qwill.serve.work import Work

_PAUSE = 0.25  # seconds between two looks at a run
Put = Callable[..., Any]
"""Makes a part whose texts change with the language: property → key of `WORDS`."""


class ChainTab:
    """The tab.

    Args:
        service: the server, whose models play the roles.
        put: see `Put`.
    """

    def __init__(self, service: Service, put: Put) -> None:
        self._service, self._put = service, put
        chains = [load_chain(name) for name in shipped()]
        self._chains = {chain.name: chain for chain in chains if service.library or not chain.query}
        self._fields = max(len(chain.inputs) for chain in chains)
        self._roles = max(len(chain.models) for chain in chains)

    def build(self) -> None:
        """Put its parts where Gradio stands."""
        titles = [(chain.title, name) for name, chain in self._chains.items()]
        models = list(self._service.shops)
        first = next(iter(self._chains.values()))
        self._chain = self._put(gr.Dropdown(titles, value=first.name, elem_id="chain"), label="chain")
        self._inputs = [
            gr.Textbox(**_field(first, number), lines=1, max_lines=12, elem_id=f"input{number}")
            for number in range(self._fields)
        ]
        with gr.Row():
            self._models = [
                gr.Dropdown(models, value=models[0], **_role(first, number), elem_id=f"role{number}", min_width=160)
                for number in range(self._roles)
            ]
        with gr.Row():
            self._run = self._put(gr.Button(variant="primary", elem_id="run", scale=0, min_width=120), value="run")
            self._stop = self._put(
                gr.Button(variant="stop", visible=False, elem_id="stop-run", scale=0, min_width=90), value="stop"
            )
        self._board = gr.HTML(_graph(first), elem_id="board")

    def wire(self, session: gr.State, language: gr.Dropdown) -> None:
        """Say what its parts do."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [*self._inputs, *self._models, self._board]
        self._chain.input(self._choose, [self._chain], shown, **quiet)
        given = [session, language, self._chain, *self._inputs, *self._models]
        self._run.click(self._watch_run, given, [self._board, self._run, self._stop], concurrency_limit=None, **quiet)
        self._stop.click(self._end, [session], None, queue=False, **quiet)

    def _choose(self, name: str) -> list[Any]:
        """Show what another chain needs."""
        chain = self._chains[name]
        inputs = [gr.update(**_field(chain, number)) for number in range(self._fields)]
        return [*inputs, *(gr.update(**_role(chain, number)) for number in range(self._roles)), _graph(chain)]

    async def _watch_run(self, session: Session, language: str, name: str, *given: str) -> AsyncIterator[Any]:
        """Run a chain; the board as it fills."""
        chain, words = self._chains[name], WORDS[language]
        values = dict(zip(chain.inputs, given, strict=False))
        models = dict(zip(chain.models, given[self._fields :], strict=False))
        board = Board(chain, models)
        try:
            work = self._begin(session, board, {key: value for key, value in values.items() if value.strip()})
        except (ApiError, QwillError) as error:
            board.failure = error.message
            yield board.html(words), gr.skip(), gr.skip()
            return
        yield board.html(words), gr.update(interactive=False), gr.update(visible=True)
        try:
            async for happened in work.happenings(_PAUSE):
                for item in happened:
                    if isinstance(item.event, Finished):
                        board.final = item.event.answer.text
                    elif isinstance(item.event, BaseException):
                        known = isinstance(item.event, QwillError | ApiError)
                        board.failure = str(item.event) if known else type(item.event).__name__
                yield board.html(words), gr.skip(), gr.skip()
        finally:
            self._end(session)
        yield board.html(words), gr.update(interactive=True), gr.update(visible=False)

    def _begin(self, session: Session, board: Board, values: dict[str, str]) -> Work:
        """Begin a run; it takes a slot of the first step's model.

        Raises:
            ApiError, QwillError: something is missing, or too many wait.
        """
        chain = board.chain
        filled_inputs(chain, values)
        look = lookup(self._service.set_of(None)) if chain.query else None

        def make(choice: int, steering: Steering) -> Iterator[Event]:
            del choice
            runner = Runner(lambda model: Stoppable(self._service.shops[model].engine, steering), look=look)
            steps = runner.run(chain, values, board.models, stopped=lambda: steering.stopped, watch=board.watch)
            question = parse(next(iter(values.values())))
            return events_of(chain, board.noted(steps), question, lambda: steering.stopped)

        _, shop = self._service.shop(board.models[chain.steps[0].model])
        session.chain, work = shop.begin(make, 1, OWNER, "page-")
        return work

    def _end(self, session: Session) -> None:
        for shop in self._service.shops.values():
            shop.end(session.chain)


def _field(chain: Chain, number: int) -> dict[str, Any]:
    inputs: Sequence[tuple[str, str | None]] = list(chain.inputs.items())
    if number >= len(inputs):
        return {"visible": False}
    name, default = inputs[number]
    return {"visible": True, "label": name, "value": default or ""}


def _role(chain: Chain, number: int) -> dict[str, Any]:
    roles = list(chain.models)
    return {"visible": number < len(roles), "label": roles[number] if number < len(roles) else ""}


def _graph(chain: Chain) -> str:
    return f'<div class="qw-graph">{as_svg(chain)}</div>'
