"""How people ask for a Countdown solution, and how it is told."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from qwill.core import Language
from qwill.tasks.frames import casual, frame
from qwill.tasks.phrasebook import phrasebook
from qwill.tasks.wording import in_script, vary

# {n}: the numbers, {t}: the target, {k}: how many numbers; ONCE, OPS, RULES are phrases put in below.
_ENGLISH_PHRASES = {
    "ONCE": (
        "[, each exactly once|, each once| exactly once each| once each|, each number once|"
        ", each one exactly one time|, using each number exactly once|, each only once|"
        ", every number exactly one time| exactly once]"
    ),
    "OPS": (
        "[+, -, * and /|+ - * /|+, −, ×, ÷|addition, subtraction, multiplication and division|"
        "the four operations|basic arithmetic|plus, minus, times and divide|only + - * /|"
        "the usual operations]"
    ),
    "RULES": (
        "[, each number once|, each exactly once|, using each once|, using each number exactly once|"
        ", each used once|, with + - * /|, using + - * /|, using only + - * and /| with basic arithmetic|"
        ", brackets allowed| (each once)| (each number exactly once, + - × ÷ and parentheses allowed)|"
        " (use every number once)|, no number twice|, using all of them|"
        ", using addition, subtraction, multiplication and division|. You may use + - * / and brackets|"
        ". Use each number exactly once|. Each number may be used only once|. Operations: + - * /|"
        ", any order| in any order]"
    ),
}
_CHINESE_PHRASES = {
    "ONCE": (
        "[，每个数用一次|，每个数恰好用一次|，每个数字只能用一次|（每个数用一次）|，各用一次|，每个只用一次|"
        "，每个数都要用且只用一次|每个数用一次]"
    ),
    "OPS": ("[加减乘除|四则运算|+-*/|加、减、乘、除|+、-、×、÷|+ - × ÷|+、−、×、÷|加法、减法、乘法和除法]"),
    "RULES": (
        "[，每个数用一次|，每个数恰好用一次|，每个数只能用一次|，可以用加减乘除|，可以用加减乘除和括号|"
        "，只用加减乘除|（每个数用一次）|，只能用+-*/|，可以加括号|，数字不能重复用|，每个都要用上|"
        "（+ - × ÷ 和括号都可以用）|，顺序不限|，用四则运算|，不能多用也不能少用]"
    ),
}

ENGLISH = phrasebook(
    """\
[Use|Using] [the [{k} |]numbers |the digits |]{n}[,| ]ONCE[,] [to |]make {t}.
[Use|Combine|Take] [the numbers |]{n} to [make|get|reach|form|obtain|produce|create|build|hit] {t}[RULES.|.|]
[Using|With|From|Given] [only |just |][the numbers |the {k} numbers |]{n}, [make|get|reach|form|obtain|produce|
    create|build|write|find] {t}[RULES.|.|]
[Make|Get|Reach|Form|Obtain|Produce|Build|Create|Hit|Construct] {t} [from|out of|with|using|by using|
    by combining] [the numbers |the {k} numbers |]{n}[RULES.|.|]
[make|get|reach|hit] {t} [from|with|using] {n}
[How|how] [can|do|could|would|might|should] [I|you|we|one] [make|get|reach|form|obtain|get to|arrive at|end up with|
    come up with] {t} [from|out of|with|using|by using] [the numbers |the {k} numbers |]{n}[RULES|]?
How [can|do|could] [I|you|we] [combine|use|arrange|put together] [the numbers |]{n}[RULES|] [to get|to make|
    to reach|so that they make|so the result is|so that the result is] {t}?
[Can|Could] [you|we|I|anyone|somebody] [make|get|reach|form|produce|find a way to make|
    show me how to make] {t} [from|out of|with|using|by using] [the numbers |]{n}[RULES|]?
[Is it possible|Is there a way|Is there any way] to [make|get|reach|form] {t} [from|out of|with|using] {n}[RULES|]?
[Can|Could] [{n}|the numbers {n}|the {k} numbers {n}] [make|give|be combined into|be combined to make|
    be turned into|be used to make|be made into|add up or otherwise come to] {t}?
[Find|Give|Write|Give me|Show me|Find me|Write down|I need|I want|Look for] [an expression|an equation|a formula|
    a calculation|an arithmetic expression|a way|a solution|a combination] [that equals|that makes|equal to|
    that gives|with value|with the result|worth|that comes to|for] {t} [using|with|from|that uses|
    out of] [the numbers |]{n}[RULES.|.|]
