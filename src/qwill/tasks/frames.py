"""What people put around a question: greetings, politeness, trailing remarks, sloppy punctuation."""

from __future__ import annotations

import random
from collections.abc import Sequence

from qwill.core import Language
from qwill.tasks.wording import in_script, vary

_BEFORE_ENGLISH = (
    "[Hey|Hi|Hello|hi|hey|hello|Hi there|Good morning|Good evening|Yo][,|!|.| -] ",
    "[Hey|Hi|Hello|hey][, |! ][quick|simple|small|silly|one|another] question: ",
    "[Quick|Simple|Small|Silly|Serious|Next|Last|Another] question[:|.| -|,] ",
    "[Question|Q|Problem|Task|Exercise|Homework|Puzzle|Quiz]: ",
    "[Please|please|Pls|pls] [help|help me|answer this|answer]: ",
    "[Can|Could] you [help me|help me out|help me with this|help me here|answer this|figure this out][?|?|, please?] ",
    "[I have|I've got|Here is|Here's|There is] [a|one|another] [question|problem|quick one|small one][.|:|!] ",
    "[So|So|OK|Ok so|ok|Well|Um|Hmm|Alright|Right|Also|Now], ",
    "[Tell me|Let me ask|Let me ask you|I was wondering|I wonder|I need to know|I'd like to know|I want to know]: ",
    "[My|my] [kid|son|daughter|teacher|friend|boss|sister|brother] [asks|asked me|wants to know]: ",
    "[Think|Work it out|Look|Go through it|Solve this] [carefully|step by step]: ",
    "[I'm|I am] [stuck|confused|lost|not sure about this one][.|:| here.] ",
    "[Help me|Help|Assist me] with this[:|.| one:| please:] ",
    "[Here's|Here is] one for you: ",
    "[Excuse me|Sorry to bother you|If you don't mind|Dear assistant|Assistant|Qwill], ",
)
_AFTER_ENGLISH = (
    " [Thanks|Thank you|Thanks a lot|Many thanks|thanks|thx|ty|Cheers][!|.||]",
    " [Please|please|pls][.|!||]",
    " [Think|Work|Reason] [step by step|carefully|it through].",
    " [Show|Explain|Check|Double-check] your [work|answer|steps|reasoning].",
    " [Take your time|Be careful|No rush|Be precise|Please be exact|Answer briefly|Keep it short][.|!]",
    " [Just|Only] [the answer|give the answer|tell me the answer|the result][, please.|.|]",
    " [Any idea|Any ideas|Do you know|Can you tell me|Can you help|Can you work it out|Got it]?",
    " [I need|I want] [this|it|the answer|to know this] for [school|homework|class|work|a test|a quiz].",
    " [I'm not sure|I can't figure it out|I forgot|My friend and I disagree|I keep getting it wrong].",
    " [Let me know|Tell me what you find|Give me the answer][.|!|]",
    " [:)|^^|...|!!|??]",
)
_BEFORE_CHINESE = (
    "[你好|您好|嗨|哈喽|早上好|大家好][，|！|。| ]",
    "[你好|您好|嗨][，|！][想|我想|][问|请教]一下[，|：|]",
    "[请问|请问一下|问一下|想问下|问个问题|请教一下|打听一下][，|：|]",
    "[麻烦|劳驾|拜托|请][帮我|你|您|][看看|看一下|算算|想一想|回答][：|，]",
    "[问题|题目|提问|作业|练习|小测验|下一题|最后一题]：",
    "[有|我有|这里有|来]一[个|道][问题|小问题|题|题目][：|，|。]",
    "[帮我|帮忙|帮个忙][：|，]",
    "[那|那么|嗯|好|好的|对了|另外|话说|哎]，",
    "[我|我家|][孩子|儿子|女儿|老师|同学|朋友|弟弟|妹妹][问|问我|想知道][：|，]",
    "[快速|简单|随便]问[一下|一个|个问题][：|，]",
    "[仔细|认真|慢慢|好好]想[一想|想|一下][：|，]",
    "[我不太确定|我不会|我卡住了|有点搞不清楚|我算不出来][，|。|：]",
    "[考考你|请听题|试试这题|请看题][：|，]",
    "[不好意思|打扰一下|麻烦了][，|！]",
)
_AFTER_CHINESE = (
    "[谢谢|谢谢你|谢谢您|多谢|感谢|谢啦|辛苦了|拜托了][！|。|~|]",
    "[请|]一步一步[来|想|算|思考]。",
    "[请|][仔细|认真|慢慢|好好][想|想想|想一想|检查一下]。",
    "[请|][写出|给出|说明][过程|步骤|理由|答案]。",
    "[只要|直接给|直接说|告诉我][答案|结果][就行|就好|][。|]",
    "[你知道吗|能告诉我吗|能帮我吗|会吗|帮忙看看]？",
    "[我|][不太确定|老是弄错|算不清楚|想不出来|忘了]。",
    "[不着急|别急|要准确|别弄错|简单回答就好|不要太长][。|]",
    "[作业|考试|上课]要用。",
    "[～|！！|？？|……|^^]",
)
_UNCHANGED = 0.55
_CLOSING = ".?!。？！"
_OPENERS = frozenset((
    "What", "What's", "How", "Which", "Who", "Is", "Are", "Does", "Do", "Can", "Could", "Would", "Solve",
    "Find", "Compute", "Calculate", "Count", "Tell", "Please", "Give", "Compare", "Between", "If", "Work",
    "Determine", "Evaluate", "Pick", "Choose", "Name", "Show", "Help", "Using", "Use", "Make",
))  # fmt: skip


