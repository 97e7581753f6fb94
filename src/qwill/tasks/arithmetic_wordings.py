"""How people ask for a sum, a difference or a product."""

# ruff: noqa: E501 (one wording on a line, however long)

from __future__ import annotations

import random
from collections.abc import Sequence

from qwill.core import Language
from qwill.tasks.frames import casual, common_first, frame
from qwill.tasks.replies import CHINESE_TO_TWENTY, ENGLISH_TO_TWENTY
from qwill.tasks.wording import in_script, vary

_ANY_ENGLISH = (
    "{e}",
    "{e} =",
    "{e} = ?",
    "{e}=?",
    "{e}?",
    "[What is|What's|Whats|what is|what's] {e}?",
    "[How much is|How much's|How many is|How much are] {e}?",
    "[What does|What will|What would] {e} [equal|make|give|come to|come out to|be equal to]?",
    "[Calculate|Compute|Evaluate|Work out|Find|Figure out|Determine|Solve|Do|Simplify] {e}[.|| for me|, please| please|:]",
    "[Please|Pls|please] [calculate|compute|work out|evaluate|solve|find|do|tell me] {e}.",
    "[Can|Could|Would|Will] you [please |][calculate|compute|work out|evaluate|solve|find|tell me|figure out] {e}[?| for me?]",
    "[Give|Tell|Get] me [the answer to|the result of|the value of|the exact value of|the solution of|] {e}[.|| please]",
    "[What is|What's|Find|Give me] the [value|result|answer] [of|to|for] {e}?",
    "[I need|I want|I'd like|We need] [to know|to compute|to calculate|the result of|the value of|] {e}.",
    "{e}[, what is it|, what's the answer|, what's the result|, how much is that| equals what| is what| is how much| makes what]?",
    "[If I|If you|When you|When I|Suppose I] [compute|calculate|work out|evaluate|do] {e}, what [do I get|do you get|is the result|comes out]?",
    "[Do you know|Any idea|Guess|Tell me|Can you tell me|Could you say|I forgot] what {e} is[?|.|]",
    "[Do you know|Tell me|Can you tell me|I wonder|Could you check] how much {e} is[?|.|]",
    "[The answer to|The result of|The value of|Result of|Answer to] {e} [is|is what|equals|=][?| ?|]",
    "[Math|Maths|Arithmetic|Calculation|Sum|Compute|Evaluate]: {e}",
    "[What number|Which number|What integer|What value] [is|equals|is equal to|do you get from] {e}?",
    "{e} [equals|is equal to|is|makes|gives] [?|what?|what number?|how much?]",
    "[Work|Figure|Sort] this out: {e}",
    "[Fill in|Complete|Finish] [the blank|this|the equation]: {e} = [__|___|?|...]",
    "[My calculator is broken|I have no calculator|Without a calculator|In my head I can't do this|No calculator here][:|,|.] [what is|what's|how much is] {e}?",
    "[Let's|Let us|Let me] [see|compute|do|calculate|try][:|,|] {e}",
    "[How do|How would] you [compute|calculate|work out|solve] {e}?",
    "[Is it hard to|Could you quickly|Quickly] [compute|calculate|work out] {e}?",
    "[What do you get|What do I get|What comes out] [for|from|when computing|if you compute|when you do] {e}?",
    "[Exercise|Problem|Question]: {e}",
)  # fmt: skip
_ANY_CHINESE = (
    "{e}",
    "{e}=",
    "{e}=？",
    "{e} = ?",
    "{e}？",
    "{e}[等于多少|等于几|是多少|是几|得多少|得几|等于|结果是多少|的结果是多少|的得数是多少|的值是多少|答案是多少|答案是什么][？||呢？|啊？]",
    "[计算|算|求|算一算|算一下|计算一下|请计算|请算出|请你算一下|帮我算|帮我算一下|帮忙算下|帮我计算][：||一道题：] {e}[。|]",
    "[求|算出|写出|告诉我|给出|说出|请给出][ |]{e} [的值|的结果|的得数|等于多少|是多少|的答案][。|]",
    "[请问|问一下|你知道|想知道|我想知道|谁知道|能告诉我][ |，|]{e} [等于多少|是多少|得多少|等于几|的结果][？|]",
    "[口算|笔算|心算|列竖式计算|竖式计算|速算|算术题|计算题|数学题]：{e}",
    "[能不能|可不可以|可以|能][帮我|请你|你|][算一下|算算|计算一下|算出] {e}[？|吗？|。]",
    "[多少是|什么是|哪个数等于|几等于] {e}[？|]",
    "[如果|要是|假如][计算|算|我算] {e}，[结果|答案|得数][是多少|是几|是什么][？|]",
    "{e}，[结果是多少|答案是多少|等于多少|得数是几|怎么算|帮我算算|算一下|请计算|快算算][？|]",
    "[我的计算器坏了|没有计算器|手边没有计算器|不用计算器|我算不出来][，|：]{e} [等于多少|是多少|得几][？|]",
    "[填空|完成|补全][：|算式：] {e} = [__|（ ）|？|( )]",
    "{e} [这道题|这个算式|这题|这个式子][怎么算|等于多少|的答案是多少|的结果是什么|答案是几][？|]",
    "[这道题|这个算式|下面的算式|下列算式][的答案|的结果|][是多少|等于多少|得多少][：|？] {e}",
    "[算式|式子] {e} [的值|的结果|的得数|][是多少|等于多少|等于几][？|]",
    "[我想|我要|我需要|想][算|计算|知道] {e}[，|。|等于多少。|，答案是多少？]",
)  # fmt: skip
_THREE_ENGLISH = (
    "[Add|Please add|Add up|Sum|Add together|Can you add] {p}, {q} and {r}[.||?]",
    "[What is|What's|Find|Compute|Give me] the [sum|total] of {p}, {q} and {r}[?|.|]",
    "[How much|What] [do|will] {p}, {q} and {r} [add up to|make together|make|come to|sum to]?",
    "{p}, {q} and {r} [together|in total|altogether|added up|summed][?| is what?| are how much?]",
    "[I have|I buy things for|Three boxes hold|Three bills say] {p}, {q} and {r}. [What is the total|How much altogether|What do they sum to]?",
)  # fmt: skip
_THREE_CHINESE = (
    "{p}、{q}[和|与|跟|、]{r}的和[是多少|是几|等于多少|][？|]",
    "{p}、{q}[和|与|跟|、]{r}[加起来|相加|加在一起|一共|合计|总共][是多少|等于多少|得多少|有多少][？|]",
    "[求|计算|算出|算一下]{p}、{q}[和|与|跟|、]{r}的[和|总和][。|]",
    "[把|将]{p}、{q}、{r}[加起来|相加|加在一起]，[得|等于|是|结果是]多少[？|]",
)  # fmt: skip
_SUM_ENGLISH = (
    "[What is|What's|Find|Compute|Calculate|Give me|Tell me|Work out] the sum of {p} and {q}[?|.|]",
    "[Add|Please add|Can you add|Could you add|Now add|Sum up|Sum|Add up|Add together] {p} and {q}[.||?]",
    "[Add|Please add] {q} to {p}[.|]",
    "[What is|What's|How much is] the total of {p} and {q}?",
    "[What is|What's|How much is] {p} and {q} [together|in total|altogether|combined|added together|summed]?",
    "[What do|How much do|What will] {p} and {q} [add up to|sum to|make|come to|total|give together]?",
    "[How much|What] [do I get|do you get|is it] if [I|you|we] add {p} and {q}[ together|]?",
    "[What is|What's] {q} more than {p}?",
    "[If I have|I have|I had|Tom has|A shop has|She has] {p} [apples|coins|books|points|dollars|stamps] and [get|buy|find|receive|am given|add] {q} more, how many [are there|in total|altogether|is that|now]?",
    "[The sum of|Sum of|Total of] {p} and {q}[?| =| is| is what?|]",
    "{p} and {q}: [what is the sum|sum|total|add them|add these|what do they add up to]?",
    "[Increase|Raise] {p} by {q}.",
    "{p} and {q} [make|give|is|are] [what|how much|how many][?|]",
    "[Put|Take] {p} and {q} together[.|,|:] [how much is that|what do you get|how much][?|]",
    "[There are|I count|We have] {p} [red|small|old] [balls|cars|books|birds] and {q} [blue|big|new] ones. How many [altogether|in total|are there|in all]?",
    "[Plus|Addition]: {p} and {q}",
    "[A|One] [book|ticket|box] costs {p} and [another|a second one|a pen] costs {q}. [How much together|What is the total|What do both cost]?",
    "{p} increased by {q} [is|equals|gives] [what|how much]?",
)  # fmt: skip
_SUM_CHINESE = (
    "{p}[和|与|跟]{q}的和[是多少|是几|等于多少|是什么|][？|]",
    "[求|计算|算出|算一下|请算出]{p}[和|与|跟]{q}的和[。|]",
    "{p}[和|与|跟]{q}[加起来|相加|加在一起|合起来|一共|总共|合计][是多少|等于多少|得多少|有多少|是几][？|]",
    "[把|将]{p}[和|与|跟]{q}[加起来|相加|加在一起][，|][得|等于|是|结果是]多少[？|]",
    "比{p}多{q}的数是[多少|几|什么|哪个数][？|]",
    "比{p}大{q}的数是[多少|几|什么|哪个数][？|]",
    "[小明|我|妈妈|小红|商店|图书馆]有{p}[个苹果|本书|元|支铅笔|颗糖]，又[买来|得到|拿来|增加]{q}[个|]，[一共|现在|总共][有|是]多少[？|]",
    "{p}再[加|加上|添上]{q}[是多少|等于多少|得几|得多少|是几][？|]",
    "[甲|第一个]数是{p}，[乙|第二个]数是{q}，[和|它们的和|两数之和|加起来]是多少？",
    "[一本书|一件衣服|一张票]{p}元，[另一本|另一件|另一张]{q}元，[一共|总共|合计]多少[元|钱|]？",
    "[左边|第一排|上午]有{p}个，[右边|第二排|下午]有{q}个，[一共|总共|合起来]多少个？",
    "{p}增加{q}[后|以后|之后|]是多少[？|]",
    "{p}[和|与]{q}的[总和|总数|合计][是多少|是几|][？|]",
)  # fmt: skip
_DIFFERENCE_ENGLISH = (
    "[Subtract|Please subtract|Take|Deduct|Can you subtract] {q} from {p}[.||?]",
    "[What is|What's|How much is|What do you get from] {p} [minus|less|take away|reduced by|decreased by] {q}?",
    "[What is left|What's left|How much is left|What remains|How much remains] [if|when|after] [you|I|we] [take|subtract|remove] {q} from {p}?",
    "[What do|How much do] [I|you|we] get [if|when] [I|you|we] [subtract|take|take away] {q} from {p}?",
    "{q} [subtracted from|taken from|taken away from|from] {p} [is what|equals|is|gives][?|]",
    "{p} [take away|minus] {q} [is|equals|gives] [what|how much]?",
    "[What is|What's] {q} less than {p}?",
    "[Take|Take away|Remove] {q} [away |]from {p}[.|, what is left?|, what remains?| and tell me the rest.]",
    "{p} [take|without|less|reduced by|lowered by] {q}[?|]",
    "[From|Out of] {p} [I|we] [take|remove|subtract] {q}[. What is left?|. How much remains?|, what remains?]",
    "[The difference|Difference|Subtraction]: {p} minus {q}",
    "[Decrease|Reduce|Lower] {p} by {q}.",
)  # fmt: skip
_DIFFERENCE_POSITIVE_ENGLISH = (
    "[What is|What's|Find|Compute|Calculate|Give me|Tell me] the difference [between|of] {p} and {q}[?|.|]",
    "[How much|By how much is] {p} [bigger|larger|greater|more|higher] than {q}?",
    "By how much [is {p} greater than|does {p} exceed|is {p} more than|is {p} bigger than] {q}?",
    "How much [more|bigger|larger|greater] is {p} than {q}?",
    "How much [less|smaller] is {q} than {p}?",
    "By how much is {q} [less|smaller|lower] than {p}?",
    "[I have|I had|There are|She had|A farmer has] {p} [apples|coins|books|dollars|eggs] and [give away|lose|spend|sell|use] {q}. How many are left?",
    "[The difference|Difference|What difference is there] [between|of] {p} and {q}[?|]",
    "[A|The] [shop|train|school|bus] had {p} [people|seats|bags|visitors], then {q} [left|went away|were taken]. How many [remain|are left|are still there]?",
    "[What|How much] is missing from {q} to [reach|get to|make] {p}?",
    "{q} plus what [is|equals|makes|gives] {p}?",
    "[How much|What] [must I|do I|should I|do I have to] add to {q} to [get|reach|make] {p}?",
)  # fmt: skip
_DIFFERENCE_CHINESE = (
    "{p}[减去|减掉|减|去掉|扣掉|少掉]{q}[是多少|等于多少|还剩多少|得多少|等于几|得几][？|]",
    "[从|在]{p}[里|中][减去|减掉|拿走|去掉|扣除]{q}[，|][还剩|剩下|等于|得|是]多少[？|]",
    "比{p}少{q}的数是[多少|几|什么|哪个数][？|]",
    "比{p}小{q}的数是[多少|几|什么|哪个数][？|]",
    "{p}[再|]减[去|掉|][ |]{q}[剩|还剩|还有|剩下]多少[？|]",
    "[被减数是|被减数]{p}，[减数是|减数]{q}，[差是多少|差是几|求差]？",
    "{p}里[面|]去掉{q}[，|][还有|还剩|剩]多少[？|]",
    "{p}减少{q}[后|以后|之后|]是多少[？|]",
    "[求|计算|算出]{p}减{q}的差[。|]",
)  # fmt: skip
_DIFFERENCE_POSITIVE_CHINESE = (
    "{p}[和|与|跟]{q}的差[是多少|是几|等于多少|][？|]",
    "[求|计算|算出|算一下]{p}[和|与|跟]{q}的差[。|]",
    "{p}比{q}[多|大|高|多出][多少|几][？|]",
    "{q}比{p}[少|小|低|少了][多少|几][？|]",
    "{p}和{q}[相差|差|之间差|差了][多少|几][？|]",
    "[小明|我|妈妈|小红|商店|图书馆]有{p}[个苹果|本书|元|支铅笔|颗糖]，[用掉|送出|卖出|花了|吃了]{q}[个|]，还剩多少[？|]",
    "{p}[和|与|跟]{q}[差|相差][了|]多少[？|]",
    "[原来有|本来有|一共有]{p}[个|人|元]，[走了|少了|用了|拿走]{q}[个|人|元]，[还有|还剩|剩下]多少[？|]",
    "{q}加[几|多少]等于{p}[？|]",
    "{q}到{p}[还|]差多少[？|]",
    "{q}[再|还要|要]加[上|]多少[等于|才是|才等于|是]{p}[？|]",
)  # fmt: skip
_PRODUCT_ENGLISH = (
    "[What is|What's|Find|Compute|Calculate|Give me|Tell me|Work out] the product of {p} and {q}[?|.|]",
    "[Multiply|Please multiply|Can you multiply|Could you multiply|Now multiply] {p} [by|and|with|times] {q}[.||?]",
    "[How much|What] [do I get|do you get|is it] if [I|you|we] multiply {p} [by|and|with] {q}?",
    "[The product of|Product of] {p} and {q}[?| =| is| is what?|]",
    "[There are|I have|I buy|A school has] {p} [boxes|bags|rows|packs|shelves] [with|of] {q} [apples|eggs|books|pens|chairs] each. How many [in all|altogether|in total|are there|is that]?",
    "{p} and {q}: [what is the product|product|multiply them|multiply these]?",
    "{p} times {q} [makes|gives|is|equals] [what|how much|how many][?|]",
    "[What do|How much do|What will] {p} and {q} [multiply to|give when multiplied|make when multiplied]?",
    "{p} [items|tickets|pens|books] [cost|at] {q} each. [What is the total|How much in all|What do they cost together]?",
    "[Each|Every] [box|row|bag|bus] [has|holds|takes] {q} [eggs|people|apples|pens]. How many in {p} [boxes|rows|bags|buses]?",
    "[A|One] [rectangle|room|field] is {p} by {q}. What is its area?",
    "[Multiplication|Times]: {p} and {q}",
    "[How many are|What are|What is|How much is] {p} [groups|lots|sets] of {q}?",
    "{p} [multiplied with|multiplied by] {q}[?| is what?| equals?]",
)  # fmt: skip
_PRODUCT_CHINESE = (
    "{p}[和|与|跟]{q}的[积|乘积][是多少|是几|等于多少|][？|]",
    "[求|计算|算出|算一下]{p}[和|与|跟]{q}的[积|乘积][。|]",
    "{p}[和|与|跟]{q}相乘[是多少|等于多少|得多少|得几][？|]",
    "[把|将]{p}[和|与|跟]{q}[乘起来|相乘|乘在一起][，|][得|等于|是|结果是]多少[？|]",
    "[每|一][箱|盒|包|排|袋][有|装]{q}[个|本|支]，{p}[箱|盒|包|排|袋][一共|共|]有多少[个|本|支|]？",
    "[一个|一张|一本][票|书|球]{q}元，买{p}[个|张|本][要|需要|一共]多少[元|钱]？",
    "[长|长方形长]{p}[，|、]宽{q}，面积是多少？",
    "[因数是|两个因数是|两个数是]{p}[和|与]{q}，[积是多少|乘积是多少|求积]？",
    "{p}[乘|乘上|乘以]{q}[的结果是|得|是|等于][多少|几]？",
    "{p}个{q}[是多少|等于多少|相加是多少|一共是多少][？|]",
    "{p}的{q}倍是[多少|几][？|]",
    "[有|买了|学校有|仓库里有]{p}[箱|盒|包|排|袋]，每[箱|盒|包|排|袋]{q}[个|本|支]，一共[有|是]多少[个|本|支|][？|]",
)  # fmt: skip

