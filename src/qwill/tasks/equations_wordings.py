"""How people ask for the solution of an equation."""

# ruff: noqa: E501 (one wording on a line, however long)

from __future__ import annotations

import random

from qwill.core import Language
from qwill.tasks.frames import casual, common_first, frame
from qwill.tasks.wording import in_script, vary

_ENGLISH = (
    "Solve {e}[.||:| please]",
    "[Solve|Please solve|Can you solve|Could you solve|Now solve] [the equation |this equation: |for {u}: |the linear equation |]{e}[.|?||]",
    "[Solve|Please solve|Can you solve|Could you solve] {e} for {u}[.|?|]",
    "[Solve|Solve for] {u}: {e}",
    "[Solve|Solve for] {u} [in|if|when|given|where] {e}[.|]",
    "[Find|Please find|Can you find|Could you find|Determine|Compute|Calculate|Work out|Figure out|Get] {u}[: |, if | if | when | given | given that | in | such that | from | so that ]{e}[.|?|]",
    "[Find|Determine|Compute|Work out|Give|Tell me|Give me|State] the value of {u}[: |, if | if | when | given | given that | in | such that | for which ]{e}[.||]",
    "[What is|What's|what is|what's|Whats] {u} if {e}?",
    "[What is|What's] {u} [in|when|given|given that|for] {e}?",
    "[What is|What's] the [value|solution] of {u} [if|when|in|given|given that] {e}?",
    "[What is|What's|Give|Find|Tell me|Give me] the [solution|root|answer] [of|to|for] [the equation |]{e}[?|.|]",
    "[What|Which] [value|number|integer] [of|for] {u} [solves|satisfies|makes true|fits|works in] {e}?",
    "[What|Which] [value|number] [must|should|does|will|can] {u} [be|have|take|equal] [if|so that|when|for] {e}?",
    "[For what|For which] [value of |]{u} [is|does|do we have|is it true that] {e}[ true| hold|]?",
    "[For what|For which] {u} [is|do we have] {e}?",
    "{e}[, |. |; ][what is|find|solve for|what's|so what is|determine|then what is|compute] {u}[?|.|]",
    "{e}[, |; |: | ]{u} = ?",
    "{e}[, |; | -> | => ]{u}?",
    "{e}",
    "{e}[.|?|:] [Solve|Solve it|Solve this|solve|Find {u}|Find the unknown|What is the unknown][.||?]",
    "If {e}, [what is|then what is|find|what's|how much is|what must be|what does {u} equal:] {u}[?|]",
    "If {e}[,| then|, then] {u} [is|equals|=|must be] [what|how much|which number]?",
    "[Given|Given that|Suppose|Suppose that|Assume|Assuming|Let|Knowing that|We know that|I know that] {e}[, |. ][what is|find|determine|solve for|calculate|what's] {u}[?|.|]",
    "[Equation|Problem|Exercise|Algebra|Linear equation][:| -] {e}[. Solve.|. Find {u}.|, {u}=?|. What is {u}?|]",
    "[The equation|In the equation|For the equation|Take the equation|Consider the equation|Here is an equation:|Look at the equation] {e}[, |: |. ][what is|find|solve for|determine|give] {u}[?|.|]",
    "{e} for {u}[?|]",
    "[Solution|Answer|Root] of {e}[?|]",
    "{u}: {e}",
    "{e} -> {u}",
    "[solve|Solve]({e}, {u})",
    "[It is known|It holds|We are told|I am told] that {e}[. |, |; ][What is|Find|Determine|Compute] {u}[?|.|]",
    "[Undo|Rearrange|Transform|Balance] {e} [to get|to find|and give|and find] {u}[.|]",
    "[I'm|We are] [given|looking at|working on|stuck on|trying] {e}[. |, ][What's|What is|How much is] {u}[?|]",
    "[What|Which number] does {u} [stand for|represent|equal|come out as] in {e}?",
    "[What|Which number] do I [put|write|plug in|insert] for {u} [to make|so that|in] {e}[ true| correct| hold|]?",
    "[Somebody|My son|The teacher|A friend] wrote {e}. [What is|Find|So what is] {u}[?|]",
    "[The value|Value] of {u} [in|for|from|when] {e}[?|:|]",
    "[Please|Pls] [tell me|give me|find|get] {u}: {e}",
    "{e}, [so|hence|therefore|thus] {u} [=|is|equals] [?|what?]",
    "[How do I|How do you|How can I|How would you] solve {e}[ for {u}|]?",
    "[How much|What] is {u} [when|if|given] {e}?",
    "[I have|I've got|We have|There is|I got] {e}[. |, |; ][What|what] is {u}?",
    "[I need|I want|I'd like] [to solve|to find {u} in|to know {u} when|to know {u} if|the solution of|the answer to] {e}[.|]",
    "[Tell me|Can you tell me|Could you tell me|Do you know|I wonder] [what {u} is|what {u} equals|the value of {u}|which {u} we need] [if|when|in|given] {e}[?|.|]",
    "[Help me|Help|Please help me] [solve|with|to solve|find {u} in|figure out] {e}[.||?]",
    "[Unknown|The unknown] {u}[: |, ]{e}[. Find it.|. What is it?|. Solve.|]",
    "[{u} = ?|{u}=?|{u}?] [if|when|given|for|where] {e}",
    "[Make {u} the subject and solve|Isolate {u}|Isolate {u} in|Get {u} alone in|Solve by isolating {u}]: {e}",
    "[My|The] [homework|teacher|exercise|textbook] [says|asks|wants]: {e}. [What is|Find] {u}[?|.]",
    "[Which {u}|What {u}] [satisfies|solves|makes|fits|gives] {e}?",
    "[The solution of|Solution of|Solution to|The root of] {e} is[ what|:|...|]?",
    "[Check|See|Find out] [what {u} is|which value {u} has|what {u} must be] in {e}[.|?]",
    "[Let|Say|Suppose] {e}. [Then what is|What is|Find|Compute|What's] {u}[?|]",
    "[Work through|Go through|Do] this equation[:| for me:] {e}",
    "{u} [satisfies|is such that|solves|fulfils] {e}. [What is|Find] {u}[?|.|]",
    "[Algebra help|Math help|Quick algebra|Algebra question]: {e}, [solve for|find|what is] {u}[?||]",
)  # fmt: skip
_CHINESE = (
    "解方程[：|:| |，|]{e}[。||？]",
    "[请|帮我|麻烦|请你|帮忙|能不能|可以][解|解一下|解出|求解][方程|这个方程|一元一次方程|下面的方程|][：| |]{e}[。||？]",
    "[求解|解|解出|求][方程|一元一次方程|] {e}[。||]",
    "[求|求出|算出|请求|计算|请求出|解出|求未知数] {u}[：|，|: |，已知|，如果|，其中]{e}[。||]",
    "[求|求出|算出|计算|写出|给出|请写出]方程 {e} 的[解|根|{u}|{u}的值][。||]",
    "方程 {e} 的[解|根][是多少|是什么|是几|等于多少|是|为][？|]",
    "{e}[，|。|, |；| ][求|求解|解|求出|算出|请求]{u}[。||的值。|的值]",
    "{e}[，|,| ]{u}[=？|=?|等于多少|等于几|是多少|是几|为多少|的值是多少|是什么数|等于][？|]",
    "{e}[怎么解|如何解|怎么求解|该怎么解|的解是什么|的解是多少|解是几][？|]",
    "[如果|若|假如|要是|已知|假设|当|设][ |]{e}[，|,|，那么|，则|，那|时，|，请问] {u} [等于多少|是多少|等于几|是几|的值是多少|为多少|=？|是什么][？|]",
    "[已知|给定|知道|条件是][ |：]{e}[，|。][求|求解|求出|计算|试求|请求] {u}[。||的值。]",
    "[当|在] {u} [是多少|等于多少|等于几|取什么值|取何值|为多少|是几]时[，| ]{e}[成立|]？",
    "{u} [等于多少|取多少|是多少|等于几|取什么值|取何值|是几][时|才能使|能使|可以使|才有|，]{e}[成立|]？",
    "{u} [等于多少|是多少|是几]？{e}[。|]",
    "[哪个|什么|什么样的]{u}[满足|能满足|使得|符合]{e}[？|成立？|]",
    "[满足|符合] {e} 的 {u} [是多少|是几|等于多少|是什么][？|]",
    "{u} 满足 {e}[，|。][求{u}|{u}是多少|请问{u}等于几|求{u}的值|那么{u}是几][？|]",
    "[请问|问一下|你知道|想知道|告诉我|我想知道|能告诉我]{e}[里|中|里面|中的][，|]{u}[是多少|等于几|等于多少|是几][？|]",
    "[在|][方程|等式|]{e}[里|中|里面][，|]{u}[是多少|等于几|等于多少|的值是多少][？|]",
    "[有|我有|这里有|看|来]一个方程[：|，]{e}[。|，][求{u}|解一下|{u}等于多少？|怎么解？|{u}是几？]",
    "[方程|等式|题目|练习|数学题|代数题|作业][：|:]{e}[。|，|][求{u}。|解方程。|{u}=？|{u}是多少？|]",
    "[未知数|未知数是] {u}[，|：]{e}[，|。][求解|求未知数|解出来|未知数是多少][。|？|]",
    "{e} [解|求解|解一下|解方程|求{u}]",
    "{e}",
    "[把|将]{e}[解出来|里的{u}求出来|中的{u}解出来|解一下][。||吧]",
    "[使|要使|为了使|想让] {e} [成立|相等]，{u}[应该是|要等于|该取|是]多少[？|]",
    "[帮我|帮忙|麻烦|请][算|算算|算一下|看看|求一下|求出] {e} [中|里|里面|][的|]{u}[是多少|等于几|][。|？|]",
    "[这道题|这个方程|这个式子][怎么解|怎么做|的解是什么|的答案是什么][：|？|，]{e}",
    "[我|孩子|同学][不会|做不出][这个方程|这题|这道题][：|，]{e}[，{u}是多少|，求{u}|][？|。|]",
    "[等式|式子] {e} [成立时|成立|]，{u}[是多少|等于多少|是几][？|]",
    "[设|令] {e}[，|。][求{u}|求{u}的值|则{u}=？|那么{u}是多少？|{u}等于几？]",
    "[由|从|根据] {e} [得出|求|求出|算出|推出|可得]{u}[的值|等于多少|是多少|][。|？|]",
    "[求一个数|找一个数|找出]{u}[，|]使[得|]{e}[。|成立。|]",
    "{e}[，|。|；][那|那么|所以|则|] {u} [是|等于|为] [多少|几][？|]",
    "{e}[，|。][未知数|这个未知数][是多少|等于多少|是几][？|]",
    "[能|可以]帮我[解|解出|算出|求出] {e} [吗|的{u}吗|里的{u}吗]？",
    "[我在做|我在解|正在解|在做][方程|题] {e}[，|。]{u}[是多少|应该是多少|等于几][？|]",
    "{u}[代表|表示]什么数[，|：][如果|若|]{e}[？|]",
    "{e}[里|中]的未知数[是多少|等于几|是几]？",
    "[把|填]什么数[代入|填进|放进] {u} [可以使|能使|才能让|使]{e}[成立|]？",
    "[求解|计算|解答]：{e}[，{u}=？|]",
    "[移项|合并同类项|化简][求解|解出 {u}|求 {u}]：{e}",
    "{e}[，|。][答案是|解是|{u}的答案是][多少|几]？",
    "{u}=？[，|] {e}",
    "{u}=？[如果|已知|当|其中]{e}",
    "[方程的解|解|根|答案]是[多少|什么|几]？{e}",
    "[对于|关于]{u}的方程{e}[，|][求解|解是多少|的解是多少|怎么解|解为][？|。|]",
    "关于{u}的一元一次方程{e}[，|][求解|解是多少|的解是多少][？|。|]",
    "[试|试着|快速|简单][解|求解]方程[：|]{e}[。|]",
    "[口算|笔算|心算][：|]{e}，{u}[是多少|等于几][？|]",
)  # fmt: skip


