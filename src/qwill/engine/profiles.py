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
        greedy: whether it may be asked at temperature 0. Models that were taught to think by reinforcement then fall
            into repeating themselves; their makers warn of it.
    """

    name: str
    sampling: Sampling
    think_open: str = "<think>"
    think_close: str = "</think>"
    opens_thought_itself: bool = False
    closing_phrase: str = ""
    keeps_past_thoughts: bool = False
    single_turn: bool = False
    greedy: bool = True


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
    # QwQ's makers say 0.6 and 0.95, a top-k of 20 to 40 against rare tokens of other scripts, no repetition penalty and
    # a presence penalty of at most 1; Qwen3's say 20; R1's 0.5 to 0.7 and 0.95.
    sampling=Sampling(temperature=0.6, top_p=0.95, top_k=20),
    think_open="<think>\n",
    think_close="\n</think>\n\n",
    closing_phrase="\n\nI have thought for long enough: I give my answer now.",
    greedy=False,
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
