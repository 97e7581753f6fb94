"""How people ask for the number of a letter in a word."""

# ruff: noqa: E501 (one wording on a line, however long)

from __future__ import annotations

import random

from qwill.core import Language
from qwill.tasks.frames import casual, common_first, frame
from qwill.tasks.wording import in_script, vary

_ENGLISH = (
    "How many {ls} [in|are in|are there in] [the word |the term |]{w}[?||?]",
    "How many {ls} [does|do] [the word |]{w} [have|contain|include|hold]?",
    "How many {ls} [can you find|can you see|do you see|do you find|can be found|appear|occur|show up|are there] in [the word |]{w}?",
    "How many times [does|do] [the letter |]{l} [appear|occur|show up|come up|come|turn up|feature] in [the word |]{w}?",
    "How many times is [the letter |]{l} [used|written|found|present|repeated] in [the word |]{w}?",
    "How often [does|do] [the letter |]{l} [appear|occur|show up|come|turn up] in [the word |]{w}?",
    "How often is [the letter |]{l} in [the word |]{w}?",
    "[Count|Please count|Can you count|Could you count|Count up|Let's count|Now count] [the |all the |all |how many |the number of |]{ls} in [the word |]{w}[.|?||, please]",
    "[What is|What's|Tell me|Find|Give me|Determine|State] the number of {ls} in [the word |]{w}[?|.|]",
    "[What is|What's] the [count|total|frequency|number] of [the letter |]{l} in [the word |]{w}?",
    "[Number|Count|Total|Amount|Frequency] of {ls} in [the word |]{w}[?||:]",
    "{ls} in {w}[?|: how many?| - how many?|, how many?||, count them]",
    "[The word |]{w}: how many {ls}[?| are there?| does it have?| in it?|]",
    "{w} [has|contains|have|includes] how many {ls}[?|]",
    "In [the word |]{w}, how many {ls} are there[?|]",
    "In [the word |]{w}, how [often|many times] [does|do] [the letter |]{l} [appear|occur|show up]?",
    "In [the word |]{w}, [count|find the number of|tell me the number of] {ls}[.|]",
    "[Spell|Write out|Look at|Take|Consider|Here is a word:|Consider the word|Take the word|Given the word|Look at the word] {w}[.|:|,] [How many|how many] {ls} [are there|are in it|does it have|do you count|do you see]?",
    "[Given|For|With] the word {w}, [how many {ls} are there|how many {ls} does it contain|count the {ls}|what is the number of {ls}][?|.]",
    "[If you|If I|When you|When I] [spell|write|spell out|write out] {w}, how many {ls} [do you|do I] [need|use|write|get]?",
    "[To spell|To write|Spelling|For spelling] {w}, how many {ls} [are needed|do I need|do you need|does it take]?",
    "[Does|Do] {w} have [any {ls}|the letter {l}][?|,| and if so,] [How many|how many|how many of them|How many of them]?",
    "[Is there an|Are there any] {l} in {w}, and how many?",
    "[Tell me|Let me know|Can you tell me|Could you tell me|Do you know|I want to know|I'd like to know|I wonder|Say] how many {ls} [are in|there are in|are there in|appear in|you see in] [the word |]{w}[.|?|]",
    "[Tell me|Can you tell me|Do you know|I wonder|I'd like to know] how [often|many times] [the letter |]{l} [appears|occurs|shows up] in [the word |]{w}[.|?|]",
    "How many letters [in|of] {w} are [the letter |]{l}?",
    "How many of the letters in {w} [are|equal|match] [the letter |]{l}?",
    "[My|my] [kid|son|daughter|teacher|friend] says {w} has [some|a few|many|several|lots of] {ls}. How many [exactly|is it|are there|really]?",
    "[I'm writing|I am writing|I wrote|I typed|I read|I see] {w}[.|:|,] [how many|How many] {ls} [is that|are there|does it have|do you count]?",
    "[Letter|Character] [counting|count|question][:|.| -] {l} in {w}[.||?]",
    "[Letter|Character] {l}, word {w}[:|.|,] [how many|count|how often|number of times][?|]",
    "[Word|The word][:|] {w}[.|,|;] [Letter|letter][:|] {l}[.|;] [How many times|Count|How many|How often][?|]",
    "{l} [appears|occurs|shows up|is] how many times in {w}?",
    "{l} [appears|occurs|shows up] how often in {w}?",
    "How many {ls} [will|would|did|should] [you|I|we|one] [find|count|see|get] in {w}?",
    "[Exactly how|So how|And how|Just how] many {ls} are in {w}?",
    "[There are|I see|I count] how many {ls} in {w}?",
    "Count {l} in {w}[.|]",
    "[Check|Find|Find out|Figure out|Work out|Determine|See] how many {ls} [are in|there are in|are contained in|occur in] {w}[.|]",
    "[How much] {l} [is|are] in {w}?",
    "What number of {ls} [does|do] {w} [have|contain]?",
    "[Occurrences|Instances|Appearances] of [the letter |]{l} in {w}[?||: how many?]",
    "How many [occurrences|instances|appearances] of [the letter |]{l} [are in|are there in|in|does one find in] {w}?",
    "[Count|Find|Give] the [occurrences|instances|appearances] of [the letter |]{l} in {w}[.|]",
    "{w} - how many {ls}[?|]",
    "[The letter |]{l} in {w}[, how many times| how many times|, how often| how often|, how many|][?|]",
    "[Would you|Could you|Can you|Please] [check|look at|go through] {w} and [count|tell me the number of|tell me how many] {ls}[?|.| it has.]",
    "{l} count [in|of|for] {w}[?|]",
    "{w} {l} count[?|]",
    "{w}: {l}?",
    "[What's|What is|Tell me|I need] the {l} count [of|in|for] {w}[?|.|]",
    "[How many|how many] {ls}, {w}[?|]",
    "How many {ls} {w}[?|]",
    "{w}.count({l})",
    "[What is|What's|In Python, what is|In Python, what's|What does Python say for] {w}.count({l})[?|]",
    "[Spell|Spell out] {w} and [count|tell me the number of|tell me how many] [the |]{ls}[ there are|].",
    "Go [through|over] {w} [letter by letter|one letter at a time|slowly] and count [the |every |each |]{l}[.|]",
    "[Settle|Help settle|End] [a|this|our] [bet|debate|argument|dispute]: how many {ls} [are in|does one find in|are there in] {w}?",
    "[I keep arguing|We are arguing|My friends argue|Two people disagree] about how many {ls} {w} has. [What is right|Who is right: how many|How many is it|Can you settle it]?",
    "[How many|What number of] {l} [tiles|cards|stamps|keys] [do I need|are needed|does one need] to [spell|write|print] {w}?",
    "[How many times|How often] do I [press|hit|type|write|need] [the |]{l}[ key|] [to type|when I type|for typing|if I type] {w}?",
    "If [I|you|we] [remove|delete|erase|cross out|take away] [all|all the|every one of the|each of the] {ls} from {w}, how many [letters|characters] [are removed|disappear|go|is that]?",
    "Does {w} have [one or two|two or three|three or four|1 or 2|2 or 3] {ls}?",
    "[What is|What's|Tell me|Give me|I want|I need] the number of times [the letter |]{l} [appears|occurs|shows up|is used] in {w}[?|.|]",
    "{w} [contains|has|uses|includes] [the letter |]{l} how [many times|often][?|]",
    "[I bet|They say|People say] [you can't|models can't|nobody can] [count|tell me|say] how many {ls} [are in|there are in] {w}[.|. Can you?|!]",
    "[Tally|Total|List and count|Enumerate] [the |all |all the |]{ls} [in|of|inside] {w}[.|]",
    "How many [of the letter|of letter] {l} [are there in|are in|in|does it take to write] {w}?",
    "[My|The] [kid|daughter|son|class|student] is learning to spell {w}. How many {ls} [does it have|are in it|should there be]?",
    "[Repeat letters|Double letters|Letters] [question|quiz]: how many {ls} [in|are in] {w}?",
    "[Among|Of] the letters of {w}, how many are {l}?",
    "[Write|Say|Report|Output|Print|Return] [only |just |]how many {ls} [there are|you find|you count] in {w}[.|]",
    "How many {ls} [make up|are used in|are hidden in|are inside|lie in|exist in|go into] {w}?",
)  # fmt: skip
_CHINESE = (
    "{w}[里|中|里面|当中|这个词里|这个单词里|这个单词中|这个词中]有[几个|多少个]{zl}[？||呢？|啊？|呀]",
    "{w}[里|中|里面|这个词里|这个单词里][一共|总共|共|到底|究竟]有[几个|多少个]{zl}[？||呢？]",
    "[单词|英文单词|英语单词|词语|词] {w} [里|中|里面|]有[几个|多少个]{zl}[？|]",
    "{w}有[几个|多少个]{zl}[？||呢]",
    "{w}[含有|包含|含|包括][几个|多少个]{zl}[？|]",
    "{zl}在{w}[里|中|里面|这个词里|][出现了|出现过|出现|有|用了][几次|多少次|几回][？|]",
    "{w}[里|中|里面]{zl}[出现了|出现过|出现][几次|多少次|几回][？|]",
    "{w}[里|中|里面]的{zl}[有|一共有|总共有][几个|多少个][？|]",
    "{w}[里|中|里面]{zl}的[个数|数量|数目|次数][是多少|是几|是|等于多少|][？|]",
    "[数一数|数数|数一下|请数一数|请数出|帮我数一下|帮我数数|帮忙数一下|数数看|来数一数][：|，|]{w}[里|中|里面]有[几个|多少个]{zl}[？|。|]",
    "[数一数|数数|数一下|请数一数|帮我数一下|统计|统计一下|计算|求|数出][ |]{w} [里|中|里面]{zl}的[个数|数量|次数|数目][。|]",
    "[数一数|数数|数一下|帮我数一下|统计一下][ |]{w} [里|中|里面]的{zl}[。|，有几个？|]",
    "[请问|问一下|想问下|想知道|你知道|告诉我|我想知道|能告诉我]{w}[里|中|里面]有[几个|多少个]{zl}[？|]",
    "[拼写|写|拼出|拼] {w} [要用|需要|要写|会用到|用到][几个|多少个]{zl}[？|]",
    "[在|]{w}[这个单词|这个词|这个字符串|这串字母|]中[，|]{zl}[出现了|一共出现|总共出现|有][几次|多少次][？|]",
    "{w}[，|：| ][有|里面有|其中有|共有][几个|多少个]{zl}[？|]",
    "[有|]几个{zl}在{w}[里|中|里面][？|]",
    "{zl}[有|]几个在{w}[里|中][？|]",
    "[单词|词][：|是]{w}[，|；|。][字母|字符|][：|]{l}[，|；|。][出现几次|有几个|数一数|多少个][？|]",
    "[看|看看|看一下|观察|请看][ |]{w}[，|：|这个词，][里面|其中|]有[几个|多少个]{zl}[？|]",
    "[给定|对于|已知][单词|词|] {w}[，|][求|数出|统计|请数]{zl}的[个数|数量|出现次数][。|]",
    "{w}的[拼写|写法][里|中]有[几个|多少个]{zl}[？|]",
    "{w}[一共|总共]用了[几个|多少个]{zl}[？|]",
    "{w}里[面|][几个|多少]{zl}[？|]",
    "{w}[几个|多少个]{zl}[？||呀|啊]",
    "[几个|多少个]{zl}[？|，]{w}[里|中]",
    "{w}[里|中|里面|][，|]{zl}[有|一共有|总共有|共有][几个|多少个|多少][？||呢？]",
    "{w}[里|中|里面][一共|总共|]包含[了|][几个|多少个]{zl}[？|]",
    "[打出|敲出|输入|打字打]{w}[要|需要|得]按[几次|多少次]{zl}键？",
    "[把|将]{w}[拆开|拆成字母|一个个拆开|逐个字母拆开|逐字看]，[看看|数数|数一数]有[几个|多少个]{zl}[。|？|]",
    "{w}[里|中][到底|究竟|]{zl}是[两个还是三个|一个还是两个|三个还是四个]？",
    "{w}.count({l})[等于多少|是多少|的结果|=|]",
    "[我想|我要|想]数{w}[里|中|里面]的{zl}，[有几个|有多少个|一共几个][？|]",
    "[单词|词语|]{w}[共|一共|总共][含|含有|有]{zl}[多少个|几个|几次][？|]",
    "{zl}在{w}[里|中|里面][的|]出现[的|]次数[是多少|是几|]？",
    "{zl}在{w}[里|中|里面][一共|总共|到底|][有|出现|出现了][多少次|几次|几个|多少个|几回][？|]",
    "[如果|要是]从{w}[里|中][去掉|删掉|划掉][所有|全部]{zl}，[会|要|]少[几个|多少个]字母？",
    "[我|我们]在争论{w}[里|中]有[几个|多少个]{zl}，[你说呢|到底几个|帮忙看看][？|。]",
    "[逐个|一个一个|挨个][数|看][ |]{w}[的字母|]，{zl}有[几个|多少个][？|]",
    "{w}[这个词|这个单词|]，{zl}[几个|多少个|出现几回|有多少][？|]",
    "[统计|查一下|查查|看看]{w}[里|中][出现了|出现|有][几次|多少次|几个|多少个]{zl}[。|？|]",
    "[我|老师|同学|朋友|孩子]说{w}里有[很多|好几个|一些]{zl}，[到底|究竟|实际上]有[几个|多少个][？|]",
    "[你|您][能|可以][数出|数一数|数一下]{w}[里|中]有[几个|多少个]{zl}吗[？|]",
    "[能不能|可以|可不可以][帮我|][数一数|数一下|数数]{w}[里|中]有[几个|多少个]{zl}[？|]",
    "[帮|给|替]我[看看|看一下|查查|查一下|检查一下]{w}[里|中|里面]有[几个|多少个]{zl}[。|？|]",
    "{w}[这个词|这个单词|]里[，|]{zl}[一共|总共|][有|是][几个|多少个][？|]",
    "[数字母|数数题|字母题|计数题][：|]{w}[里|中]的{zl}[有几个|有多少个|][？|]",
    "{zl}[，|：]{w}[里|中][有几个|出现几次][？|]",
    "[如果|要是]把{w}[拼出来|写出来|一个一个拼出来]，[会有|有|能数到][几个|多少个]{zl}[？|]",
    "{w}[当中|之中|里头|里边]有[几个|多少个]{zl}[？|]",
    "{w}[里|中][存在|出现]多少个{zl}[？|]",
    "[问|求][：|]{w}[里|中|]有[几个|多少个]{zl}[？|]",
    "[从|在]{w}[里|中|里面][能|可以|][找到|找出|数出|看到][几个|多少个]{zl}[？|]",
    "{w}[里|中]等于{l}的[字母|字符][有几个|有多少个|个数][？|]",
    "{w}[的|里的]字母[里|中|当中][有几个是|几个是|多少个是]{l}[？|]",
    "{zl}的[个数|数量]，{w}[？|]",
)  # fmt: skip
_CARRIERS = (
    "the word ",
    "the term ",
    "the string ",
    "the name ",
    "the English word ",
    "the following word: ",
    "this word: ",
    "the text ",
)
_CHINESE_CARRIERS_IN_ENGLISH = ("the phrase ", "the Chinese phrase ", "the text ", "the saying ", "the string ")
_CHINESE_CARRIERS = (
    "单词",
    "单词 ",
    "英文单词",
    "英文单词 ",
    "英语单词 ",
    "英文 ",
    "词语",
    "字符串",
    "字符串 ",
    "这个词：",
    "英文词 ",
)
_PHRASE_CARRIERS = ("成语", "词语", "短语", "这句话：", "句子", "诗句", "字符串", "文字", "下面这句话：")
_PHRASE_KINDS = ("这个词", "这个成语", "这句话", "这句", "这几个字", "这个短语", "这句诗", "这段话")
_QUOTES = (('"', '"'), ('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("`", "`"))
_CHINESE_QUOTES = (("“", "”"), ("“", "”"), ("「", "」"), ('"', '"'), ("'", "'"), ("‘", "’"), ("《", "》"), ("『", "』"))


def ask(word: str, letter: str, language: Language, rng: random.Random) -> str:
    """A question for how many times the letter stands in the word."""
    word = _cased(word, rng)
    if language.is_chinese:
        return _ask_chinese(word, letter, language, rng)
    shown_word = _quoted(word, _QUOTES, rng) if rng.random() < 0.5 or not word.isascii() else word
    if rng.random() < 0.12:
        shown_word = rng.choice(_CARRIERS if word.isascii() else _CHINESE_CARRIERS_IN_ENGLISH) + shown_word
    shown = letter.upper() if letter.isascii() and rng.random() < 0.25 else letter
    if letter.isascii():
        quoted = _quoted(shown, _QUOTES, rng) if rng.random() < 0.3 else shown
        several = vary(rng, _several(shown, quoted))
    else:
        quoted = _quoted(shown, _QUOTES, rng)
        several = rng.choice((quoted, f"{quoted} characters", f"characters {quoted}"))
    question = vary(rng, common_first(_ENGLISH, rng), w=shown_word, l=quoted, ls=several)
    question = question.replace("the word the ", "the ")
    if rng.random() < 0.25:
        question = casual(question, rng)
    return frame(question, language, rng)


def _several(letter: str, quoted: str) -> str:
    return f"[{letter}'s|{letter}'s|{letter}s|{quoted}|{quoted}|{quoted}s|letters {quoted}|{quoted} letters|letter {quoted}|{quoted}'s|letter {letter}'s]"


def _ask_chinese(word: str, letter: str, language: Language, rng: random.Random) -> str:
    ascii_word = word.isascii()
    quoted = rng.random() < (0.45 if ascii_word else 0.85)
    shown_word = _quoted(word, _CHINESE_QUOTES, rng) if quoted else rng.choice((word, f"{word} ", f" {word} "))
    if rng.random() < 0.15:
        shown_word = rng.choice(_CHINESE_CARRIERS if ascii_word else _PHRASE_CARRIERS) + shown_word.lstrip()
    elif not ascii_word and rng.random() < 0.3:
        shown_word += rng.choice(_PHRASE_KINDS)
    shown = letter.upper() if letter.isascii() and rng.random() < 0.25 else letter
    if not letter.isascii() or rng.random() < 0.3:
        shown = _quoted(shown, _CHINESE_QUOTES, rng)
    unit = rng.choice(("字母", "字母 ", "", "", " ") if letter.isascii() else ("", "", "字", "汉字"))
    question = vary(rng, common_first(_CHINESE, rng), w=shown_word, l=shown, zl=unit + shown).strip().replace("  ", " ")
    return frame(in_script(question, language), language, rng)


def _cased(word: str, rng: random.Random) -> str:
    draw = rng.random()
    return word if draw < 0.7 else word.upper() if draw < 0.82 else word.capitalize()


def _quoted(text: str, quotes: tuple[tuple[str, str], ...], rng: random.Random) -> str:
    left, right = rng.choice(quotes)
    return f"{left}{text}{right}"
