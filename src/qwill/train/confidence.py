"""Learning a confidence head from verified samples of the very model that it is for.

    states     the model reads its own samples once more; at the end of each step of a thought: its hidden state, how
               surprising the text was so far, and whether the sample's answer was right in the end
    learn      a small network, by the log-likelihood of right and wrong                        (`model.confidence`)
    calibrate  slope and offset of its log-odds (Platt 1999), on problems that it did not learn from

The model itself stays as it is. The same problems that calibrate also measure: two numbers are fitted on thousands of
states, so that says little too good; `bench/confidence.py` measures on problems of the test split.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from torch import Tensor

from qwill.bank.fingerprint import fingerprint_of
from qwill.core import RecipeError
from qwill.engine.checks import profile_of
from qwill.engine.protocol import Message
from qwill.model.confidence import ConfidenceHead, Surprise, save_head
from qwill.model.opening import open_checkpoint
from qwill.model.tokenizer import Tokenizer
from qwill.model.transformer import Transformer
from qwill.runs import Bank, Problem, Sample, bank_path
from qwill.runs.bank import half_of
from qwill.tasks.base import Family
from qwill.train.attention import attend_in_blocks
from qwill.train.confidence_recipe import ConfidenceRecipe, load_confidence_recipe
from qwill.train.folder import Log, begin, choose_folder, lock, write_whole
from qwill.train.machine import bf16_is_faster
from qwill.train.start import check_same, facts_of, start_folder

_TOKENS_AT_ONCE = 8192
_EVERY = 100  # steps between two lines of the log


def train_confidence(
    recipe_path: str | Path,
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    max_steps: int | None = None,
    console: Console | None = None,
    families: Mapping[str, Family[Any]] | None = None,
    previous: Path | None = None,
) -> Path:
    """Learn a head as a recipe says; arguments, result and errors as in `trainer.train`.

    The finished model is a copy of the start with the head beside it. A run that was interrupted begins again.

    Args:
        recipe_path: YAML file, see `recipes/confidence/nano.yaml`.
        max_steps: not looked at: it takes minutes, most of them before the first step.
        families: not looked at, the samples are graded.
    """
    recipe = load_confidence_recipe(recipe_path)
    console = console or Console(stderr=True)
    folder = choose_folder(recipe, out, fresh)
    with lock(folder):
        if (folder / "model").exists():
            console.print(f"{folder} is finished; --fresh trains anew.", highlight=False)
            return folder
        start = start_folder(recipe.start, previous)
        if not (folder / "run.json").exists():
            versions = {"python": platform.python_version(), "torch": torch.__version__}
            begin(folder, Path(recipe_path), {"digest": recipe.digest, **facts_of(start), **versions})
        check_same(start, folder)
        states = _states_of(recipe, start, console)
        head = _learn(recipe, states.where(~states.held_out), Log(folder / "log.jsonl", 0), console)
        measured = _calibrate(head, states.where(states.held_out))
        write_whole(folder / "report.json", json.dumps(measured, indent=2) + "\n")
        console.print(
            f"{len(states.right):,} states; held out: {measured['right']:.1%} right, area under the curve "
            f"{measured['auroc']:.3f}, calibration error {measured['calibration_error']:.3f}.",
            highlight=False,
        )
        aside = folder / ".model.part"
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(start, aside)
        save_head(head, aside)
        aside.replace(folder / "model")
    return folder


@dataclass(frozen=True)
class States:
    """What is learnt from: ends of steps.

    Attributes:
        hidden: (N, D), fp16.
        surprises: (N, S), as `Surprise.features`.
        right: (N), whether the text ended in a right answer.
        held_out: (N), whether the problem is left out of learning.
    """

    hidden: Tensor
    surprises: Tensor
    right: Tensor
    held_out: Tensor

    def where(self, mask: Tensor) -> States:
        """Those of a mask."""
        return States(*(part[mask] for part in vars(self).values()))


@dataclass(frozen=True)
class EndOfStep:
    """A place where a line ends, or the text: before the line break is written.

    Attributes:
        text: the number of the text.
        done: the share of its tokens that stand before, in (0, 1].
        hidden: (D), fp16, the state that produced the line break.
        surprise: `Surprise.features` of the tokens before.
    """

    text: int
    done: float
    hidden: Tensor
    surprise: tuple[float, ...]


class Reader:
    """Reads samples with the model that wrote them.

    Args:
        model: in evaluation mode.
        tokenizer: the model's.
        max_tokens: longest prompt and text together.
    """

    def __init__(self, model: Transformer, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._model, self._tokenizer, self._most = model, tokenizer, max_tokens
        self._thinks = bool(profile_of(tokenizer).think_close)
        self._breaks = {number for number in range(tokenizer.vocab_size) if "\n" in tokenizer.decode([number])}

    def read(self, texts: Sequence[tuple[Problem, Sample]]) -> Iterator[EndOfStep]:
        """The ends of the texts' steps, in any order."""
        rows = [self._row(number, problem, sample) for number, (problem, sample) in enumerate(texts)]
        batch: list[_Row] = []
        for row in sorted((row for row in rows if row.length <= self._most), key=lambda row: row.length):
            if batch and row.length * (len(batch) + 1) > _TOKENS_AT_ONCE:
                yield from self._ends(batch)
                batch = []
            batch.append(row)
        if batch:
            yield from self._ends(batch)

    def _row(self, number: int, problem: Problem, sample: Sample) -> _Row:
        asked = str(sample.settings["prompt"]).replace("{question}", problem.question)
        prompt = self._tokenizer.chat([Message("user", asked)])
        body = sample.thought if self._thinks else sample.text
        return _Row(number, prompt, self._tokenizer.encode(f"{body}\n", special=False))

    @torch.inference_mode()
    def _ends(self, batch: Sequence[_Row]) -> Iterator[EndOfStep]:
        longest = max(row.length for row in batch)
        tokens_BT = torch.zeros(len(batch), longest, dtype=torch.long)
        for at, row in enumerate(batch):
            tokens_BT[at, : row.length] = torch.tensor([*row.prompt, *row.text])
        hidden_BTD = self._model.hidden(tokens_BT, attend=attend_in_blocks)
        for at, row in enumerate(batch):
            first = len(row.prompt) - 1  # of the states before each token of the text
            states_ND = hidden_BTD[at, first : first + len(row.text)]
            logprobs_NV = self._model.logits(states_ND).float().log_softmax(-1)
            own_N = logprobs_NV.gather(1, torch.tensor(row.text)[:, None])[:, 0].tolist()
            surprise = Surprise()
            for index, (token, logprob) in enumerate(zip(row.text, own_N, strict=True)):
                if index and token in self._breaks:
                    done = index / (len(row.text) - 1)
                    yield EndOfStep(row.number, done, states_ND[index].half(), surprise.features())
                surprise.add(logprob)