[Find|Give|Write|Show me] [an expression|a calculation|a formula] [using|with|from|in] {n}[RULES|] [that equals|
    that makes|equal to|that gives|whose value is|whose result is|that evaluates to] {t}.
[What|Which] [expression|calculation|combination|formula|arithmetic] [of|with|using|from] [the numbers |]{n} [gives|
    equals|makes|is equal to|comes to|results in|yields|has the value] {t}?
What [can|could|should] [I|you|we] do with {n} to [get|reach|make|arrive at] {t}?
[I have|I've got|We have|You have|You are given|You get|You've got|I was given|I got|I drew|Here are|
    There are] [the numbers |the {k} numbers |{k} numbers: |numbers |cards |the cards |tiles |]{n}. [Make|Get|Reach|
    Form|My target is|The target is|Target|The goal is|I need|I want|I need to make|I have to make|You must make|
    Find a way to get] {t}[RULES.|.|]
[Given|Suppose I have|Say I have|If I have|With] {n}, [how do I get|how can I make|how would you reach|how to make|
    what makes|can you make|can I get|is it possible to get] {t}[RULES|]?
[Numbers|Given numbers|Given|Digits|Tiles|Cards|Input|Available numbers|The numbers]: {n}[.|,|
    ;|| -][ Target| target| Goal| Make| Reach| Want| Result| The target]: {t}[.|]
[Numbers|numbers|nums] [are |=|= |]{n}[,|;|.] [target|goal|Target|Goal|the target is|aim] [is |=|= |]{t}[.|]
[Target|Goal|Aim|target|goal|Target number]: {t}[.|,|;|| -] [Numbers|numbers|Using|from|Digits|Tiles|with|
    using]: {n}[.|]
[The target|The goal|My target|Target number|The target number|The result] [is|should be|must be] {t}[, and|
    . The numbers are|; use|, numbers|. Use|, the numbers are|. You may use] {n}[.|ONCE.|]
[Countdown|countdown|Countdown numbers game|Numbers game|Numbers round|Countdown problem|Countdown puzzle|
    Number puzzle][:|,| -|] {n} [->|to make|to|=>|target|→|for|, target|, make|, goal] {t}[.|?|]
[Solve|Play|Do|Try] [this|the|a|one] [countdown|Countdown|numbers game|number puzzle|numbers round|
    countdown game][:| with| for| using] {n}[, target|, make| for| -> | → |, goal| and the target] {t}[.|]
{n} [->|=>|→|--> |to|make|to make|for|target|goal|into|must make|should give|have to make] {t}[?|.|]
{n}: [make|get|reach|how to get|how do you make|target|find|form|produce] {t}[?|.|]
{n} [=|= ?] {t}, [how|which operations|put in the operations|find the operations][?|.]
{t} [from|with|using|out of|made of|by] {n}[?|.|, how?|, please|ONCE?|, is it possible?]
{t} = ? [using|with|from|out of] {n}[ONCE|]
[Put|Place|Insert|Add|Write] [operators|operations|signs|+, -, *, /|+ - * /|plus, minus, times or divided by|
    arithmetic signs] [and brackets |and parentheses |][between|among|into|
    around] [the numbers |]{n} [in any order |][to get|to make|so that the result is|so it equals|so they give|
    so you get] {t}.
[Turn|Change|Transform|Make|Convert] [the numbers |]{n} into {t}[ with arithmetic| using + - * /| with + - * /|
    RULES|].
[Each|Every] [of|one of] [the numbers |the {k} numbers |]{n} [must|should|has to|can|may] be used [exactly |
    only |]once. [Make|Get|Reach|Find a way to make|The target is] {t}.
[Using each of|Use each of|With each of|Using all of|Use all of|Using all {k} of|Take all of] [the numbers |
    the {k} numbers |]{n}[ exactly once| once| one time| just once|][,|] [to |][make|get|reach|form] {t}.
[Using|With|Use] OPS[ and brackets| and parentheses|], [make|get|reach|
    turn {n} into] {t}[ from| with| using| out of] {n}[.|]
[Which|What] [operations|steps|calculations|signs|moves] [turn|take|bring|lead|get] [us |you |
    me |][from |]{n} [into|to] {t}?
