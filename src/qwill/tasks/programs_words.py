"""How people ask what a program prints, how the answer is told, and how it is read."""

from __future__ import annotations

import random
import re

from qwill.core import Language
from qwill.tasks.frames import casual, frame
from qwill.tasks.phrasebook import phrasebook
from qwill.tasks.tiny_language import Program, source
from qwill.tasks.wording import in_script, vary

_PROGRAM = (
    "[program|code|Python program|Python code|snippet|code snippet|script|Python script|piece of code|little program|"
    "Python snippet|short program|block of code|python code|source code]"
)
ENGLISH = phrasebook(
    """\
What does [this|the following|the|my] PROGRAM [print|output|display|show|write|print out|produce]?
What [will|would|does] [this|the following] PROGRAM [print|output|display|show|print out|give] [when run|
    when it runs|when executed|on the screen|at the end|to the console|if I run it|]?
What is [the output of|printed by|the result of|shown by|displayed by|the printed result of|
    the final output of] [this|the following|the] PROGRAM?
What's [the output of|printed by|the output for] [this|the following|the] PROGRAM?
What [is|gets|will be] printed [by|when you run|after running|when we run|if I run|on running] [this|the following|
    the] PROGRAM?
What [gets|is|will be] printed[ here| in the end| at the end| by this| out|]?
[Predict|Give|Tell me|Find|Determine|Work out|Figure out|State|Write down|Guess|
    Show] the output[ of this PROGRAM| of the following PROGRAM| of the PROGRAM|][.|:|]
[Predict|Say|Tell me|Figure out|Find out|Work out|Determine] what [this|the following|the] PROGRAM [prints|outputs|
    shows|will print|displays].
[Tell me|Please tell me|I'd like to know|I want to know|Do you know|Can you tell me|Could you say|
    Any idea] what [this|the] PROGRAM [prints|outputs|will print|gives|shows][.|?]
[Run|Execute|Trace|Simulate|Step through|Go through|Evaluate|Walk through|Follow] [this|the following|
    the] PROGRAM [in your head |mentally |by hand |line by line |step by step |]and [tell me|give|say|report|
    show me] [the output|what it prints|what is printed|the result|what comes out].
[Trace|Run|Execute|Simulate|Step through] [this|the following|the] PROGRAM[.|:] [What is printed|What does it print|
    What is the output|What comes out|Output][?|]
[If|When|Suppose] [I|you|we|someone] [run|execute|start|type in] [this|the following|the] PROGRAM, what [is printed|
    do I see|appears|comes out|will it print|is the output|do we get|shows up]?
[Output|output|Result|Prints|Printed result|Output?|output of this|Print result]:
[output|result|prints|what's printed|what prints|prints what|output pls|printed value][?|]
What [do|would|will|should|can] [I|you|we] [see|get|expect|read] [when|if|after] [running|executing|I run|you run|
    we run] [this|the following|the] PROGRAM?
[Which|What] [value|number or text|text or number|result|thing] [does|will] [this|the|the following] PROGRAM [print|
    output|show|end up printing|display]?
[Here is|Here's|I have|I wrote|Look at|Consider|Take|This is|Given is|Read|Take a look at] [a|this|the following|
    some] PROGRAM. [What does it print|What is the output|What will it print|What gets printed|What is printed|
    What would it output|What's its output]?
[Given|With|For] [this|the following|the] PROGRAM, [what is the output|what is printed|what does it print|
    what will be printed|give the output|find the output|what's the result]?
[In|For|After running|At the end of|By] [this|the following|the] PROGRAM, what [is printed|does print show|
    does the print statement show|does the last line print|gets printed|is shown]?
[What does|What will|What would] the [last line|print statement|print call|print|final print|last statement] [print|
    output|show|display|give]?
[What does|What will|What would] Python [print|output|show|display|say|answer|write] [for this|here|for this code|
    when it runs this|given this|]?
[What's|What is] [the answer|the result|printed|shown|the printed value|the value printed|displayed|
    the final value] [here|when this runs|after this runs|after this code|at the end|when it finishes]?
[Can|Could|Would] you [run|trace|execute|predict|evaluate|read|check|work through] [this|the|
    the following] PROGRAM[ and tell me the output| for me| and say what it prints|, what does it print|, please]?
[Can|Could] you [tell|predict|see|say|guess|work out|figure out] what [this|the following|the] PROGRAM [prints|
    outputs|will print|does print|gives]?
[How|What] [does|will] [this|the] PROGRAM [end|finish|come out] - what [is|gets] printed?
[Without running it|Without a computer|Don't run it|Just by reading|By hand|In your head][:|
    ,] what [does this PROGRAM print|is the output of this PROGRAM|is printed|does it print]?
[I need|I want|Give me|Please give|Show me|Write] [the output|the printed output|what is printed|the result] [of|by|
    for|from] [this|the following|the] PROGRAM[.|:|]
[My|The] [PROGRAM|teacher's code|friend's code|homework code|quiz code] is [this|below|here|
    as follows]. What [does it print|is its output|will it print|comes out]?
[Python|python|Coding|Programming|Code] [question|quiz|puzzle|riddle|exam|exercise|problem][:|
    ,| -] what [is printed|is the output|does this print|does it print|will this output]?
[code output|program output|python output|output of code|output of program|print output][?|:|]
what does it [print|output|show|give|return|display][?|]
[what|wat] [does this print|prints this|will this print|is the output|is printed|would be printed|does this output|
    does this code do][?|]
[After|Once] [this|the] PROGRAM [ran|has run|is executed|finishes|is finished|ends], what [has it printed|
    was printed|is on the screen|is the output|can be read on the screen]?
[What|Which text|Which output|What exactly] [appears|is seen|comes|lands|shows up] [on the screen|on screen|
    in the console|in the terminal|as output]?
[Be the interpreter|Play Python|Pretend to be Python|Act as a Python interpreter|You are a Python interpreter|
    Imagine you are the computer][.|:|,] [What do you print|What is the output|Give only the output|What is printed|
    Print the output][?|.]
[Evaluate|Compute|Calculate] [the output of |the result of |what is printed by |]this PROGRAM[.|:|]
[Explain|Understand|Read|Study|Check] [this|the following|the] PROGRAM[ and give its output| and say what it prints|
    . What is printed?|; what does it output?].
[The|This|My] PROGRAM [prints|outputs|will print|displays|gives] [what|which value|what exactly][?|]
[The output of|The result of] [this|the following|the] PROGRAM [is|is what|will be|would be][?|:|]
[Is it clear what|Do you see what|Can you see what|Do you understand what] [this|the] PROGRAM [prints|outputs|
    will print|shows]?
[Someone|A student|My friend|A programmer] [ran|wrote|typed|executed] [this|the following|
    the] PROGRAM. What [did it print|was the output|was printed|did the screen show|came out]?
[What would|What will|What does] [happen|be shown|the computer print|the computer show|the console show|
    the screen show] [when|if] [this|the] PROGRAM [runs|is run|is executed]?
[solve|do|work] this [one|code|program|output question][: what is printed|, what's the output|
    , what does it print][?|]
[Find|Give|State] the [value|result] [that is |]printed [by|at the end of|in] [this|the|the following] PROGRAM[.|:|]
""",
    {"PROGRAM": _PROGRAM},
)
_CHINESE_PROGRAM = "[程序|代码|Python代码|Python程序|小程序|python代码|代码片段|脚本|源代码|Python脚本]"
CHINESE = phrasebook(
    """\
[这段|下面的|下面这段|以下|这个|下列|如下|上述]PROGRAM[输出什么|会输出什么|打印什么|会打印什么|输出的是什么|
    打印出什么|的输出是什么|的结果是什么|输出多少|会显示什么]？
[这段|下面的|下面这段|以下|这个]PROGRAM[运行后|执行后|运行之后|跑完以后|运行结束后|跑起来][输出什么|会输出什么|
    打印什么|屏幕上显示什么|得到什么|结果是什么|会打印出什么|显示什么]？
[运行|执行|跑一下|跑|启动][这段|下面的|下面这段|以下|这个]PROGRAM[，|后，|会|以后，|之后][输出什么|得到什么|
    打印什么|结果是什么|看到什么|屏幕显示什么]？
[请问|问|想问|请说出|说说|请告诉我|告诉我][这段|下面的|下面这段|以下|这个]PROGRAM[的输出|输出什么|的运行结果|
    打印什么|会打印什么|的打印结果|输出的内容][。|？|]
[写出|给出|求|预测|判断|说出|推断|算出|指出|分析][这段|下面|下面这段|以下|这个|下列|如下]PROGRAM的[输出|输出结果|
    运行结果|打印结果|结果|执行结果|打印内容][。|：|]
[输出|输出结果|运行结果|打印结果|结果|输出是什么|打印什么|输出什么|结果是什么][：|？|]
[最后|最终|运行完|结束时|程序结束时|最后一行|print语句|print][会|][输出|打印|显示|打印出|输出的是][什么|多少|哪个值|
    什么值]？
[屏幕|控制台|终端|命令行|屏幕上|控制台里][会|上会|将|][显示|出现|打印|输出|看到][什么|什么内容|多少|什么结果]？
[我|你|他|小明|有人|同学]运行[这段|下面的|以下|这个]PROGRAM，[会|能|将|][看到|得到|输出|打印出][什么|什么结果|
    多少]？
[如果|要是|假如|当|若][运行|执行|跑][这段|下面的|以下|这个]PROGRAM，[会|将|][输出|打印|得到|显示|看到]什么？
[请|][一步步|一步一步|逐行|逐步|手工|在脑子里|人工|一行一行地|][执行|运行|跟踪|模拟|走一遍|跑一遍|推演][这段|下面的|
    以下|这个]PROGRAM，[告诉我|说出|给出|写出|说说][输出|结果|打印的内容|它打印什么|输出什么|最后输出]。
[不运行|不用电脑|不跑代码|光看代码|只看代码|只靠脑子|手算]，[这段|下面的|以下|这个]PROGRAM[输出什么|打印什么|
    的输出是什么|的结果是什么|会打印什么]？
[这是|这里有|我写了|我有|看|看看|给你|给定|有|请看|阅读|读一读][一段|下面这段|这段|如下|]PROGRAM，[它|请问它|那么它|
    它会|问它|][输出什么|打印什么|的输出是什么|会输出什么|打印出什么|运行结果是什么|结果是什么]？
[对于|关于|针对|根据|就][这段|下面的|以下|这个]PROGRAM，[输出是什么|打印的是什么|会输出什么|请写出输出|给出输出|
    求输出结果|说出结果][？|。|]
[能不能|能否|可以|可不可以|麻烦你|请你|你能][告诉我|说出|看出|算出|说说|预测|推断|看看][这段|下面的|以下|
    这个]PROGRAM[输出什么|打印什么|会输出什么|的输出|的结果][吗|？|]
[Python|python|编程|代码|程序][题|小题|问题|练习|测验|小测|考题|阅读题]：[输出是什么|输出什么|打印什么|会打印什么|
    运行结果是什么|结果是多少]？
[Python|解释器|计算机|电脑|机器]执行[这段|下面的|以下|这个|][代码|程序|PROGRAM][后|时|以后|][会|][输出|打印|显示|
    给出]什么？
[假装|假设|想象|如果]你是[Python解释器|解释器|计算机|电脑|Python]，[输出|打印|会输出|会打印|你打印|应输出]什么？
[print|最后的print|print函数|print语句|最后一句|最后一行|那个print][会|][打印|输出|显示][出来的是什么|什么|哪个值|
    的值是多少|什么值|什么内容]？
[我想|我要|想|我想要][知道|问|弄清楚|搞清楚|看看][这段|下面的|以下|这个]PROGRAM[输出什么|打印什么|会打印什么|的输出|
    的运行结果]。
[猜|猜猜|猜一猜|想一想|想想|看看|算算|试试看][这段|下面的|以下|这个|]PROGRAM[输出什么|会打印什么|打印什么|
    的输出是什么|的结果是多少][。|？|]
[代码|程序]输出[是|为|][什么|啥|多少|][？|：|]
[输出啥|打印啥|会输出啥|结果是啥|打印出来是啥|这代码输出啥|这程序打印啥|跑出来是啥][？|]
[下面|以下|这段|下列]PROGRAM[打印|输出|显示]的[值|内容|结果|东西|文字或数字][是什么|是多少|是哪个|为]？
[这段|下面的|以下|这个]PROGRAM[跑|执行|运行]出来[是什么|的结果是什么|是多少|结果是多少|会是什么]？
[老师|同学|面试官|朋友|考试][问|问我|考|给了|出了][这段|下面的|这个|一段]PROGRAM[输出什么|打印什么|的输出|，问输出|
    ，要求写输出][。|？|]
[看懂|读懂|读|看|理解][这段|下面的|以下|这个]PROGRAM，[然后|再|并|][写出|说出|告诉我|给出][输出|它的输出|打印结果|
    运行结果]。
[它|这|该程序|程序|代码|本程序|此程序][会|将|][输出|打印|显示|打印出][什么|多少|什么结果|哪个值]？
[下面的|这段|以下|这个]PROGRAM[最后|最终|末尾|结束时][打印|输出|显示][什么|的是什么|多少|哪个值|的值是多少]？
[执行|运行]结果[是什么|是|是多少|为|][？|：|]
[程序|代码][如下|见下|在下面|在这里|是这样的|给出如下]，[输出是什么|求输出|问输出什么|打印什么|请写输出|
    会输出什么][？|。|]
[帮我|帮忙|请帮我|麻烦][看看|算一下|跑一下|分析一下|推一下|读一下][这段|下面的|以下|这个]PROGRAM[输出什么|打印什么|
    的输出|的结果|会输出什么][。|，谢谢|]
[只|请只|][回答|告诉我|写][输出|打印的内容|输出结果|打印结果]：
[变量|值][一步步变化后|最后变成什么样，|变化之后][print出什么|输出什么|打印什么]？
[跟踪|追踪|模拟|推演][变量的变化|每一步|执行过程|程序运行]，[写出|给出|说出][最后的输出|打印结果|输出]。
[哪个|什么][值|结果|内容|东西]会被[打印|输出|显示][出来|]？
[打印|输出|显示][的|出来的][是|][什么|啥|多少|哪个值][？|]
[这|那]PROGRAM[输出|打印|显示|会输出|会打印][什么|啥|几|多少][？|]
[求|问|答|写][输出|运行结果|打印结果|输出结果][。|：|？|]
[上机|运行|在Python里运行|用Python运行|在电脑上运行][这段|下面的|以下|这个]PROGRAM[会|将|，|，会|][得到|出现|显示|
    输出|打印][什么|什么结果|什么输出]？
[把|将][这段|下面的|以下|这个]PROGRAM[跑一遍|运行一下|执行一遍|走一遍|执行一下]，[会|][输出|打印|得到|显示]什么？
[怎么|如何]理解[这段|下面的|这个]PROGRAM？[它输出什么|输出是什么|它打印什么|最后打印什么]？
""",
    {"PROGRAM": _CHINESE_PROGRAM},
)