@dataclass(frozen=True)
class _Row:
    number: int
    prompt: list[int]
    text: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.text)


def graded_texts(bank: Bank, start: Path) -> list[tuple[Problem, Sample]]:
    """The samples that a model wrote to their end and that have a verdict, with their problems.

    Raises:
        RecipeError: there are none of this model.
    """
    fingerprint = fingerprint_of(start)
    own = [sample for sample in bank if sample.model.rpartition("@")[2].partition("-")[0] == fingerprint]
    texts = [
        (bank.problems[sample.dataset, sample.problem], sample)
        for sample in own
        if sample.right is not None and sample.finish == "stop"
    ]
    if not texts:
        raise RecipeError(
            f"No sample in {bank.path} is of the model in {start} and has a verdict.",
            "Fill a bank with this very model: `qwill bank fill`.",
        )
    return texts


def _states_of(recipe: ConfidenceRecipe, start: Path, console: Console) -> States:
    texts = graded_texts(Bank.existing(bank_path(recipe.bank)), start)
    if recipe.half == "dev":
        texts = [(problem, sample) for problem, sample in texts if half_of(problem.id) == "dev"]
    model, tokenizer = open_checkpoint(start, torch.bfloat16 if bf16_is_faster() else torch.float32)
    reader = Reader(model, tokenizer, recipe.max_tokens)
    console.print(f"{len(texts):,} texts are read.", highlight=False)
    ends = list(track(reader.read(texts), console=console, description="states", total=None))
    text = torch.tensor([end.text for end in ends])
    right = torch.tensor([bool(sample.right) for _, sample in texts], dtype=torch.float32)
    held_out = torch.tensor([_share_of(problem) < recipe.held_out for problem, _ in texts])
    hidden = torch.stack([end.hidden for end in ends])
    return States(hidden, torch.tensor([end.surprise for end in ends]), right[text], held_out[text])


def _share_of(problem: Problem) -> float:
    """A number in [0, 1) that is the problem's own."""
    digest = hashlib.sha256(f"{problem.dataset}\n{problem.id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _learn(recipe: ConfidenceRecipe, states: States, log: Log, console: Console) -> ConfidenceHead:
    torch.manual_seed(recipe.seed)
    head = ConfidenceHead(states.hidden.shape[1], recipe.width)
    optimizer = torch.optim.AdamW(head.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    for step in track(range(recipe.steps), console=console, description="steps"):
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * min(1.0, 2 * (recipe.steps - step) / recipe.steps)
        chosen = torch.randint(len(states.right), (recipe.states_per_step,))
        log_odds = head(states.hidden[chosen], states.surprises[chosen])
        loss = F.binary_cross_entropy_with_logits(log_odds, states.right[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if (step + 1) % _EVERY == 0:
            log.write({"step": step + 1, "loss": loss.item()})
    log.close()
    return head.eval().requires_grad_(False)


def _calibrate(head: ConfidenceHead, states: States) -> dict[str, float]:
    """Fit slope and offset of the log-odds by Newton's method, and say how well the head does."""
    log_odds = head(states.hidden, states.surprises).double()
    design = torch.stack([log_odds, torch.ones_like(log_odds)], dim=1)
    fitted = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for _ in range(20):
        expected = torch.sigmoid(design @ fitted)
        gradient = design.T @ (states.right - expected)
        curvature = (design * (expected * (1 - expected))[:, None]).T @ design
        fitted += torch.linalg.solve(curvature + 1e-6 * torch.eye(2, dtype=torch.float64), gradient)
    head.calibrate(float(fitted[0]), float(fitted[1]))
    said = torch.sigmoid(head(states.hidden, states.surprises)).numpy()
    right = states.right.numpy()
    return {
        "states": len(right),
        "right": float(right.mean()),
        "auroc": area_under_curve(said, right),
        "calibration_error": calibration_error(said, right),
        "slope": float(fitted[0]),
        "offset": float(fitted[1]),
    }


def area_under_curve(said: np.ndarray, right: np.ndarray) -> float:
    """Probability that a right one was given more than a wrong one, ties counting half (Mann and Whitney 1947)."""
    order = np.sort(said[right == 0])
    below = np.searchsorted(order, said[right == 1], side="left")
    up_to = np.searchsorted(order, said[right == 1], side="right")
    return float((below + up_to).mean() / (2 * len(order)))


def calibration_error(said: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean distance of what was said from what was true, over bins of equal width (Guo et al. 2017)."""
    which = np.minimum((said * bins).astype(int), bins - 1)
    distances = [abs((said - right)[which == bin_].sum()) for bin_ in range(bins)]
    return float(sum(distances) / len(said))