[My|The|Our] [numbers|cards|tiles|digits] [are|were] {n}[ and I|, I|. I] [need|want|must make|have to make|
    am looking for|should get|would like] {t}[.|, how?|. How?|. Any solution?|]
[I want to|I need to|I'd like to|I have to|We need to|Help me|Let's|Try to|Please|You must] [make|get|reach|form|
    hit|build] {t} [from|with|using|out of] [the numbers |]{n}[RULES|].
[Arithmetic|Math|Maths|Number] [puzzle|game|riddle|challenge][:|,| -] [make|get|reach|form|find] {t} [from|with|
    using|out of] {n}[RULES|].
Operate on {n} to [get|reach|make] {t}[RULES|].
[The answer|The result|The total] [has to|must|should] be {t} and [I|you|we] [may|can|must] use {n}[ONCE|][.|. How?]
[How|In what way] [are|can] {n} [be |][used|combined|arranged] to [make|reach|give|produce] {t}?
[Write|Express|Represent|Show|Rewrite] {t} [using|with|in terms of|by] [the numbers |exactly the numbers |
    only |]{n}[RULES|].
[Reach|Hit|Get to|Get] [the |a |][target|goal|target number|total] [of |]{t} [from|with|using|by using] {n}[RULES|].
[24 game|24-game|24 game style|Like the 24 game][ but with target|, but the target is|, target|
    : make] {t}[, use|:|. Numbers:] {n}
[pick|choose|find] [the |]operations [for|so that] {n}[ to make| give| make| to give| equal] {t}
[do|does|can|will] {n} [make|get to|reach|equal|give] {t} [somehow|in some way|with the right operations|
    with + - * /]?
""",
    _ENGLISH_PHRASES,
)
CHINESE = phrasebook(
    """\
[请|][用|使用|利用|拿][数字|这{k}个数|这几个数|数|]{n}ONCE[，|][凑出|凑成|算出|得到|组成|凑|算得|做出]{t}。
[用|使用|拿|把][数字|]{n}[怎么|如何|怎样|怎么样|能不能|能否|可以怎么][凑出|算出|得到|凑成|组成|算|得出|变成|
    弄出]{t}？
[怎么|如何|怎样][用|使用|拿|由|通过|靠][数字|这{k}个数|]{n}[凑出|算出|得到|凑成|组成|算|得出|弄出|做出]{t}[？|
    RULES？]
[能不能|能否|可以|可不可以|是否可以|有没有办法|有办法][用|使用|拿|由][数字|]{n}[凑出|算出|得到|凑成|组成|
    算]{t}[吗|]？
{n}[怎么|如何|怎样|怎么才能|要怎么|能不能|能否|可以怎么][算出|得到|凑出|凑成|变成|等于|算成|得出|组成|算]{t}？
[把|将][数字|这{k}个数|]{n}[通过|用|使用|经过][加减乘除|四则运算|+-*/|加、减、乘、除][算出|凑成|变成|凑出|得到|
    运算得到]{t}。
[数字|数|给定数字|已知数字|可用数字|给出|这{k}个数|牌|卡片][：|:|是|为|]{n}[，|；|。|,| ][目标|目标数|目标是|目标为|
    目标数是|要得到|凑|凑出|求][：|:|]{t}[。|RULES。|]
[目标|目标数|目标值|目标是|目标数字|结果要是|要得到]：{t}[，|；|。|,| ][数字|可用数字|数|用|使用|给定]：{n}[。|]
[目标|目标数]是{t}，[数字是|可以用|用|只能用|使用|手里有|给的数是]{n}[，怎么算？|，怎么凑？|。|，ONCE。|]
[写出|给出|找出|求|列出|写|找|给我|想一个|来][一个|一道|一条|][算式|式子|等式|表达式|算法|算术式]，[用|使用|只用|
    由][上|][数字|]{n}[，|][结果|得数|值|使结果|答案][等于|为|是]{t}[。|RULES。]
[写出|给出|找出|求|列出][一个|][用|由|使用|含]{n}[组成|写成|构成|列成|]的[算式|式子|表达式]，[使它|让它|使其|使结果|
    结果|得数|值][等于|为|是]{t}。
[我|你|我们|他|小明|][有|手里有|拿到|抽到|得到|现在有][{k}个数|数字|{k}张牌|这些数|这几个数|{k}张卡片|][：|
    ，|]{n}[，|。|；][怎么|如何|要|想要|需要|请|得][算出|得到|凑出|凑成|凑|算到]{t}[？|。|]
