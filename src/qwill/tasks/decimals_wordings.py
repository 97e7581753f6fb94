"""How people ask which of some decimals is the greatest or the least."""

# ruff: noqa: E501 (one wording on a line, however long)

from __future__ import annotations

import random
from collections.abc import Sequence

from qwill.core import Language
from qwill.tasks.frames import casual, common_first, frame
from qwill.tasks.wording import in_script, vary

_ENGLISH = (
    "[Which|What] is {er}, {or}?",
    "[Which|What] is {er}: {or}?",
    "[Which|What]'s {er}, {or}?",
    "[Which|Which one] is {er}, {or}?",
    "{or}, [which|which one|what] is {er}?",
    "{or}: [which|which one|which number] is {er}?",
    "{and}[,|:|;| -] [which|which one|which number|which of them|what] is {er}?",
    "Which [number|decimal|value|one|of these] is {er}, {or}?",
    "Which [number|decimal|value] is {er}: {or}?",
    "[Of|Between|Among|Out of|From] {and}, which [one |number |]is {er}?",
    "[Of|Between|Among|Out of] {and}, [what's|tell me|pick|choose|name|give me] the {er} [one|number][.|?]",
    "[Which|What] [of|among|out of|between] {and} is {er}?",
    "[Which|What] is the {er} [number|one|value|decimal] [of|among|out of|between|:] {and}?",
    "[What's|What is|Find|Tell me|Pick|Choose|Name|Give me|Select|Identify|Say] the {er} of {and}[.|?|]",
    "[Find|Tell me|Pick|Choose|Name|Give me|Select|Identify|Pick out] the {er} [number|one|decimal|value]: {list}[.|]",
    "[Compare|Please compare|Compare the numbers|Compare the decimals|Can you compare] {and}[. Which|: which|, which] is {er}?",
    "[Compare|Please compare|Compare the numbers] {and}[.|] [Tell me|Give me|Say] [which is|the] {er}[ one|].",
    "[Tell me|Can you tell me|Could you tell me|Do you know|I wonder|I'd like to know|I want to know|Say|Please say|Explain] which is {er}, {or}[?|.|]",
    "[Tell me|Can you tell me|Do you know|I wonder|I want to know] which [of|of the numbers|out of] {and} is {er}[?|.|]",
    "[Which one|Which] would you say is {er}, {or}?",
    "[Which one|Which number] should I [pick|choose|take] if I want the {er} one, {or}?",
    "[Given|With|For|Take|Consider|Look at] [the numbers |the decimals |]{and}, which [one |]is {er}?",
    "[Here are|I have|There are|We have|Look at] [some|these|the] numbers: {list}. [Which|Which one|What] is {er}?",
    "[We have|I see|I have|Take] {and}. [Which|Which one|What] is {er}?",
    "{er}: {or}[?|]",
    "[the |]{er} of {and}[?|]",
    "{or} - [which is|which one is|what's] {er}[?|]",
    "{or}[?| ?] [Which|Which one] is {er}?",
    "[Which|What] number [comes out|turns out to be|would be] {er}, {or}?",
    "[Is it|Would it be] {or} that is {er}?",
    "[Math|Maths|Number|Comparison] [question|quiz|problem]: which is {er}, {or}?",
    "[My|my] [friend|teacher|son|brother|sister|colleague] [and I disagree|is not sure|asks]: which is {er}, {or}?",
    "[If you|When you|If I] compare {and}, which [one |]is {er}?",
    "[Numerically|Mathematically|In math|As decimals|As numbers|In value], which is {er}, {or}?",
    "[Decide|Determine|Find out|Figure out|Work out|Check] which [number |one |]is {er}[:|,] {or}[.|]",
    "[Between|Of|Among] {and}, [the {er} [number|one] is|which is the {er} one|the {er} is][?|...|]",
    "Which of {and} [have|has] the {er} value?",
    "Which has the {er} value, {or}?",
    "[The {er}|{er}] [number|one|value] [out of|of|among|in] {list}[?|]",
    "[Please|Pls] [pick|find|choose|tell me|circle|mark] the {er} [number|one|decimal] [from|among|of|out of|in] {list}[.|]",
    "{fn}({list})",
    "[Which|What] [number|one] is the {er}[, |: ]{list}[?|]",
    "{list}[. |: |; |, ]{er}?",
    "[I need|I want|I'm looking for|Looking for] the {er} [one|number|value] [of|among|out of|in] {list}[.|]",
    "[Put|Place] {and} on a number line: which is {er}?",
    "[Think about|Consider|Look closely at] {and}[.|:] [Which|Which one|Which number] is {er}?",
    "[A quick check|Quick check|Quick one|Sanity check]: {or}, which is {er}?",
    "[I can't tell|I'm unsure|I never know|It's not clear to me] [which is|which one is|what is] {er}[, |: ]{or}[.|]",
    "[Is the {er} one|Is the {er} number|Would the {er} be] {or}?",
    "[Which|What] [is worth|counts as] {er}, {or}?",
    "[Sort|Order] {and} [in your head |]and [tell me|say|name] [the|which is] {er}[ one|][.|]",
    "[Decimal|Decimals|Numbers]: {list}. [The {er}|Which is {er}|{er}][?|]",
    "[Who wins|What wins] [as|if we want] the {er}[ number| one|], {or}?",
)  # fmt: skip
_ENGLISH_PAIR = (
    "Is {a} {than} {b}?",
    "Is {a} {than} {b}, or the other way [round|around]?",
    "Is {a} {than} {b} or [not|is {b} {than} {a}]?",
    "{a} {than} {b}?",
    "[Is|is] {a} {sign} {b}?",
    "{a} {sign} {b}[?|, true or false?|, right?|, yes or no?| - true?|, correct?]",
    "[True or false|Yes or no|Right or wrong]: {a} is {than} {b}[.|?|]",
    "[True or false|Yes or no|Right or wrong]: {a} {sign} {b}[.|?|]",
    "[Shouldn't] {a} [be |]{than} {b}?",
    "[Can|Could|How can] {a} be {than} {b}?",
    "[Which|What] sign goes between {a} and {b}, > or <?",
    "[Is it really so that|I heard that|They say] {a} is {than} {b}[?|, is it?|. True?]",
    "[Would you say|Do you think|Is it true|Is it right|Can you confirm] that {a} is {than} {b}?",
    "{a} [vs|vs.|versus|or|against] {b}[?|,| -|:] [which|which one|what] is {er}?",
    "{a} [vs|vs.|versus] {b}[, {er}|: {er}| {er}][?|]",
    "[I think|My friend says|My calculator says|Someone said|I believe] {a} is {than} {b}. [Is that right|Is it true|Correct|True]?",
)  # fmt: skip
_CHINESE = (
    "{and}[哪个|哪一个|哪个数|谁|哪个数字|哪一个数|哪个小数]{er}[？||呢？|啊？|呀？|一点？|些？]",
    "{and}[，|：|,| |。][哪个|哪一个|哪个数|谁|哪个数字][更|比较|]{er}[？||呢？|一些？]",
    "{and}[，|]{er}的是[哪个|哪一个|谁|多少][？||呢？]",
    "{and}[里|中|里面|之中|当中][，|][哪个|哪一个|谁|哪个数][是|]{er}的[？|]",
    "{and}[里|中|里面|之中|当中][，|][哪个|哪一个|谁|哪个数]{er}[？|]",
    "[在|从|]{and}[中|里|之中|里面][，|][选出|找出|挑出|指出|选]{er}的[数|一个|那个|数字][。|]",
    "[哪个|哪一个|谁|哪个数]{er}[，|：|？|,]{or}[？|]",
    "[哪个|哪一个|哪个数|哪个小数][更|]{er}：{list}[？|]",
    "[比较|比一比|比较一下|请比较|帮我比较|对比|对比一下|比比]{and}[，|：|。][哪个|哪一个|谁|哪个数]{er}[？|]",
    "[请问|问一下|想问下|你知道|想知道|我想知道|告诉我|请告诉我|能告诉我]{and}[哪个|哪一个|谁|哪个数]{er}[？|]",
    "[找出|写出|选出|挑出|说出|指出|给出]{and}[中|里|里面]{er}的[数|一个|那个|数字][。|]",
    "[找出|选出|挑出|说出]{er}的[数|一个|数字]：{list}[。|]",
    "{er}的[数|一个|数字|]是[哪个|哪一个|谁|]？{or}[？|]",
    "[{or}|{list}][，|？|：][哪个|哪一个|谁]{er}[？|]",
    "{or}[哪个|谁]{er}[？|]",
    "[我觉得|有人说|同学说|老师问|朋友问]{and}[差不多|不好比|难比]，[到底|究竟|其实][哪个|谁]{er}[？|]",
    "[孩子|朋友|同学|老师|弟弟|我们]在争论{and}[哪个|谁]{er}[。|，你说呢？|，帮忙看看。|]",
    "[已知|给定|有|看][|这些数|几个数]：{list}[，|。][哪个|谁]{er}[？|]",
    "[下面|下列|以下|这些]数[里|中|里面]，[哪个|谁]{er}：{list}[？|]",
    "[数学题|比大小|小数比较|选择题|填空][：|，]{and}[哪个|谁|哪个数]{er}[？|]",
    "{and}[比|相比|相比较|比起来|比较起来|放在一起][，|][哪个|谁]{er}[？|]",
    "[如果|要是|假如|要][选|取|拿|挑]{er}的[那个|一个|数|]，[应该|该|][选|取|]{or}[？|]",
    "[说说|说一下|讲讲|判断|判断一下|看看|帮我看看|帮忙看看|请判断]{and}[哪个|哪一个|谁|哪个数]{er}[。|？|]",
    "{and}[这些数|这几个数|][之间|中|里]，[哪个|谁]{er}[？|]",
    "[数值上|从数值看|从大小看|数学上|作为小数|按数值]，{and}[哪个|谁]{er}[？|]",
    "{list}[，|：|。]{er}的[是|是哪个|数是|]？",
    "[哪个数|谁|哪个]是{and}[中|里|里面]{er}的[？|]",
    "{er}的[数|]：{or}[？|]",
    "[你|您][认为|觉得|说|看]{and}[哪个|谁|哪一个]{er}[？|]",
    "[你|您][能|可以]告诉我{and}[哪个|谁]{er}吗？",
    "[哪个|谁]的[值|数值|大小]{er}[，|：]{or}[？|]",
    "{and}[哪个|谁]的[值|数值]{er}[？|]",
    "[求|取]{and}[中|里|]{er}的[数|值|一个][。|]",
    "[这两个数|这几个数|这些数字|下面的数][，|：]{list}[，|。][哪个|谁|哪一个]{er}[？|]",
    "{list}[里|中|这里面|里头|里边][哪个|谁|哪一个][数|]{er}[？|]",
    "[我|他|孩子][分不清|搞不清|弄不明白|不知道]{and}[哪个|谁]{er}[。|，帮忙看看。|]",
    "{er}的[数|那个|]，{or}[？|]",
    "[在数轴上|在数轴上看]，{and}[哪个|谁]{er}[？|]",
    "[快问快答|抢答|小测验|口答][：|，]{and}[哪个|谁]{er}[？|]",
    "{and}[究竟|到底|其实|实际上][哪个|谁|哪一个]{er}[？||呢？]",
    "{and}[哪个|谁]{er}[一点|][，|？][请回答|说说看|回答我|][。|]",
    "[给我|告诉我|返回|输出]{and}[中|里|里面]{er}的[那个|一个|数][。|]",
)  # fmt: skip
_CHINESE_PAIR = (
    "{a}[和|与|跟]{b}[比|相比|比起来|比较|][哪个|谁]{er}[？|]",
    "{a}比{b}{bare}[吗|么]？",
    "{a}[{sign}| {sign} ]{b}[吗|对吗|对不对|，对吗|，是对的吗|成立吗][？|]",
    "[判断对错|对还是错|判断题|是真是假]：{a}比{b}{bare}[。|]",
    "[判断对错|对还是错|判断题]：{a}{sign}{b}[。|]",
    "{a}[难道|真的|应该]比{b}{bare}[吧|吗]？",
    "{a}[和|与]{b}[中间|之间]，[哪个|谁]{er}[？|]",
    "{a}vs{b}[，|]{er}[？|]",
    "{a}[是不是|是否]比{b}{bare}？",
    "{a}比{b}{bare}[还是|，还是]{b}比{a}{bare}[？|]",
    "{a}[和|与|跟]{b}[比|相比]，[{a}|前者|前一个]{bare}吗？",
    "[有人说|我觉得|同学说|朋友说]{a}比{b}{bare}，[对吗|对不对|是这样吗|是真的吗]？",
    "{a}[还是|或|、|，|/|vs| vs |VS]{b}{er}[？|]",
    "[是|]{a}{bare}还是{b}{bare}[？|]",
    "{a}、{b}两[个|]数[里|中|]，[哪个|谁]{er}[？|]",
    "{a}[和|与|跟]{b}[两个数|这两个数|两个小数|两者][里|中|之间|][哪个|谁]{er}[？|]",
)  # fmt: skip
_CHINESE_ORDER = (
    "[比较|比一比|比较一下|请比较|帮我比较|对比一下|判断|比一下]{a}[和|与|跟]{b}的大小[。|？|]",
    "{a}[和|与|跟]{b}[比大小|比一比大小|的大小关系|的大小关系是什么|的大小怎么比|谁大谁小|哪个大哪个小|比谁大][。|？|]",
    "[在|]{a}[和|与]{b}之间[填|应填]什么号[，|：][大于还是小于|大于号还是小于号][？|]",
)  # fmt: skip
_ENGLISH_ORDER = (
    "[Compare|Please compare|Compare the numbers|Compare the decimals|Can you compare] {a} [and|with|to] {b}[.|?|]",
    "{a} [vs|vs.|versus] {b}[?|]",
    "How [does|do] {a} compare [to|with] {b}?",
    "[Compare the size of|What is the order of] {a} and {b}[.|?|]",
)  # fmt: skip
_MEASURES = 0.07
_Words = tuple[str, str, str]
"""How a number is shown, the word for a pair where more is wanted, and the one where less is wanted."""
_PLAIN: tuple[_Words, _Words] = (
    ("{}", "[bigger|larger|greater|bigger|larger|greater|higher|more]", "[smaller|smaller|smaller|less|lower|lesser]"),
    ("{}", "[大|大|更大|更大|较大|比较大|大一些|大一点]", "[小|小|更小|更小|较小|比较小|小一些|小一点]"),
)
_AMONG_MANY: tuple[_Words, _Words] = (
    ("{}", "[biggest|largest|greatest|highest|maximum|max]", "[smallest|smallest|least|lowest|minimum|min]"),
    ("{}", "[最大|最大|数值最大]", "[最小|最小|数值最小]"),
)
_MEASURES_ENGLISH: tuple[_Words, ...] = (
    ("${}", "[more expensive|pricier|more]", "[cheaper|less|less expensive]"),
    ("{} m", "[longer|taller|higher]", "[shorter|lower]"),
    ("{} cm", "[longer|wider|bigger]", "[shorter|narrower|smaller]"),
    ("{} kg", "[heavier|more]", "[lighter|less]"),
    ("{} km", "[farther|further|longer]", "[nearer|closer|shorter]"),
    ("{} seconds", "[longer|slower]", "[shorter|faster]"),
    ("{} degrees", "[warmer|hotter|higher]", "[colder|cooler|lower]"),
    ("{} points", "[better|higher|more]", "[worse|lower|fewer]"),
)
_MEASURES_CHINESE: tuple[_Words, ...] = (
    ("{}元", "[贵|更贵|多]", "[便宜|更便宜|少]"),
    ("{}米", "[长|更长|高|更高]", "[短|更短|矮|更矮]"),
    ("{}厘米", "[长|更长|宽]", "[短|更短|窄]"),
    ("{}公斤", "[重|更重|沉]", "[轻|更轻]"),
    ("{}公里", "[远|更远|长]", "[近|更近|短]"),
    ("{}秒", "[长|更长|慢]", "[短|更短|快]"),
    ("{}度", "[热|更热|高|更高]", "[冷|更冷|低|更低]"),
    ("{}分", "[高|更高|多]", "[低|更低|少]"),
)


