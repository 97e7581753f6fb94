"""`/v1/chat/completions`: an answer with its thought, whole or as it is made; and steering one that is being made."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from qwill.core.events import Event, Finished
from qwill.engine.http import HttpEngine
from qwill.reason.parse import parse
from qwill.reason.steering import Steering
from qwill.serve.asked import Asked, answer
from qwill.serve.chains import PREFIX, chain_maker, served_chain
from qwill.serve.chat_request import ChatRequest, Extension
from qwill.serve.errors import ApiError, unsupported
from qwill.serve.exchange import Cost, Exchange
from qwill.serve.extension import Ledger, finish_reason
from qwill.serve.filters import Said, without_thoughts
from qwill.serve.keeping import keeping_for
from qwill.serve.library import asked_from
from qwill.serve.relay import Relay, relay_chat
from qwill.serve.reply import reply
from qwill.serve.service import Service
from qwill.serve.settings import ThoughtField
from qwill.serve.steering import Action, steer

DONE = b"data: [DONE]\n\n"
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def chat_routes(service: Service) -> APIRouter:
    """The routes."""
    router = APIRouter()

    @router.post("/v1/chat/completions", response_model=None)
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        """Answer a conversation's last question."""
        thoughts = body.thoughts(service.settings)
        body, knowledge = asked_from(service, body)
        if body.model and body.model.startswith(PREFIX) and body.model not in service.shops:
            return await _run_chain(service, request, body, thoughts)
        model, shop = service.shop(body.model)
        able = shop.engine.capabilities
        shapes = not isinstance(shop.engine, HttpEngine) and able.json_schema and able.continuation
        if field := body.needs_upstream(shapes):
            if not isinstance(shop.engine, HttpEngine):
                raise unsupported(field, "this model runs here, and only models on other servers can follow it.")
            if knowledge is not None:
                raise unsupported(field, "with a knowledge set, questions are answered here.")
            return await relay_chat(request, Relay(service, shop, shop.engine, thoughts), body)
        engine = shop.engine
        keeping = await run_in_threadpool(keeping_for, service.conversations, request.state.client, body)
        asked = (keeping.with_history(body) if keeping else body).asked(engine, service.settings)
        asked = replace(asked, knowledge=knowledge)

        def make(choice: int, steering: Steering) -> Iterator[Event]:
            events = answer(engine, asked, choice, steering)
            return keeping.keep(events) if keeping else events

        question = asked.messages[-1].content
        exchange = Exchange(service, request, model, make, choices=asked.choices, prefix="chatcmpl-", question=question)
        chat = Chat(exchange, asked, thoughts, body.include_usage, keeping.name if keeping else None)
        return await reply(exchange, request, chat, streaming=bool(body.stream))

    @router.post("/v1/chat/completions/{name}/steer")
    async def steered(name: str, body: Steer, request: Request) -> dict[str, Any]:
        """Say something to an answer while it is made, by the id that its chunks carry."""
        for shop in service.shops.values():
            work = shop.find(name, request.state.client)
            if work is not None:
                steer(work.steering, body.action, body.text)
                return {"id": name, "object": "chat.completion.steering", "action": body.action}
        raise ApiError(404, "No such answer is being made for you.", code="not_found", param="id")

    return router


async def _run_chain(service: Service, request: Request, body: ChatRequest, thoughts: ThoughtField) -> Response:
    """Answer by a chain of prompts; it takes the last question alone."""
    assert body.model is not None
    own = body.qwill or Extension()
    served = await run_in_threadpool(served_chain, service, body.model, own.models or {}, own.knowledge)
    model, shop = service.shop(served.models[served.chain.steps[0].model])
    if field := body.needs_upstream(shapes=False):
        raise unsupported(field, "a chain cannot follow it.")
    asked = replace(body.asked(shop.engine, service.settings), choices=1, ignored=body.without_effect_on_chains())
    question = asked.messages[-1].content
    make = chain_maker(service, served, question)
    if not asked.shows_thoughts:
        plain, language = make, parse(question).language
        make = lambda choice, steering: without_thoughts(plain(choice, steering), language)  # noqa: E731
    exchange = Exchange(service, request, model, make, prefix="chatcmpl-", question=question)
    exchange.model = body.model
    chat = Chat(exchange, asked, thoughts, body.include_usage)
    return await reply(exchange, request, chat, streaming=bool(body.stream))