_STORY_ENGLISH = {
    "linear": (
        "[I think of a number|I have a number in mind|A number], [multiply it by|times] {a} and [add|plus] {b}[. I get|: the result is|, and get] {c}. [What is the number|Which number is it|Find the number|What is x][?|]",
        "{a} times [a number|x|an unknown number] plus {b} [is|equals|gives|makes] {c}. [What is the number|Find it|What is x|Find x|Which number][?|]",
        "[What|Which] number times {a} plus {b} [is|equals|gives|makes] {c}?",
        "[If|When] [I|you|we] multiply a number by {a} and add {b}, [I|you|we] get {c}. [What is it|Which number is it][?|]",
    ),
    "less": (
        "[I think of a number|I have a number in mind|A number], [multiply it by|times] {a} and [subtract|take away] {b}[. I get|: the result is|, and get] {c}. [What is the number|Which number is it|Find the number|What is x][?|]",
        "{a} times [a number|x|an unknown number] minus {b} [is|equals|gives|makes] {c}. [What is the number|Find it|What is x|Find x|Which number][?|]",
        "[What|Which] number times {a} minus {b} [is|equals|gives|makes] {c}?",
    ),
    "plain": (
        "{a} times [what|what number|which number|x] [is|equals|gives|makes] {c}?",
        "[What|Which] number times {a} [is|equals|gives|makes] {c}?",
        "{a} times [a number|x] is {c}. [What is the number|What is x|Find it][?|]",
    ),
}  # fmt: skip
_STORY_CHINESE = {
    "linear": (
        "一个数[乘|乘以]{a}[再|，再|后]加[上|]{b}[等于|得|是]{c}，[这个数是多少|求这个数|这个数是几|求x][？|]",
        "[某数|一个数|x]的{a}倍[加|加上|再加]{b}[等于|是|得]{c}，[这个数是多少|求这个数|这个数是几|求x|x是多少][？|]",
        "[我想了一个数|我心里想一个数]，[乘|乘以]{a}再加{b}，[得到|等于|结果是]{c}，[这个数是几|我想的是几|这个数是多少]？",
        "什么数的{a}倍加{b}[等于|是]{c}[？|]",
    ),
    "less": (
        "一个数[乘|乘以]{a}[再|，再|后]减[去|]{b}[等于|得|是]{c}，[这个数是多少|求这个数|这个数是几|求x][？|]",
        "[某数|一个数|x]的{a}倍[减|减去|再减]{b}[等于|是|得]{c}，[这个数是多少|求这个数|这个数是几|求x|x是多少][？|]",
        "什么数的{a}倍减{b}[等于|是]{c}[？|]",
    ),
    "plain": (
        "[什么数|哪个数|多少|几]乘[以|]{a}[等于|得|是]{c}[？|]",
        "[某数|一个数|x]的{a}倍[是|等于]{c}，[这个数是多少|求这个数|x是多少][？|]",
    ),
}  # fmt: skip