[给你|给定|给出|给|已知|现有|有|这里有][{k}个数|数字|{k}个数字|这些数|][：|，|]{n}[，|。|；][请|请你|要求|试着|
    试|][凑出|算出|得到|用它们得到|用它们算出|把它们凑成|凑]{t}[。|RULES。]
[每个数|每个数字|每个][只用一次|用一次|恰好用一次|必须用一次|只能用一次|都要用一次]，[用|由|把|拿]{n}[凑出|算出|
    得到|凑成]{t}。
[用|使用|通过|利用]OPS[和括号|及括号|以及括号|][，|][把|将|由|从]{n}[变成|算出|凑成|凑出|得到|算成]{t}。
[只用|用|使用|通过|允许]OPS，{n}[怎么|如何|怎样][得到|凑出|算出|变成|等于]{t}？
[在|往]{n}[之间|中间|里|间][填上|填|加上|加|添上|放上|插入][运算符号|运算符|加减乘除|+-*/|符号|加减乘除和括号]，[使|
    让|使得|令][结果|得数|它|式子|][等于|为|是|成]{t}[，顺序可以变|，可以换顺序|，顺序不限|]。
[倒计时|数字游戏|凑数游戏|凑数|算数游戏|数字谜题|凑数字|数学游戏|Countdown][：|，|:| ]{n}[，目标| 目标|→|->|凑|
    得| 得到|，凑出|，得|变]{t}
{n}[->|→|=>|凑|得|得到|凑成|算|算出|变|变成|凑出|，凑|，得|，得到|，目标|，算出|，求|，凑成|：凑|
    ：得到| 目标]{t}[？|。|]
{n}[，|][怎么|如何]凑[到|成|出|]{t}[？|]
{t}[怎么|如何|怎样][用|由|从|通过][数字|]{n}[得到|凑出|算出|来|凑|凑出来|算出来]？
{t}[能|可以|能不能|可不可以|是否可以][用|由|被]{n}[表示|凑出来|算出来|得到|凑成][吗|]？
[凑|凑出|凑成|得到|算出|得|算]{t}[，|：|，只用|，用|，只能用|，可以用|，使用|，数字是]{n}[。|RULES。|]
[要|想|我想|我要|我需要|需要|求][得到|凑出|算出|凑成|凑]{t}，[用|只能用|可以用|手上有|数字有|只有|有]{n}[，怎么办？|
    ，怎么算？|，怎么做？|。|]
[请|请你|帮我|帮忙|麻烦|试着|试试|][用|把|拿|将]{n}[算一个|凑一个|凑个|算出|算个|凑出|凑成|凑]{t}[出来|][。|吧|
    好吗？|，谢谢|]
[有没有|是否有|是否存在|存在|有][办法|方法|一种方法|一种算法|算法|式子]，[用|使|让|把]{n}[得到|等于|凑成|凑出|
    算出]{t}[吗|]？
[类似|像|和]24点[那样|一样|]，[不过|但|只是][目标是|要凑|要得到|结果是|要算]{t}[，数字是|：|，用|，数是]{n}
[哪个|什么|怎样的|什么样的][算式|式子|运算|组合|算法][能|可以|能够|][用|由|把|使|让]{n}[得到|等于|凑成|得出|
    算出]{t}？
[对|把|用]{n}[做|进行|作][什么|哪些|怎样的][运算|计算][能|可以|才能|会|就][得到|等于|变成|得]{t}？
[把|将|用]{t}[表示成|写成|用|表示为|拆成][由|用|][数字|]{n}[组成|构成|表示|写|得到|][的|][算式|式子|表达式|出来]。
[四则运算|加减乘除|算术][题|游戏|谜题|练习|][：|，|:]{n}[得|得到|凑|算出|=|等于|凑出]{t}[，怎么算？|？|。|]
[用完|用光|用上|都用上|全部用上|全用上][所有|全部|这{k}个|][数|数字|]{n}[，|]ONCE，[得|得到|凑出|算出]{t}。
[这|][{k}个数|几个数|些数]{n}[，|][能|能不能|可以|可否|怎样才能|怎么才能][凑|算|得]出{t}[吗|]？
{n}[能|可以|能不能|能够|可不可以|会][等于|得到|凑出|凑成|算出|变成|得出]{t}[吗|不|][？|]
[求解|求|解|算][：|]用{n}[得|得到|凑]{t}[，每个数用一次|，每数一次|，各用一次|，不能重复|]
[老师|题目|题里|作业][给了|说有|给的数是|给出][数字|{k}个数|]{n}，[让|要|要求|叫][我们|我|][算出|凑出|得到|
    凑成]{t}[。|，怎么做？|，怎么算？]