_PLUS = ("+", "+", "+", "plus", "＋")
_MINUS = ("-", "-", "-", "−", "–", "minus", "－")
_TIMES = ("×", "*", "x", "×", "*", "times", "X", "·", "multiplied by")
_PLUS_CHINESE = ("+", "+", "加", "加上", "＋")
_MINUS_CHINESE = ("-", "-", "−", "减", "减去", "－")
_TIMES_CHINESE = ("×", "*", "x", "×", "乘以", "乘", "✕", "X", "·")
_SPECIAL = 0.4


def ask(kind: str, terms: tuple[int, ...], language: Language, rng: random.Random) -> str:
    """A question for the sum or the product of the terms."""
    chinese = language.is_chinese
    special = _special(kind, terms, chinese)
    if special and rng.random() < _SPECIAL:
        shown = dict(zip("pqr", (_shown(abs(term), rng) for term in terms), strict=False))
        question = vary(rng, common_first(rng.choice(special), rng), **shown)
    else:
        core = common_first(_ANY_CHINESE if chinese else _ANY_ENGLISH, rng)
        question = vary(rng, core, e=_expression(kind, terms, chinese, rng))
    question = in_script(question, language) if chinese else casual(question, rng)
    return frame(question, language, rng)


def _special(kind: str, terms: tuple[int, ...], chinese: bool) -> tuple[Sequence[str], ...]:
    if terms[0] < 0:
        return ()
    if len(terms) > 2:
        return (_THREE_CHINESE if chinese else _THREE_ENGLISH,) if min(terms) >= 0 else ()
    if kind == "product":
        return (_PRODUCT_CHINESE if chinese else _PRODUCT_ENGLISH,)
    if terms[1] >= 0:
        return (_SUM_CHINESE if chinese else _SUM_ENGLISH,)
    usual = _DIFFERENCE_CHINESE if chinese else _DIFFERENCE_ENGLISH
    if sum(terms) < 0:
        return (usual,)
    return usual, _DIFFERENCE_POSITIVE_CHINESE if chinese else _DIFFERENCE_POSITIVE_ENGLISH


