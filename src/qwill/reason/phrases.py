"""What we ourselves say to the user and to the model, in the question's language."""

from __future__ import annotations

from qwill.core import Language, Outcome
from qwill.reason.guard_settings import ThinkIn

_NO_ANSWER: dict[Language, dict[Outcome, str]] = {
    Language.ENGLISH: {
        Outcome.NO_ANSWER: "I thought about this but did not reach an answer.",
        Outcome.STOPPED: "I was stopped before I reached an answer.",
        Outcome.ENGINE_ERROR: "The model failed before it reached an answer.",
    },
    Language.CHINESE_SIMPLIFIED: {
        Outcome.NO_ANSWER: "我想过这个问题，但没有得出答案。",
        Outcome.STOPPED: "还没有得出答案，就被停止了。",
        Outcome.ENGINE_ERROR: "还没有得出答案，模型就出错了。",
    },
    Language.CHINESE_TRADITIONAL: {
        Outcome.NO_ANSWER: "我想過這個問題，但沒有得出答案。",
        Outcome.STOPPED: "還沒有得出答案，就被停止了。",
        Outcome.ENGINE_ERROR: "還沒有得出答案，模型就出錯了。",
    },
}
_BEST_OF_THOUGHT = {
    Language.ENGLISH: " This is how far I got: {thought}",
    Language.CHINESE_SIMPLIFIED: "目前想到这里：{thought}",
    Language.CHINESE_TRADITIONAL: "目前想到這裡：{thought}",
}
_ANSWER_NOW = {
    Language.ENGLISH: "Your time to think is over. Give the final answer now, without thinking further.",
    Language.CHINESE_SIMPLIFIED: "思考时间到了。请不要再思考，现在就给出最终答案。",
    Language.CHINESE_TRADITIONAL: "思考時間到了。請不要再思考，現在就給出最終答案。",
}
_ANOTHER_WAY = {
    Language.ENGLISH: "Wait, I am repeating myself. Let me think about it in another way.\n",
    Language.CHINESE_SIMPLIFIED: "等等，我在重复自己。换一种思路。\n",
    Language.CHINESE_TRADITIONAL: "等等，我在重複自己。換一種思路。\n",
}
_CHECK_IT = {
    Language.ENGLISH: "Wait, that was quick. Let me check it by a calculation.\n",
    Language.CHINESE_SIMPLIFIED: "等等，这样太快了。我用计算检查一下。\n",
    Language.CHINESE_TRADITIONAL: "等等，這樣太快了。我用計算檢查一下。\n",
}
_ANSWER_IN = {
    Language.ENGLISH: "Please answer in English.",
    Language.CHINESE_SIMPLIFIED: "请用简体中文回答。",
    Language.CHINESE_TRADITIONAL: "請用繁體中文回答。",
}
_THINK_IN = {
    ThinkIn.CHINESE: "请用中文思考。最后的回答使用提问的语言。",
    ThinkIn.ENGLISH: "Think in English. Give the final answer in the language of the question.",
    ThinkIn.MIXED: "Think in Chinese and in English, whichever suits each step. Give the final answer in the "
    "language of the question.",
}


def no_answer(language: Language, outcome: Outcome, best_of_thought: str) -> str:
    """The text that stands for an answer when the model gave none.

    Args:
        language: of the question; English for languages we have no words in.
        outcome: NO_ANSWER, STOPPED or ENGINE_ERROR.
        best_of_thought: the most useful part of the thought, or "".
    """
    language = _spoken(language)
    said = _NO_ANSWER[language][outcome]
    return said + _BEST_OF_THOUGHT[language].format(thought=best_of_thought) if best_of_thought else said


def answer_now(language: Language) -> str:
    """What to say to a model whose thought cannot be closed for it."""
    return _ANSWER_NOW[_spoken(language)]


def another_way(language: Language) -> str:
    """What to put into a thought that repeats itself, so that it goes on elsewhere."""
    return _ANOTHER_WAY[_spoken(language)]


def check_it(language: Language) -> str:
    """What to put into a thought that was closed with nothing in it checked, so that it goes on."""
    return _CHECK_IT[_spoken(language)]


def answer_in(language: Language) -> str:
    """What to add to a question whose answer came in another language than this."""
    return _ANSWER_IN[language]


def think_in(language: ThinkIn) -> str:
    """What to tell a model about the language to think in; "" where it may choose."""
    return _THINK_IN.get(language, "")


def _spoken(language: Language) -> Language:
    return language if language in _NO_ANSWER else Language.ENGLISH
