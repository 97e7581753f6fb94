"""Knowledge sets over the API: `know:NAME` as a model, or any model with `qwill.knowledge`."""

from __future__ import annotations

from qwill.knowledge import Knowledge
from qwill.serve.chains import PREFIX as CHAIN
from qwill.serve.chat_request import ChatRequest, Extension
from qwill.serve.service import Service

PREFIX = "know:"


def set_names(service: Service) -> list[str]:
    """The served sets as names of models."""
    return [PREFIX + name for name in service.library]


def asked_from(service: Service, body: ChatRequest) -> tuple[ChatRequest, Knowledge | None]:
    """A request with the name of the model that answers it, and the set that it is answered from.

    Raises:
        ApiError: the set is not served.
    """
    own = body.qwill or Extension()
    if body.model and body.model.startswith(PREFIX):
        knowledge = service.set_of(body.model.removeprefix(PREFIX))
        return body.model_copy(update={"model": None}), knowledge
    if body.model and body.model.startswith(CHAIN):
        return body, None  # it looks things up itself
    return body, service.set_of(own.knowledge) if own.knowledge else None