def _expression(kind: str, terms: tuple[int, ...], chinese: bool, rng: random.Random) -> str:
    plus = rng.choice(_PLUS_CHINESE if chinese else _PLUS)
    minus = rng.choice(_MINUS_CHINESE if chinese else _MINUS)
    times = rng.choice(_TIMES_CHINESE if chinese else _TIMES)
    space = rng.choice((" ", " ", ""))
    if terms[0] >= 0 and max(map(abs, terms)) <= 20 and rng.random() < 0.08:
        return _in_words(kind, terms, chinese, rng)
    text = _shown(terms[0], rng)
    for i, term in enumerate(terms[1:]):
        sign = times if kind == "product" else plus if term >= 0 else minus
        if chinese and i and sign[0] in "加减":
            sign = rng.choice(("", "再", "，再")) + sign
        gap = " " if sign.isascii() and sign.isalpha() and len(sign) > 1 else space
        text += f"{gap}{sign}{gap}{_shown(abs(term), rng)}"
    return text


def _in_words(kind: str, terms: tuple[int, ...], chinese: bool, rng: random.Random) -> str:
    """Small numbers spelled: "seven plus five", "七加五"."""
    text = ""
    for i, term in enumerate(terms):
        if chinese:
            word = CHINESE_TO_TWENTY[abs(term)]
            sign = rng.choice(("乘", "乘以") if kind == "product" else ("减", "减去") if term < 0 else ("加", "加上"))
        else:
            word = ENGLISH_TO_TWENTY[abs(term)]
            sign = " times " if kind == "product" else " minus " if term < 0 else " plus "
        text += sign + word if i else word
    return text


def _shown(number: int, rng: random.Random) -> str:
    return f"{number:,}" if abs(number) > 999 and rng.random() < 0.08 else str(number)
