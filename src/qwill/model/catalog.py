"""The models that Qwill knows by name: where they are, under which licence, how large, how they think.

What stands here was read in public copies of the makers' model cards and configuration files, not on the hubs, or
follows from sizes of published files (the Q8_0 of Qwen3-1.7B has 1,834,426,016 bytes: 5.95 MB of tokenizer and header
over what its shape gives). Facts known to be unconfirmed are listed in an entry's `unverified`; of the ModelScope
names and GGUF repositories not each one was looked up.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from qwill.core import UsageError
from qwill.model.config import PRESETS
from qwill.model.shape import Shape

APACHE = "Apache-2.0"
QWEN_RESEARCH = "Qwen Research (not for commercial use)"
TONGYI_RESEARCH = "Tongyi Qianwen Research (not for commercial use)"


@dataclass(frozen=True)
class Thinking:
    """Where a model's thoughts stand.

    Attributes:
        opening, closing: the tags around them.
        begun_by_prompt: the chat template's generation prompt ends with the opening tag; None where this differs
            between versions of the template.
        optional: the model also answers without thinking.
    """

    opening: str = "<think>"
    closing: str = "</think>"
    begun_by_prompt: bool | None = False
    optional: bool = False


@dataclass(frozen=True)
class Entry:
    """One model.

    Attributes:
        name: what it is called here; also the name of the folder it is pulled to.
        hub: repository on the Hugging Face Hub; empty for our own, which comes with the package.
        licence: of the weights.
        shape: sizes, from which bytes follow.
        context: most tokens of prompt and text together, without stretching of positions.
        stretched: the same with YaRN switched on, where its makers say so; otherwise `context`.
        thinking: where its thoughts stand; None when it does not mark any.
        gguf: repositories with GGUF files on the Hub, the makers' own first.
        modelscope: repository on ModelScope; the same name as on the Hub by default.
        aliases: other names; spelling, dots and dashes do not matter.
        native: the native engine runs this architecture.
        unverified: which of these facts could not be checked.
        note: what else one should know.
    """

    name: str
    hub: str
    licence: str
    shape: Shape
    context: int
    stretched: int = 0
    thinking: Thinking | None = None
    gguf: tuple[str, ...] = ()
    modelscope: str = ""
    aliases: tuple[str, ...] = ()
    native: bool = True
    unverified: tuple[str, ...] = ()
    note: str = ""

    @property
    def parameters(self) -> int:
        """All parameters, embeddings included."""
        return self.shape.parameters

    @property
    def most_context(self) -> int:
        """Most tokens, stretching included."""
        return max(self.context, self.stretched)

    def repository(self, source: str) -> str:
        """Its name on "hub" or "modelscope"."""
        return self.hub if source == "hub" else self.modelscope or self.hub


def _qwq() -> list[Entry]:
    return [
        Entry(
            name="qwq-32b-preview",
            hub="Qwen/QwQ-32B-Preview",
            licence=APACHE,
            shape=Shape.of(PRESETS["qwq-32b-preview"]),
            context=32768,
            gguf=("bartowski/QwQ-32B-Preview-GGUF", "unsloth/QwQ-32B-Preview-GGUF"),
            aliases=("qwq-preview",),
            unverified=("thinking",),
            note="thinks aloud within its answer, without tags",
        ),
        Entry(
            name="qwq-32b",
            hub="Qwen/QwQ-32B",
            licence=APACHE,
            shape=Shape.of(PRESETS["qwq-32b-preview"]),
            context=32768,
            stretched=131072,
            thinking=Thinking(begun_by_prompt=True),
            gguf=("Qwen/QwQ-32B-GGUF", "bartowski/Qwen_QwQ-32B-GGUF"),
            aliases=("qwq",),
            unverified=("context",),
            note="its makers ask for YaRN where prompts are longer than 8,192 tokens",
        ),
    ]


def _distilled(size: str) -> Entry:
    """DeepSeek-R1-Distill-Qwen: trained from Qwen2.5 (1.5B and 7B from its Math models)."""
    shape = Shape.of(PRESETS[f"qwen2.5-{size}"])
    name = f"DeepSeek-R1-Distill-Qwen-{size.upper()}"
    return Entry(
        name=name.lower(),
        hub=f"deepseek-ai/{name}",
        licence="MIT",
        shape=replace(shape, tied=False),  # the 1.5B too: its Q8_0 has 1.89 GB, 1.64 GB would be tied
        context=131072,
        thinking=Thinking(begun_by_prompt=None),
        gguf=(f"unsloth/{name}-GGUF", f"bartowski/{name}-GGUF"),
        aliases=(f"deepseek-r1-{size}", f"r1-distill-qwen-{size}", f"r1-{size}"),
        note=f"trained from Qwen2.5{'-Math' if size in ('1.5b', '7b') else ''}-{size.upper()}, an Apache-2.0 model",
    )


def _qwen3(size: str, width: int, inner: int, layers: int, heads: int, *, tied: bool) -> Entry:
    name = f"Qwen3-{size.upper()}"
    small = size in ("0.6b", "1.7b")
    return Entry(
        name=name.lower(),
        hub=f"Qwen/{name}",
        licence=APACHE,
        shape=Shape(151936, width, inner, layers, heads, groups=8, head=128, tied=tied, biases=False, head_norms=True),
        context=32768,
        stretched=0 if small else 131072,
        thinking=Thinking(optional=True),
        gguf=(f"Qwen/{name}-GGUF", f"unsloth/{name}-GGUF"),
        native=False,
        unverified=() if small else ("stretched",),
        note="its architecture is not run by the native engine yet: use a GGUF file or a server",
    )


def _qwen25(size: str, *, coder: bool) -> Entry:
    name = f"Qwen2.5-{'Coder-' if coder else ''}{size.upper()}-Instruct"
    large = size in ("7b", "14b", "32b")
    return Entry(
        name=name.lower().removesuffix("-instruct"),
        hub=f"Qwen/{name}",
        licence=QWEN_RESEARCH if size == "3b" else APACHE,
        shape=Shape.of(PRESETS[f"qwen2.5-{size}"]),
        context=32768,
        stretched=131072 if large else 0,
        gguf=(f"Qwen/{name}-GGUF", f"bartowski/{name}-GGUF"),
        aliases=(name,),
    )


_QWEN15 = Entry(
    name="qwen1.5-1.8b",
    hub="Qwen/Qwen1.5-1.8B-Chat",
    licence=TONGYI_RESEARCH,
    shape=Shape(151936, 2048, 5504, 24, 16, groups=16, head=128, tied=False),
    context=32768,
    gguf=("Qwen/Qwen1.5-1.8B-Chat-GGUF",),
    aliases=("qwen1.5-1.8b-chat",),
    unverified=("modelscope",),
    note="every query head has its own keys and values: its cache is 16 times that of Qwen2.5-0.5B",
)

_OURS = Entry(
    name="qwill-nano",
    hub="",
    licence=APACHE,
    shape=Shape.of(PRESETS["qwill-nano"]),
    context=PRESETS["qwill-nano"].context,
    thinking=Thinking(begun_by_prompt=True),
    aliases=("nano", "qwill"),
    note="comes with the package",
)

_SIZES = ("0.5b", "1.5b", "3b", "7b", "14b", "32b")

CATALOG: tuple[Entry, ...] = (
    _OURS,
    *_qwq(),
    *(_distilled(size) for size in ("1.5b", "7b", "14b", "32b")),
    _qwen3("0.6b", 1024, 3072, 28, 16, tied=True),
    _qwen3("1.7b", 2048, 6144, 28, 16, tied=True),
    _qwen3("4b", 2560, 9728, 36, 32, tied=True),
    _qwen3("8b", 4096, 12288, 36, 32, tied=False),
    *(_qwen25(size, coder=False) for size in _SIZES),
    *(_qwen25(size, coder=True) for size in _SIZES),
    _QWEN15,
)
"""All models, in the order in which they are shown."""


def lookup(name: str) -> Entry | None:
    """The model of that name, alias or repository; None when there is none. Only letters and digits count."""
    key = _key(name)
    if "/" in name:  # a repository means itself: Qwen/Qwen2.5-7B is the base model, not the one we call qwen2.5-7b
        return next((entry for entry in CATALOG if key in map(_key, (entry.hub, entry.modelscope))), None)
    return _names().get(key)


def find(name: str) -> Entry:
    """The model of that name, alias or repository.

    Raises:
        UsageError: there is none; names those that are spelt alike.
    """
    entry = lookup(name)
    if entry is None:
        close = similar(name)
        hint = f"Did you mean {_or(close)}?" if close else "`qwill models` lists the names."
        raise UsageError(f"There is no model {name!r} in the catalog.", hint)
    return entry


def similar(name: str, most: int = 3) -> list[str]:
    """Names in the catalog that are spelt like this one, the closest first."""
    key, names = _key(name.rsplit("/", 1)[-1]), _names()
    begun = [names[known].name for known in names if key and known.startswith(key)]
    close = [names[known].name for known in difflib.get_close_matches(key, names, n=2 * most, cutoff=0.7)]
    return list(dict.fromkeys(begun + close))[:most]


def _names() -> dict[str, Entry]:
    """Every spelling's letters and digits, and the model meant."""
    return {
        _key(spelling): entry
        for entry in CATALOG
        for spelling in (entry.name, entry.hub.rsplit("/", 1)[-1], *entry.aliases)
        if spelling
    }


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9/]", "", name.lower())


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
