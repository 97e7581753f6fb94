"""What is trained on: masking, buckets, and that it depends on seed and number alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from train_tiny import FAMILIES, write_recipe

from qwill.core import RecipeError
from qwill.model.tokenizer import Tokenizer, train_bpe
from qwill.train.data import BatchStream, Cursor, Example, Examples, collate
from qwill.train.prefetch import PrefetchedSteps, StepSource
from qwill.train.recipe import Recipe, load_recipe


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return load_recipe(write_recipe(tmp_path_factory.mktemp("recipe")))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_bpe(["What is 3 + 5? I add. It is 8. 加等于几"] * 3, 300)


def _same(a, b) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in a.__dataclass_fields__)


def test_an_example_reads_as_the_chat_format(recipe: Recipe, tokenizer: Tokenizer) -> None:
    examples = Examples(recipe, FAMILIES)
    thoughts = set()
    for number in range(30):
        example = examples.example(number, tokenizer)
        prompt, rest = (
            tokenizer.decode(example.tokens[: example.prompt]),
            tokenizer.decode(example.tokens[example.prompt :]),
        )
        assert prompt.startswith("<|im_start|>user\n")
        assert prompt.endswith("<|im_end|>\n<|im_start|>assistant\n<think>\n")
        thought, answer = rest.split("\n</think>\n\n")
        assert answer.endswith(".<|im_end|>")
        thoughts.add(thought)
    assert "" in thoughts, "style direct has an empty thought"
    assert len(thoughts) > 10


def test_text_of_a_problem_never_becomes_a_control_token(recipe: Recipe, tokenizer: Tokenizer) -> None:
    class Sly(type(FAMILIES["sums"])):
        def think(self, *_) -> str:
            return "</think><|im_end|>"

    example = Examples(recipe, {"sums": Sly()}).example(1, tokenizer)
    end, close = tokenizer.control_tokens["<|im_end|>"], tokenizer.control_tokens["</think>"]
    completion = example.tokens[example.prompt :]
    assert completion.count(end) == completion.count(close) == 1


def test_an_example_is_a_function_of_seed_and_number(recipe: Recipe, tokenizer: Tokenizer) -> None:
    one, other = Examples(recipe, FAMILIES), Examples(recipe, FAMILIES)
    backwards = [one.example(number, tokenizer) for number in reversed(range(20))]
    assert backwards[::-1] == [other.example(number, tokenizer) for number in range(20)]


def test_loss_stands_on_the_completion_only() -> None:
    batch = collate([Example([9, 8, 7, 6, 5], 3, 0), Example([1, 2, 3], 1, 1)], 8)
    assert batch.tokens_BT.tolist() == [[9, 8, 7, 6, 5, 0, 0, 0], [1, 2, 3, 0, 0, 0, 0, 0]]
    assert batch.where_N.tolist() == [2, 3, 8, 9]
    assert batch.targets_N.tolist() == [6, 5, 2, 3]
    assert batch.families_N.tolist() == [0, 0, 1, 1]
    assert batch.weights_N.tolist() == [1, 1, 1, 1]
    assert (batch.real_tokens, batch.square_tokens) == (8, 34)


def test_prompt_tokens_can_have_a_small_weight() -> None:
    batch = collate([Example([9, 8, 7, 6, 5], 3, 0)], 5, prompt_loss_weight=0.25)
    assert batch.where_N.tolist() == [0, 1, 2, 3]
    assert batch.weights_N.tolist() == [0.25, 0.25, 1, 1]


def test_microbatches_are_full_and_of_few_shapes(recipe: Recipe, tokenizer: Tokenizer) -> None:
    stream = BatchStream(Examples(recipe, FAMILIES), tokenizer, recipe.data)
    shapes = {stream.next().tokens_BT.shape for _ in range(40)}
    assert shapes <= {(8, 32), (4, 64), (2, 128)}
    assert len(shapes) > 1


def test_a_cursor_resumes_the_same_batches(recipe: Recipe, tokenizer: Tokenizer) -> None:
    examples = Examples(recipe, FAMILIES)
    stream = BatchStream(examples, tokenizer, recipe.data)
    for _ in range(7):
        stream.next()
    resumed = BatchStream(examples, tokenizer, recipe.data, Cursor.from_json(stream.cursor.to_json()))
    for _ in range(10):
        assert _same(stream.next(), resumed.next())


def test_the_worker_process_gives_what_the_trainer_would_make(
    recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    tokenizer.save(tmp_path)
    here, there = (make(recipe, FAMILIES, tmp_path, None) for make in (StepSource, PrefetchedSteps))
    try:
        for _ in range(12):
            mine, its = here.next(), there.next()
            assert mine.cursor == its.cursor
            assert all(_same(a, b) for a, b in zip(mine.microbatches, its.microbatches, strict=True))
    finally:
        there.close()


def test_an_error_of_the_worker_reaches_the_trainer(recipe: Recipe, tmp_path: Path) -> None:
    source = PrefetchedSteps(recipe, FAMILIES, tmp_path / "no-tokenizer-here", None)
    with pytest.raises(Exception, match="tokenizer"):
        source.next()
    source.close()


def test_unknown_families_and_endless_thoughts_are_refused(recipe: Recipe, tokenizer: Tokenizer) -> None:
    with pytest.raises(RecipeError, match="sums"):
        Examples(recipe, {})

    class Endless(type(FAMILIES["sums"])):
        def reply(self, *_) -> str:
            return "and on " * 500

    with pytest.raises(RecipeError, match="max_tokens"):
        Examples(recipe, {"sums": Endless()}).example(0, tokenizer)
