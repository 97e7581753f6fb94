"""What is known of a family of models: how to sample, where thoughts stand, how to close one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qwill.core import Sampling


@dataclass(frozen=True)
class Profile:
    """How one family of models wants to be used.

    Attributes:
        name: of the family.
        sampling: its makers' recommended sampling.
        think_open: text that opens a thought, or "" for a model that does not think apart from its answer.
        think_close: text that closes it.
        opens_thought_itself: the chat template's generation prompt already ends with `think_open`.
        closing_phrase: what to append to a thought that is cut off, before `think_close`, so that an answer follows.
        keeps_past_thoughts: whether thoughts of earlier turns stay in the history.
        single_turn: the model was not trained on conversations: it is shown each question alone.
    """

    name: str
    sampling: Sampling
    think_open: str = "<think>"
    think_close: str = "</think>"
    opens_thought_itself: bool = False
    closing_phrase: str = ""
    keeps_past_thoughts: bool = False
    single_turn: bool = False


NANO = Profile(
    name="qwill-nano",
    sampling=Sampling(temperature=0.0),
    think_open="<think>\n",
    think_close="\n</think>\n\n",
    opens_thought_itself=True,
    single_turn=True,
)

THINKING = Profile(
    name="thinking",
    sampling=Sampling(temperature=0.6, top_p=0.95),
    think_open="<think>\n",
    think_close="\n</think>\n\n",
)
PLAIN = Profile(name="plain", sampling=Sampling(temperature=0.7, top_p=0.8), think_open="", think_close="")


def recognise(template: str, generation_prompt: str) -> Profile:
    """The profile that a chat template speaks for.

    Args:
        template: Jinja source of the chat template.
        generation_prompt: what it renders for a conversation, up to where the model goes on.
    """
    if "<think>" not in template:
        return PLAIN
    return replace(THINKING, opens_thought_itself=generation_prompt.rstrip().endswith("<think>"))