def ask_in_words(a: int, b: int, c: int, language: Language, rng: random.Random) -> str:
    """A question in words for the number x with ax + b = c, where a > 1."""
    story = "linear" if b > 0 else "less" if b < 0 else "plain"
    question = vary(rng, (_STORY_CHINESE if language.is_chinese else _STORY_ENGLISH)[story], a=a, b=abs(b), c=c)
    question = in_script(question, language) if language.is_chinese else casual(question, rng)
    return frame(question, language, rng)


def ask(sides: tuple[str, str], unknown: str, language: Language, rng: random.Random) -> str:
    """A question for the unknown of an equation given by its two sides."""
    core = common_first(_CHINESE if language.is_chinese else _ENGLISH, rng)
    equation, shown = _shown(sides, unknown, rng)
    question = vary(rng, core, e=equation, u=shown).strip()
    question = in_script(question, language) if language.is_chinese else casual(question, rng)
    return frame(question, language, rng)


def _shown(sides: tuple[str, str], unknown: str, rng: random.Random) -> tuple[str, str]:
    left, right = sides
    if rng.random() < 0.12:
        left, right = right, left
    text = f"{left}={right}"
    draw = rng.random()
    if draw < 0.12:
        text = _with_signs(text, unknown, rng.choice(("*", "*", "×", "·")))
    if rng.random() < (0.4 if sides[0].startswith("-") else 0.06):
        text = _constant_first(text)
    if rng.random() < 0.55:
        text = _spaced(text)
    if rng.random() < 0.08:
        text = text.replace("-", "−")
    if rng.random() < 0.04:
        text = text.replace("=", "＝").replace("+", "＋")
    if rng.random() < 0.05:
        return text.upper(), unknown.upper()
    return text, unknown


def _with_signs(text: str, unknown: str, times: str) -> str:
    """The product signs written: 3*x for 3x."""
    signed = ""
    for i, character in enumerate(text):
        if character in (unknown, "(") and i and text[i - 1].isdigit():
            signed += times
        signed += character
    return signed


def _constant_first(text: str) -> str:
    """5+3x for 3x+5 on the left side."""
    left, _, right = text.partition("=")
    if "(" in left or "+" not in left:
        return text
    term, _, constant = left.rpartition("+")
    return f"{constant}{'' if term.startswith('-') else '+'}{term}={right}"


def _spaced(text: str) -> str:
    spaced = ""
    for i, character in enumerate(text):
        binary = character in "+-=*×·" and i and text[i - 1] not in "(="
        spaced += f" {character} " if binary else character
    return spaced
