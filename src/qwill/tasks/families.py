"""All families by name."""

from typing import Any

from qwill.tasks.arithmetic import Arithmetic
from qwill.tasks.base import Family
from qwill.tasks.cards import Cards
from qwill.tasks.countdown import Countdown3, Countdown4
from qwill.tasks.decimals import Decimals
from qwill.tasks.equations import Equations
from qwill.tasks.knights import Knights
from qwill.tasks.letters import Letters
from qwill.tasks.numbers import Numbers
from qwill.tasks.outside import Outside
from qwill.tasks.programs import Programs

FAMILIES: dict[str, Family[Any]] = {
    family.name: family
    for family in (
        Letters(), Decimals(), Arithmetic(), Equations(), Numbers(), Countdown3(), Countdown4(), Knights(), Cards(),
        Programs(), Outside(),
    )
}  # fmt: skip