def frame(question: str, language: Language, rng: random.Random) -> str:
    """The question as one person among many would send it: mostly unchanged, sometimes with a greeting before it, a
    remark after it, or careless punctuation. Nothing inside the question's words and numbers is touched."""
    if rng.random() < _UNCHANGED:
        return question
    chinese = language.is_chinese
    draw = rng.random()
    if draw < 0.25:
        return _careless(question, rng)
    before = after = ""
    if draw < 0.65 or draw > 0.92:
        before = vary(rng, _BEFORE_CHINESE if chinese else _BEFORE_ENGLISH)
    if draw >= 0.65:
        after = vary(rng, _AFTER_CHINESE if chinese else _AFTER_ENGLISH)
    if before and rng.random() < 0.4:
        question = _small_start(question)
    if after and question[-1:] not in _CLOSING and after.strip()[:1].isalnum():
        after = ("，" if chinese else rng.choice((",", ".", "?", ""))) + after
    return in_script(before, language) + question + in_script(after, language)


def common_first(wordings: Sequence[str], rng: random.Random) -> str:
    """One of the wordings, which stand in the order of how common they are: the first of n comes up with probability
    1/sqrt(n), the last with about 1/(2n)."""
    return wordings[int(len(wordings) * rng.random() ** 2)]


def casual(text: str, rng: random.Random) -> str:
    """English text as typed in haste, sometimes: all small letters, no closing mark, no apostrophes. Only for
    questions in which case carries no meaning."""
    draw = rng.random()
    if draw < 0.7:
        return text
    text = text.lower()
    if draw > 0.85:
        text = text.rstrip(".?!")
    return text.replace("'s", "s") if draw > 0.95 else text


def _careless(question: str, rng: random.Random) -> str:
    draw = rng.random()
    if question[-1:] not in _CLOSING:
        return question + rng.choice(("?", " ?", "??", "."))
    if draw < 0.6:
        return question.rstrip(_CLOSING)
    if draw < 0.75:
        return _small_start(question)
    if draw < 0.9:
        return _small_start(question.rstrip(_CLOSING))
    return question + question[-1]


def _small_start(question: str) -> str:
    return question[:1].lower() + question[1:] if question.split(" ", 1)[0] in _OPENERS else question
