"""The application: routes, what guards them, and how failures are told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qwill import __version__
from qwill.core import QwillError
from qwill.serve.chains import chain_names
from qwill.serve.chat import chat_routes
from qwill.serve.completions import completion_routes
from qwill.serve.conversation_routes import conversation_routes
from qwill.serve.errors import ApiError, of_failure
from qwill.serve.guard import Guard
from qwill.serve.library import set_names
from qwill.serve.ollama import ollama_routes
from qwill.serve.responses import response_routes
from qwill.serve.service import LOG, Service
from qwill.serve.stream import ClientGoneError
from qwill.serve.work import Workshop

_CLIENT_GONE = 499  # nginx's number for it; only the log and the metrics see it


def create_app(service: Service) -> FastAPI:
    """The server as an ASGI application; it closes the service at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        yield
        await service.close()

    app = FastAPI(
        title="Qwill",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    for routes in (chat_routes, completion_routes, response_routes, ollama_routes):
        app.include_router(routes(service))
    app.include_router(_common_routes(service))
    if service.conversations is not None:
        app.include_router(conversation_routes(service.conversations))
    _tell_failures(app)
    app.add_middleware(Counting, service=service)
    if service.settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.settings.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    if service.settings.page:
        from qwill.serve.page.mount import mount_page  # Gradio comes with it

        mount_page(app, service)
    app.add_middleware(Guard, settings=service.settings, keys=service.keys)
    return app


def _common_routes(service: Service) -> APIRouter:
    """What is told about the server and its models."""
    router = APIRouter()

    @router.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The models that are served, the chains over them, and the knowledge sets that they answer from."""
        served = [_model(name, shop) for name, shop in service.shops.items()]
        first, extra = next(iter(service.shops.values())), [*chain_names(service), *set_names(service)]
        return {"object": "list", "data": [*served, *(_model(name, first) for name in extra)]}

    @router.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        if name in (*chain_names(service), *set_names(service)):
            return _model(name, service.shop(None)[1])
        return _model(*service.shop(name))

    @router.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server takes requests, and how busy it is."""
        shops = service.shops.values()
        return {
            "status": "closing" if service.closing else "ok",
            "busy": sum(shop.slots.busy for shop in shops),
            "waiting": sum(shop.slots.waiting for shop in shops),
            "slots": sum(shop.slots.count for shop in shops),
        }

    @router.get("/metrics", response_model=None)
    async def metrics() -> Response:
        """Counters for Prometheus."""
        return PlainTextResponse(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def _model(name: str, shop: Workshop) -> dict[str, Any]:
    """A model as OpenAI's API lists it."""
    able = shop.engine.capabilities
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "qwill",
        "max_model_len": able.context,
        "thinking": able.thinking,
    }


def _tell_failures(app: FastAPI) -> None:
    """Every failure in the shape of OpenAI's API."""

    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return error.response()

    @app.exception_handler(QwillError)
    async def ours(request: Request, error: QwillError) -> Response:
        return of_failure(error).response()

    @app.exception_handler(ClientGoneError)
    async def gone(request: Request, error: ClientGoneError) -> Response:
        return Response(status_code=_CLIENT_GONE)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        return ApiError(400, message, code="invalid_request", param=where).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return ApiError(error.status_code, str(error.detail), headers=error.headers).response()

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        return ApiError(500, "The server failed; its log says why.", code="internal_error").response()


class Counting:
    """Counts requests by route and status. Plain ASGI: nothing is added to what streams through it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _CLIENT_GONE

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # Paths that lead nowhere share a label: their number is up to the clients.
            route = getattr(scope.get("route"), "path", "other")
            self._service.metrics.requests.labels(route, str(status)).inc()
            LOG.debug("%s %s %d", scope["method"], route, status)