class Steer(BaseModel):
    """What is said to a running answer."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    text: str = Field(default="", max_length=10_000)


def usage(cost: Cost) -> dict[str, Any]:
    """The counts of tokens, as OpenAI's API gives them."""
    written = cost.thought + cost.answer
    return {
        "prompt_tokens": cost.prompt,
        "completion_tokens": written,
        "total_tokens": cost.prompt + written,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": cost.thought},
    }


class Chat:
    """An exchange in the words of the chat API.

    Args:
        exchange: what is answered.
        asked: what was asked.
        thoughts: where thoughts are sent.
        include_usage: whether a stream ends with the counts of tokens.
        conversation: id of the kept conversation that it belongs to.
    """

    def __init__(
        self,
        exchange: Exchange,
        asked: Asked,
        thoughts: ThoughtField,
        include_usage: bool,
        conversation: str | None = None,
    ) -> None:
        self._exchange, self._fields, self._include_usage = exchange, thoughts.names, include_usage
        self._choices = asked.choices
        self._told = {"ignored": list(asked.ignored), **({"conversation": conversation} if conversation else {})}

    def _head(self, kind: str) -> dict[str, Any]:
        exchange = self._exchange
        return {"id": exchange.id, "object": kind, "created": exchange.created, "model": exchange.model}

    async def whole(self) -> dict[str, Any]:
        """The completion in one piece; see `Rendering`."""
        choices = self._choices
        ledgers = [Ledger() for _ in range(choices)]
        done: dict[int, dict[str, Any]] = {}
        async for happened in self._exchange.events():
            for item in happened:
                assert not isinstance(item.event, BaseException)
                ledgers[item.choice].note(item.event)
                if isinstance(item.event, Finished):
                    said = item.event.answer
                    done[item.choice] = {
                        "index": item.choice,
                        "message": {
                            "role": "assistant",
                            "content": said.text,
                            "refusal": None,
                            **(dict.fromkeys(self._fields, said.thought) if said.thought else {}),
                        },
                        "logprobs": None,
                        "finish_reason": finish_reason(said),
                        "qwill": ledgers[item.choice].told(said),
                    }
        return {
            **self._head("chat.completion"),
            "choices": [done[choice] for choice in range(choices)],
            "usage": usage(self._exchange.cost),
            "qwill": self._told,
        }

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The completion as server-sent events: each answer's thought, then its text, then how it ended."""
        choices, include_usage = self._choices, self._include_usage
        head = self._head("chat.completion.chunk")
        before = json.dumps({**head, "choices": []}, ensure_ascii=False)[:-2]
        after = ', "usage": null}' if include_usage else "}"
        ledgers, said = [Ledger() for _ in range(choices)], [Said() for _ in range(choices)]

        def line(choice: int, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
            told = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish, **more}
            return f"data: {before}{json.dumps(told, ensure_ascii=False)}]{after}\n\n"

        def piece(choice: int, fields: tuple[str, ...], text: str) -> str:
            # Written once for every token, so without building objects: it takes a third of the time.
            quoted = _quoted(text)
            delta = ", ".join(f'"{field}": {quoted}' for field in fields)
            told = f'{{"index": {choice}, "delta": {{{delta}}}, "logprobs": null, "finish_reason": null}}'
            return f"data: {before}{told}]{after}\n\n"

        begun = "".join(line(choice, {"role": "assistant", "content": ""}) for choice in range(choices))
        yield begun.encode()
        try:
            async for happened in self._exchange.events():
                lines = []
                for item in happened:
                    event, choice = item.event, item.choice
                    assert not isinstance(event, BaseException)
                    ledgers[choice].note(event)
                    thought, text = said[choice].take(event)
                    if thought and self._fields:
                        lines.append(piece(choice, self._fields, thought))
                    if text:
                        lines.append(piece(choice, ("content",), text))
                    if isinstance(event, Finished):
                        told = {**ledgers[choice].told(event.answer), **self._told}
                        lines.append(line(choice, {}, finish_reason(event.answer), qwill=told))
                if lines or not happened:
                    yield "".join(lines).encode()
            if include_usage:
                last = {**head, "choices": [], "usage": usage(self._exchange.cost)}
                yield f"data: {json.dumps(last, ensure_ascii=False)}\n\n".encode()
        except ApiError as error:
            yield f"data: {json.dumps(error.body(), ensure_ascii=False)}\n\n".encode()
        yield DONE