[数|数字|这组数|这几个数字|这{k}个数字]{n}[经过|通过|用|做][加减乘除|四则运算|运算|计算|什么运算][，|][能|
    可以|][得到|等于|变成]{t}？
[怎么|如何]算[能|才能|可以|][让|使|把|]{n}[等于|变成|得到|得]{t}？
[我|]不会[用|把|拿]{n}[凑|算|得到|凑出|算出]{t}[，帮帮我|，怎么办|，教教我|，请帮忙][。|？]
[玩|来玩|做|解|来解][个|一个|一道|一下|][数字|凑数|算数|][游戏|题目|题]：{n}[，|；][得到|凑出|目标|目标是|算出]{t}。
[已知|给定|假设有|假如有|如果有|若有]{n}[，|，这{k}个数，|几个数，][怎么|如何|怎样|能不能][得到|算出|凑出|凑成]{t}？
{k}个数{n}，[得到|凑出|凑成|目标|目标是|结果是|算出|要求得到]{t}[。|？|，怎么算|，怎么凑|]
{t}：{n}[，|][凑一下|算一下|怎么凑|怎么算|每个数用一次|帮我凑]
""",
    _CHINESE_PHRASES,
)
_COUNTS = {3: ("three", "3"), 4: ("four", "4")}
_CHINESE_COUNTS = {3: ("三", "三", "3"), 4: ("四", "四", "4")}
_BRACKETS = ("[]", "()", "{}", "[]")


def ask(numbers: Sequence[int], target: int, language: Language, rng: random.Random) -> str:
    """One wording of the question how to reach `target` from `numbers`, told in the order given."""
    chinese = language.is_chinese
    count = rng.choice((_CHINESE_COUNTS if chinese else _COUNTS)[len(numbers)])
    question = vary(rng, CHINESE if chinese else ENGLISH, n=_listed(numbers, chinese, rng), t=target, k=count)
    question = in_script(question, language) if chinese else casual(question, rng)
    return frame(question, language, rng)


def _listed(numbers: Sequence[int], chinese: bool, rng: random.Random) -> str:
    texts = [str(number) for number in numbers]
    if chinese:
        comma = rng.choice(("、", "、", "、", "，", "，", ",", ", ", " "))
        last = rng.choice((comma, comma, comma, "和", "和", "与"))
    else:
        comma = rng.choice((", ", ", ", ", ", ", ", ",", " ", " "))
        last = rng.choice((comma, comma, " and ", " and ", ", and "))
    listed = comma.join(texts[:-1]) + last + texts[-1]
    if last == comma and rng.random() < 0.08:
        bracket = rng.choice(_BRACKETS)
        return bracket[0] + listed + bracket[1]
    return listed


_SOLVED_ENGLISH = ("{e} = {t}", "{e} = {t}", "One way: {e} = {t}")
_SOLVED_CHINESE = ("{e} = {t}", "{e} = {t}", "一种算法：{e} = {t}")
_IMPOSSIBLE_ENGLISH = ("There is no way to make {t} with these numbers.",)
_IMPOSSIBLE_CHINESE = ("这些数算不出{t}。",)
_SAYS_IMPOSSIBLE = re.compile(
    r"\b(?:no (?:way|solution)|not possible|impossible|cannot|can't|can not|unreachable)\b"
    r"|无解|無解|不可能|算不出|得不到|没有办法|沒有辦法|凑不出|湊不出|做不到",
    re.IGNORECASE,
)


def solved(expression: str, target: int, language: Language, rng: random.Random) -> str:
    text = vary(rng, _SOLVED_CHINESE if language.is_chinese else _SOLVED_ENGLISH, e=expression, t=target)
    return in_script(text, language)


def impossible(target: int, language: Language, rng: random.Random) -> str:
    text = vary(rng, _IMPOSSIBLE_CHINESE if language.is_chinese else _IMPOSSIBLE_ENGLISH, t=target)
    return in_script(text, language)


def says_impossible(reply: str) -> bool:
    """Whether a reply says that no solution exists."""
    return _SAYS_IMPOSSIBLE.search(reply) is not None