def ask(numbers: Sequence[str], want: str, language: Language, rng: random.Random) -> str:
    """A question for the greatest ("max") or the least ("min") of the numbers."""
    pair, chinese = len(numbers) == 2, language.is_chinese
    shown, more, less = (_PLAIN if pair else _AMONG_MANY)[chinese]
    if pair and rng.random() < _MEASURES and "-" not in "".join(numbers):
        shown, more, less = rng.choice(_MEASURES_CHINESE if chinese else _MEASURES_ENGLISH)
    word, sign = (vary(rng, more), ">") if want == "max" else (vary(rng, less), "<")
    numbers = [shown.format(number) for number in numbers]
    core = _core(chinese, pair, want, rng)
    if chinese:
        question = vary(rng, core, **_chinese_slots(numbers, word, sign, rng)).strip().replace("  ", " ")
        return frame(in_script(question, language), language, rng)
    question = vary(rng, core, **_english_slots(numbers, word, sign, rng))
    if not pair:
        question = question.replace(f"which is {word}", f"which is the {word}")
    return frame(casual(question[:1].upper() + question[1:], rng), language, rng)


def _english_slots(numbers: Sequence[str], word: str, sign: str, rng: random.Random) -> dict[str, str]:
    first, last = ", ".join(numbers[:-1]), numbers[-1]
    return {
        "er": word,
        "than": f"{word} than",
        "sign": sign,
        "fn": "max" if sign == ">" else "min",
        "and": f"{first}{rng.choice((' and ', ' and ', ' & ', ', ', ' and '))}{last}",
        "or": f"{first}{rng.choice((' or ', ' or ', ' or ', ' vs ', ', or ', ' / ', ', '))}{last}",
        "list": rng.choice((", ", ", ", "; ", " ")).join(numbers),
        "a": numbers[0],
        "b": last,
    }


def _chinese_slots(numbers: Sequence[str], word: str, sign: str, rng: random.Random) -> dict[str, str]:
    gap = rng.choice(("", "", " "))
    spaced = [f"{gap}{number}{gap}" for number in numbers]
    first, last = "、".join(spaced[:-1]), spaced[-1]
    return {
        "er": word,
        "sign": sign,
        "bare": word.removeprefix("更").removeprefix("比较").removeprefix("较"),
        "and": f"{first}{rng.choice('和和和与跟、，')}{last}",
        "or": f"{first}{rng.choice(('还是', '还是', '或', '、', '，', '和'))}{last}",
        "list": rng.choice(("、", "，", ", ", " ")).join(numbers),
        "a": spaced[0],
        "b": last,
    }


def _core(chinese: bool, pair: bool, want: str, rng: random.Random) -> str:
    draw = rng.random()
    if pair and draw < 0.3:
        return common_first(_CHINESE_PAIR if chinese else _ENGLISH_PAIR, rng)
    if pair and want == "max" and draw < 0.36:
        return common_first(_CHINESE_ORDER if chinese else _ENGLISH_ORDER, rng)
    return common_first(_CHINESE if chinese else _ENGLISH, rng)