_SETTINGS = (
    "{p}", "{p}", "{p}", "```\n{p}\n```", "```python\n{p}\n```", "```py\n{p}\n```", "\n{p}", "\n```python\n{p}\n```",
)  # fmt: skip
_INDENTS = ("    ", "    ", "    ", "  ", "\t")


def ask(program: Program, language: Language, rng: random.Random) -> str:
    """One wording of the question, mostly before the program, sometimes after it; the program in a code fence or
    plain, with one of several indentations."""
    indent = rng.choice(_INDENTS)
    text = "\n".join(source(program, indent))
    if rng.random() < 0.15:
        text = text.replace('"', "'")
    if rng.random() < 0.06:
        text = re.sub(r" ([-+*<>=]+) ", r"\1", text)
    setting = rng.choice(_SETTINGS)
    chinese = language.is_chinese
    words = vary(rng, CHINESE if chinese else ENGLISH)
    words = in_script(words, language) if chinese else casual(words, rng)
    words = frame(words, language, rng)
    if rng.random() < 0.2:
        return f"{setting.strip().replace('{p}', text)}\n{words}"
    return f"{words}\n{setting.replace('{p}', text)}"


_TOLD_ENGLISH = ("It prints {v}", "It prints {v}", "The output is {v}")
_TOLD_CHINESE = ("输出{v}", "输出{v}", "程序输出{v}")


def tell(output: str, language: Language, rng: random.Random) -> str:
    return in_script(vary(rng, _TOLD_CHINESE if language.is_chinese else _TOLD_ENGLISH, v=output), language)


_WRAPPING = "`*'\"“”‘’「」。.!！ \t\r"
_MARKS = (
    "：", ":", "输出", "輸出", "打印", "列印", "prints", "print", "output is", " is ", "是", "为", "為", "=",
)  # fmt: skip


def is_told(output: str, reply: str) -> bool:
    """Whether a reply's last line, or what follows the last "is", "prints", "输出" or colon in it, is the output and
    nothing else; quotation marks, code marks and a full stop around it are allowed. Code fences are lines without
    content."""
    lines = [line for line in reply[-4000:].splitlines() if line.strip(" `\t") and not line.startswith("```")]
    if not lines:
        return False
    last = lines[-1]
    for mark in _MARKS:
        last = last.rpartition(mark)[2]
    return last.strip(_WRAPPING) == output
