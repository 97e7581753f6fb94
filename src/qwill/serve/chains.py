"""`chain:NAME` as a model: a shipped prompt chain, run over the served models; its steps are the thought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qwill.chain import Chain, Runner, events_of, load_chain, lookup, shipped
from qwill.core.events import Event
from qwill.knowledge import Knowledge
from qwill.reason.parse import parse
from qwill.reason.steering import Steering
from qwill.serve.errors import ApiError
from qwill.serve.led import Stoppable
from qwill.serve.service import Service
from qwill.serve.work import Make

PREFIX = "chain:"


@dataclass(frozen=True)
class ServedChain:
    """A chain with the models that its roles are played by.

    Attributes:
        chain: what is run.
        field: the input that the question fills.
        models: role → name of a served model.
        knowledge: where it looks things up, or None.
    """

    chain: Chain
    field: str
    models: Mapping[str, str]
    knowledge: Knowledge | None = None


def chain_names(service: Service) -> list[str]:
    """The names of the shipped chains that this server can run as models."""
    able = (chain for chain in map(load_chain, shipped()) if _takes_a_question(chain))
    return [PREFIX + chain.name for chain in able if service.library or not chain.query]


def served_chain(service: Service, name: str, roles: Mapping[str, str], knowledge: str | None = None) -> ServedChain:
    """A shipped chain, ready to be run.

    Args:
        service: the server, whose first model plays the roles that nothing is said about, and whose first knowledge
            set is where the chain looks things up, if it does.
        name: `chain:NAME`.
        roles: role → name of a served model.
        knowledge: another served knowledge set.

    Raises:
        ApiError: there is no such chain, role, model or set, or the chain needs more than a question.
    """
    known = name.removeprefix(PREFIX)
    if known not in shipped():  # never a path: clients read no files of the server's
        raise ApiError(
            404,
            f"There is no chain {known[:80]!r} here; there is: {', '.join(shipped())}.",
            code="model_not_found",
            param="model",
        )
    chain = load_chain(known)
    if not _takes_a_question(chain):
        raise ApiError(400, f"{name} needs more than a question.", code="invalid_request", param="model")
    if chain.query and not service.library:
        raise ApiError(400, f"{name} looks things up, and no set is served.", code="invalid_request", param="model")
    if unknown := sorted(roles.keys() - chain.models.keys()):
        raise ApiError(400, f"{name} has no role {unknown[0][:80]!r}.", code="invalid_request", param="qwill.models")
    first, _ = service.shop(None)
    models = {role: service.shop(roles.get(role, first))[0] for role in chain.models}
    (field,) = (key for key, default in chain.inputs.items() if default is None)
    return ServedChain(chain, field, models, service.set_of(knowledge) if chain.query else None)


def chain_maker(service: Service, served: ServedChain, question: str) -> Make:
    """What makes the answer: each step's text as a piece of thought once it is done, then the chain's outcome."""

    def make(choice: int, steering: Steering) -> Iterator[Event]:
        del choice
        look = lookup(served.knowledge) if served.knowledge else None
        runner = Runner(lambda model: Stoppable(service.shops[model].engine, steering), look=look)
        steps = runner.run(
            served.chain, {served.field: question}, served.models, stopped=lambda: steering.stopped
        )  # fmt: skip
        return events_of(served.chain, steps, parse(question), lambda: steering.stopped)

    return make


def _takes_a_question(chain: Chain) -> bool:
    return sum(default is None for default in chain.inputs.values()) == 1
