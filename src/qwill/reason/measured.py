"""What was measured of models, by which their answers are weighed.

`bench/effort.py` fits these figures on the development half of a sample bank. A model that was never measured is
weighed by the defaults, which say little.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from qwill.engine.protocol import Engine
from qwill.reason.confidence import Calibration
from qwill.reason.posterior import Prior


@dataclass(frozen=True)
class Measured:
    """Figures of one model.

    Attributes:
        prior: what is expected before its first answer.
        calibration: how to read its log-probabilities; None where they were not measured.
        programs: how many of them to write, behind the first text, where the answer is a number.
        program: how many votes the value of a program counts as.
        agreement: log likelihood ratio of an answer that both prose and a program arrive at, beyond their votes.
        price: gain in the probability of being right that a further trace has to bring under effort `auto`: the lowest
            at which `auto` spends half the tokens of the majority of 8, or less.
    """

    prior: Prior = field(default_factory=Prior)
    calibration: Calibration | None = None
    programs: int = 1
    program: float = 1.0
    agreement: float = 0.5
    price: float = 0.005


MEASURED: dict[str, Measured] = {
    "qwill-nano": Measured(  # before its second stage: it is right more often than this expects
        prior=Prior(right=0.49, wrong=0.34, spread=0.06, discount=0.53),
        calibration=Calibration(offset=-3.61, slope=-1.01, base=0.30),
    ),
    "qwen2.5-coder-0.5b": Measured(
        prior=Prior(right=0.97, wrong=3.76, spread=1.69, discount=0.8),
        calibration=Calibration(offset=-5.94, slope=-2.51, base=-1.51),
        program=1.02,
        agreement=-0.16,
        price=0.02,
    ),
    "qwen2.5-coder-1.5b": Measured(  # on 36 problems
        prior=Prior(right=1.02, wrong=0.66, spread=5.43, discount=0.29),
        calibration=Calibration(offset=-5.73, slope=-3.24, base=0.5),
        program=1.01,
        agreement=-1.0,
        price=0.015,
    ),
}
"""By the model's name, without what stands behind it for its precision, or else by that of its profile."""


def measured(engine: Engine) -> Measured:
    """What is known of an engine's model."""
    return measured_by_name(engine.name) or MEASURED.get(engine.profile.name, Measured())


def measured_by_name(name: str) -> Measured | None:
    """What is known of a model of this name; None where it was never measured."""
    known = [model for model in MEASURED if name.casefold().startswith(model)]
    return MEASURED[max(known, key=len)] if known else None
