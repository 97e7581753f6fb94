"""How questions outside the families are put together: a core, its slots, sometimes a context, or no sentence at all."""

# ruff: noqa: E501, SIM905 (lists of words read best as text)

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from qwill.core import Language
from qwill.tasks import outside_chinese, outside_english
from qwill.tasks.wording import vary

_SLOT = re.compile(r"\{(\w+)\}")
_SYLLABLES = (
    "ba be bo ka ke ko la le lo ma me mi mo na ne ni ra re ri ro sa se si so ta te ti to va vi zu za pla gro shi tri dro flo "
    "snu quo bli cra den for gan hel jur kel lum mor nex oph pru rin sto tum ulf vex wim yor zan"
).split()
_EMOJI = "😀 😂 😭 ❤️ 👍 🙏 🎉 🤔 😡 🍕 🐶 🐱 🌍 🚀 ☀️ 🌧️ ⚽ 🎵 💔 👀 😴 🤖 🥲 🔥 💯 🙃 🐼 🍜 🎂 🌹".split()
_MARKS = (
    "?",
    "??",
    "???",
    "!",
    "!!!",
    "...",
    "…",
    "。。。",
    "？？？",
    "！",
    ".",
    ",",
    "-",
    "--",
    "/",
    "~",
    "*",
    "???!",
    "@#$%",
    "^_^",
    ":)",
    ":(",
    ";-)",
    "<3",
    "T_T",
    "=_=",
)
_KEYS = "qwertyuiopasdfghjklzxcvbnm"


def question(language: Language, rng: random.Random) -> str:
    """A message that fits no family; Chinese in simplified script."""
    chinese = language.is_chinese
    draw = rng.random()
    if draw < 0.04:
        return _noise(chinese, rng)
    words = outside_chinese if chinese else outside_english
    slots: dict[str, Sequence[str]] = words.SLOTS
    if draw < 0.08:
        return _few_words(slots, chinese, rng)
    if draw < 0.10:
        return fill(rng, outside_english.OTHER_LANGUAGES, outside_english.SLOTS)
    if draw < 0.14:
        return _story(words.CORES, words.CONTEXTS, slots, chinese, rng)
    # Groups are drawn before cores: a long group must not drown a short one.
    names, weights = zip(*words.WEIGHTS.items(), strict=True)
    group = rng.choices(names, weights)[0]
    text = fill(rng, words.CORES[group], slots)
    if rng.random() < 0.12 and group not in ("talk", "self"):
        context = fill(rng, words.CONTEXTS, slots)
        text = (
            context + ("" if chinese else " ") + text
            if rng.random() < 0.6
            else text + ("" if chinese else " ") + context
        )
    if not chinese and rng.random() < 0.15:
        text = text.lower()
    if rng.random() < 0.12:
        text = text.rstrip("?.!？。！") or text
    return text[:1].upper() + text[1:] if not chinese and rng.random() < 0.8 else text


def _story(
    cores: Mapping[str, Sequence[str]],
    contexts: Sequence[str],
    slots: Mapping[str, Sequence[str]],
    chinese: bool,
    rng: random.Random,
) -> str:
    """A long message: several sentences and one or two requests."""
    said = [fill(rng, contexts, slots) for _ in range(rng.randint(1, 3))]
    said += [fill(rng, "{sentence}", slots) + ("。" if chinese else ".") for _ in range(rng.randint(1, 4))]
    rng.shuffle(said)
    asked = [fill(rng, cores[rng.choice(_TASKS)], slots) for _ in range(rng.choice((1, 1, 2)))]
    joint = rng.choice(("", "", "\n")) if chinese else rng.choice((" ", " ", "\n"))
    return joint.join([*said, *asked] if rng.random() < 0.7 else [*asked, *said])


_TASKS = (
    "knowledge",
    "science",
    "health",
    "law",
    "writing",
    "translation",
    "code",
    "opinion",
    "planning",
    "mathematics",
    "puzzles",
    "near",
)


def fill(rng: random.Random, cores: str | Sequence[str], slots: Mapping[str, Sequence[str]]) -> str:
    """One core with its alternatives and slots drawn; a slot that stands twice is drawn twice."""
    names = {name: name for core in ((cores,) if isinstance(cores, str) else cores) for name in _SLOT.findall(core)}
    text = vary(rng, cores, **{name: "{" + name + "}" for name in names})
    return _SLOT.sub(lambda slot: _value(slot[1], slots, rng), text)


def _value(name: str, slots: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    match name:
        case "n":
            return str(
                rng.choice((rng.randint(2, 12), rng.randint(2, 99), rng.randint(10, 999), rng.randint(100, 9999)))
            )
        case "small":
            return str(rng.randint(2, 12))
        case "x":
            return f"{rng.randint(0, 99)}.{rng.randint(1, 99)}"
        case "percent":
            return str(rng.choice((5, 10, 12, 15, 18, 20, 25, 30, 33, 40, 50, 60, 75, 80, rng.randint(1, 99))))
        case "year":
            return str(rng.choice((rng.randint(1000, 1899), rng.randint(1900, 2030))))
        case "invented":
            return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4)))
    return rng.choice(slots[name])


def _noise(chinese: bool, rng: random.Random) -> str:
    """Random keys, marks, emoji, bare numbers."""
    match rng.randrange(6):
        case 0:
            return "".join(rng.choices(_KEYS, k=rng.randint(2, 14)))
        case 1:
            return "".join(rng.choices(_EMOJI, k=rng.randint(1, 4)))
        case 2:
            return rng.choice(_MARKS)
        case 3:
            return " ".join("".join(rng.choices(_KEYS, k=rng.randint(2, 8))) for _ in range(rng.randint(2, 6)))
        case 4:
            return str(rng.randrange(10 ** rng.randint(1, 11)))
    if chinese:
        return "".join(
            rng.choices(
                "的一是了我不人在他有这上们来到时大地为子中你说生国年着就那和要她出也得里后自以会", k=rng.randint(2, 9)
            )
        )
    return " ".join("".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(rng.randint(1, 6)))


def _few_words(slots: Mapping[str, Sequence[str]], chinese: bool, rng: random.Random) -> str:
    """One to three words without a question."""
    nouns = [name for name in ("topic", "food", "place", "person", "thing", "animal", "job", "work") if name in slots]
    words = [rng.choice(slots[rng.choice(nouns)]) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    return ("，" if chinese and rng.random() < 0.5 else " ").join(words) + rng.choice(
        ("", "", "", "？" if chinese else "?", "。" if chinese else ".")
    )
