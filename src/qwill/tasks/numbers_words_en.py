"""How people ask in English for remainders, common divisors and other bases.

{a} and {b} are the two numbers; in questions about bases {a} is the number as shown and {base} names the base. In the
tagged questions {a} itself names its base (0xFF, 1011₂) and is to be written in decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from qwill.tasks.phrasebook import phrasebook

Kind = Literal["remainder", "gcd", "to_base", "from_base"]

_PHRASES = {
    "ASK": (
        "[Find|Compute|Calculate|Determine|Work out|Get|Give|Give me|Tell me|Show me|Figure out|I need|What's|Find me]"
    ),
    "WHAT": "[What is|What's|what is|whats|Tell me|Do you know|Can you tell me|Could you tell me|Please tell me]",
}

ENGLISH: Mapping[Kind, tuple[str, ...]] = {
    "remainder": phrasebook(
        """\
WHAT the remainder [when|if|after|once] [{a} is divided by {b}|you divide {a} by {b}|I divide {a} by {b}|
    dividing {a} by {b}|we divide {a} by {b}|{b} divides {a}]?
WHAT the remainder [of|for|in|from] [{a} divided by {b}|{a} / {b}|{a} ÷ {b}|{a}/{b}|the division {a} ÷ {b}|
    dividing {a} by {b}|the division of {a} by {b}]?
{a} mod {b}[?| = ?|| =]
WHAT {a} [mod|modulo|mod.] {b}?
ASK {a} [mod|modulo] {b}[.|]
ASK the remainder [when|if|after] [{a} is divided by {b}|dividing {a} by {b}|you divide {a} by {b}|
    we divide {a} by {b}].
ASK the remainder of [{a} divided by {b}|{a} / {b}|{a} ÷ {b}|{a} over {b}|the division of {a} by {b}].
ASK the remainder [on|upon|after|in] [division of {a} by {b}|dividing {a} by {b}].
{a} % {b}[?| = ?|| =]
WHAT {a} % {b}?
[Evaluate|Compute|Calculate] {a} % {b}[.|]
[remainder|Remainder] [of|for|when] {a} [divided by|/|÷|over|by] {b}[?|.|]
[mod|remainder|modulo|rem]({a}, {b})[?| = ?|]
[Divide|divide] {a} by {b}[.|,|;|:] [What is the remainder|What remains|What is left|What's left over|
    and give the remainder|and tell me the remainder|what remains|remainder only|how much is left|
    What do you have left]?
[If|When] [I|you|we|someone] [divide|divides|split|share|break] {a} [by|
    into groups of] {b}[,|] [what is the remainder|what remains|what is left|what's left over|how much is left|
    how much remains|what do I get as remainder|what remainder do I get]?
{a} [divided by|/|÷|over] {b}[,|:|;| -] [remainder|what is the remainder|what's the remainder|find the remainder|
    give the remainder|remainder only|what is left|what remains]?
[How much|What|How many] [is left|is left over|remains|are left|are left over|remain] [when|if|
    after] [{a} is divided by {b}|you divide {a} by {b}|dividing {a} by {b}|I divide {a} by {b}]?
[I have|There are|We have|She has|A shop has|A farmer has|He has|Tom has|My class has] {a} [apples|candies|books|
    stickers|eggs|marbles|coins|sweets|balls|pencils|
    cookies][ and put them in| and pack them in| to be packed in| arranged in|, packed into| sorted into] [boxes|
    bags|groups|packs|rows|piles] of {b}. [How many are left|How many remain|How many are left over|What is left]?
[How many|How much] [is left over|are left over|remain|are left] [if|when] {a} [people|apples|things|items|coins|
    cards|students] are [put|split|divided|arranged] [in|into] [groups|rows|teams|boxes] of {b}?
[Which|What] [remainder|number] [does {a} leave when divided by {b}|do you get when {a} is divided by {b}|
    remains when {a} is divided by {b}|does {a} give modulo {b}|is left if {a} gets divided by {b}|
    does {a} leave on division by {b}]?
[What|Which] number [between 0 and {b}|below {b}|less than {b}] is [congruent|equal] to {a} [mod|modulo] {b}?
Reduce {a} [mod|modulo] {b}.
{a} [modulo|modulus|mod|MOD|Mod] {b}[?|, please||, what is it?| equals| is| equals what?]
[What does|What will|What would] {a} % {b} [give|return|be|evaluate to|equal][ in Python| in C|]?
[What does|What will] {a} [mod|modulo] {b} [give|equal|come to|make]?
{a} = {b} * q + r[,| with] [0 <= r < {b}|r smaller than {b}|r less than {b}][. Find r.|, what is r?|. r = ?|
    ; find r]
[The|the] remainder [when|of] {a} [is divided by|divided by|over|by] {b} [is|equals][ what|]?
[Perform|Do] [the division|long division|integer division|division] [of |]{a} [by|÷|/] {b} and [report|give|tell|
    state|return] [the|only the|just the] remainder.
[Is {a} divisible by {b}|Does {b} divide {a}]? [What is the remainder|Give the remainder|
    Tell me the remainder][ if any| if not||].
[After|On|Upon] dividing {a} by {b}[,|] [what is the remainder|what remains|what remainder is left|
    what is left over|the remainder is]?
[Dividing|Splitting] {a} [by|into parts of|into groups of] {b} [leaves|gives] [what remainder|what|
    how much left over]?
How [far|much] is {a} above the [last|nearest lower|previous|largest smaller] multiple of {b}?
[Remainder|remainder|Rem][:|?| -|=] {a} [/|÷|by|divided by|mod|:] {b}
[find|what's] the leftover [of|from|when] {a} [divided by|/|÷|split by] {b}
[I want|I need|I'm looking for|Looking for|Give me] the remainder of {a} [by|divided by|÷|mod|over] {b}[.|
    , please.|]
[what's left|what remains|leftover|rest] [of|when] {a} [divided by|is divided by|/|by] {b}?
[Take|Start with|Start from] {a} [and|,] [subtract|take away|remove] {b} [as often as you can|
    as many times as possible|again and again][.|:] What [remains|is left]?
{a} [days|hours|minutes|steps] [in|split into] [cycles|blocks|rounds] of {b}: [what is left|what remains|remainder]?
[What is|Give|Find] the [rest|residue|leftover] [of|when] {a} [divided by|is divided by|modulo|mod] {b}?
[r|Find r|r is] [=|where r =|if r =] {a} mod {b}[?|.|]
""",
        _PHRASES,
    ),
    "gcd": phrasebook(
        """\
WHAT the [greatest common divisor|greatest common factor|highest common factor|largest common divisor|
    biggest common divisor|largest common factor|GCD|gcd|GCF|HCF|gcf|hcf|biggest common factor] [of|for|between|
    shared by] {a} and {b}?
ASK the [greatest common divisor|greatest common factor|highest common factor|largest common divisor|
    biggest common divisor|largest common factor|GCD|gcd|GCF|HCF|gcf|hcf] [of|for|between|of the numbers|
    of the two numbers] {a} [and|,|&] {b}[.|]
[gcd|GCD|Gcd|hcf|HCF|gcf|GCF]({a}, {b})[?| = ?|| =]
[gcd|GCD|hcf|HCF|gcf|GCF] [of |][{a} and {b}|{a}, {b}|{a} {b}|{a} & {b}|({a}, {b})][?|.|]
{a} and {b}[:|,|;| -] [gcd|GCD|greatest common divisor|hcf|greatest common factor|highest common factor][?|]
[Which|What] is the [largest|biggest|greatest|highest] [number|integer|whole number|natural number|
    positive integer] [that divides|dividing|which divides|to divide|that goes into|that evenly divides|
    that goes evenly into] [both |][{a} and {b}|{a} and {b} both|{a} as well as {b}]?
[What|Which] [number|integer] is the [largest|biggest|greatest] [divisor|factor] [of both|common to|shared by|
    that is in common between] {a} and {b}?
[Find|Determine|Give|Name|Tell me] the [largest|biggest|greatest|highest] [number|integer|whole number|divisor|
    factor] [that divides both|dividing both|which divides|common to|of both] {a} and {b}.
[Use|Apply|Run|Using] [Euclid's algorithm|the Euclidean algorithm|the algorithm of Euclid|Euclid] [to find|on|for|
    and find] [the gcd of |the greatest common divisor of |]{a} and {b}.
[How do I|How can I|How to|How would you] [reduce|simplify] {a}/{b}[?|:] [What is the gcd|By which number|
    What number divides both|By what can I divide both|What is their gcd]?
By [what|which] [largest |greatest |biggest |]number can [I|you|we|one] [divide|cancel|reduce] [both |]{a} and {b}?
[What|Which] [largest|greatest|biggest] [common divisor|common factor|shared factor|
    shared divisor] do {a} and {b} [have|share]?
{a} and {b} [have|share] [which|what] [greatest|largest|biggest|highest] common [divisor|factor]?
[I have|There are|We have|She has|A teacher has] {a} [apples|red balls|pens|boys|roses|pencils] and {b} [pears|
    blue balls|books|girls|tulips|rulers]. [What is the largest number of|At most how many|How many at most|
    What is the greatest number of] [equal groups|identical bags|equal teams|identical packs|
    equal bunches] [can be made|can I make|are possible] [with nothing left|with none left over|using all of them|
    so that nothing is left]?
[Two ropes|Two ribbons|Two boards|Two pieces of wire] are {a} [cm|m|inches] and {b} [cm|m|
    inches] long. [They are cut|Cut them] into equal pieces with no waste[. What is|; what is|. Find] the [longest|
    greatest] possible [piece|length]?
[A rectangle|A floor|A room|A garden] [measures|is] {a} by {b}. What is the [side of the |][largest|
    biggest] [square|square tile] that [fits exactly|tiles it|covers it without cutting]?
[Compute|compute|calc|calculate|do|run] [gcd|GCD|hcf] [of |for |on |][{a} and {b}|{a}, {b}|({a}, {b})][.|]
[What|what] [does|is] [gcd|GCD|math.gcd|hcf]({a}, {b}) [give|return|equal|evaluate to|come to]?
[The|the] [gcd|greatest common divisor|hcf|greatest common factor] of {a} and {b} [is|equals|is what number|
    is equal to][ what|]?
[greatest common divisor|largest common divisor|highest common factor|greatest common factor|
    biggest common divisor] [of |][{a} and {b}|{a}, {b}|({a}, {b})][?|.|]
[Given|For|With|Take] [the |][two |][numbers|integers|] {a} and {b}[,|:] [find|what is|compute|determine|
    give] [their|the] [gcd|GCD|greatest common divisor|greatest common factor|highest common factor|hcf][.|?]
[Let|If|Suppose] [a|x|m] = {a} and [b|y|n] = {b}[.|,] [Find|find|what is|compute] [the gcd|their gcd|
    the greatest common divisor|their greatest common divisor][.|?]
[What|Which] [number|is the number that] [is the gcd of|is the greatest common divisor of|
    is the hcf of] {a} and {b}?
[Are|are] {a} and {b} coprime[?| or not?] [What is their gcd|If not, what is their gcd|Give the gcd|
    Give their gcd][?|.]
[Do|do] {a} and {b} [have|share] a common [factor|divisor]? [Which is the largest|What is the largest one|
    Give the biggest one|Tell me the largest]?
[Find|Compute|Give|List] [the greatest of the common divisors|the greatest of all common factors|
    the top common factor|the largest among the common divisors] of {a} and {b}.
gcd [for|from|between|on|with] {a} [and|,|with|&] {b}[?|]
{a}, {b} [->|→|=>|:] [gcd|GCD|hcf|greatest common divisor][?|]
{a} {b} [gcd|GCD|hcf|greatest common divisor|greatest common factor][?|]
[How big|How large] is the [greatest common divisor|greatest common factor|gcd|
    largest common factor] of {a} and {b}?
[What do|Which number do] {a} and {b} [have in common as the largest divisor|share as the greatest divisor|
    share as largest factor]?
[I'm looking for|I need|I want|Looking for|Need|I'd like] the [gcd|GCD|greatest common divisor|
    greatest common factor|hcf|biggest common divisor] of {a} and {b}[.|]
[The fraction|Fraction] {a}/{b} [can be reduced by|is cancelled by|can be simplified by dividing by|
    should be reduced; divide by] [what number|which number|which largest number|what largest number]?
[What is|Find|Give] the [greatest|largest|biggest] [d|number d|integer d|n] [such that|so that|with] [d|n|
    it] divides [both |]{a} and {b}[?|.]
[Euclid|euclid|Euclidean algorithm][:|,| for| on] {a} [and|,] {b}[?|.|]
[Quick|quick|simple][:|,| one:] [gcd|hcf|GCD] [of |]{a} and {b}?
[In number theory, what|In math, what|Mathematically, what] is [gcd({a}, {b})|the gcd of {a} and {b}]?
[common|shared] [divisor|factor] of {a} and {b}, the [largest|greatest|biggest] one[?|.]
[biggest|largest|greatest] number [dividing|that divides|going into] [both |]{a} and {b}[?|.|]
[What number|Which number] [can I|should I|do I] [divide {a} and {b} by|take out of {a} and {b}|
    factor out of {a} and {b}] [at most|so that they become as small as possible|to reduce them completely]?
""",
        _PHRASES,
    ),
    "to_base": phrasebook(
        """\
WHAT {a} in {base}?
[Convert|convert|Change|Translate|Turn|Transform|Bring|Put] {a} [to|into] {base}[.|]
[Convert|Change|Translate|Turn] [the |][number|decimal number|decimal|base 10 number|integer|value] {a} [to|
    into] {base}.
[Write|Express|Represent|Show|Give|Encode|Rewrite|Display|Spell] {a} in {base}[.|]
[Write|Express|Represent|Show|Give|Rewrite] [the |][number|decimal number|decimal|integer|value] {a} [in|as] {base}.
[How do you|How do I|How can I|How would you|How to|How does one] [write|express|represent|say|convert|
    show] {a} in {base}?
[How is|How's|How would] {a} [be |][written|represented|expressed|shown|spelled] in {base}?
[What does|How does] {a} look [like |]in {base}?
{a} [in|to|into|as|->|→|=>] {base}[?|.|]
[Decimal|decimal|Base 10|base 10|dec] {a} [in|to|into|as|->|→] {base}[?|.|]
{a} [decimal|base 10|(decimal)|(base 10)|in decimal] [in|to|into|as|->|is what in] {base}[?|.|]
WHAT the {base} [representation|form|value|equivalent|notation|expansion|version|spelling|
    digits] of [the decimal number |the number |decimal |]{a}?
ASK the {base} [representation|form|equivalent|notation|expansion|version] of [the decimal number |the number |
    decimal |]{a}.
[What|Which] {base} number [is|equals|is equal to|corresponds to|has the value|stands for|is the same as] [decimal |
    the decimal number |]{a}?
[Which|What] digits [does|do] {a} [have|get|show|need] in {base}?
[If|When] [I|you|we] [write|convert|express|count] {a} [in|to] {base}[,|] what [do I get|is it|comes out|
    are the digits]?
[What is|What's] [the |][decimal |number |decimal number |base-10 number |]{a} [written|converted|expressed|
    when written|when converted] [in|to] {base}?
[I need|I want|Give me|I'd like|I have to write|Please write|Help me write] {a} in {base}[.|]
[Base conversion|Conversion|Number systems|Number bases|Convert][:|,| -] {a} [to|into|in|->] {base}[.|]
[Convert|Change] from decimal to {base}[:|,|.] {a}[.|]
[decimal|dec|base 10] to {base}[:| of| for|,] {a}[?|]
[A computer|A program|My calculator|A student] [writes|shows|stores|prints] {a} in {base}. What [does it show|
    is written|do we see|digits appear]?
[Given|Take|For] [the |][decimal |][number |integer |value |]{a}[,|:] [what is it|write it|give it|convert it|
    how is it written] [in|to] {base}[?|.]
[In|in] {base}[,|] [what is|how do you write|how is|how would you write|write|
    what does one write for] [decimal |]{a}[ written|]?
{base} [of|for|form of|representation of|equivalent of|version of] {a}[?|.|]
{a} [equals|is|=|corresponds to|is equal to] [what|which number|how much|?] in {base}?
[Use|Using|By] [repeated division|division with remainder|powers][ and|,| to] [convert|write|express] {a} [to|
    in] {base}.
[Can|Could|Would] you [convert|write|express|show me|translate|give me] {a} [in|to|into|as] {base}[, please|]?
[Do|Make|Perform] the conversion of {a} [to|into] {base}.
[What|what] [would|will|does] {a} [be|become|give|turn into|come to|equal] in {base}?
[the number|number|the decimal] {a} [in|as|written in|to] {base}[?|, please|]
[My homework is to|The task is to|I must|Let's|We need to|I have to] [write|convert|express|represent] {a} [in|to|
    into] {base}.
[How many in {base} is|What do we call in {base}|What number in {base} is] {a}?
[Find|Determine|Work out|Compute|Calculate|Figure out] {a} in {base}.
[Tell me|Say|Do you know] [how to write {a} in {base}|{a} in {base}|what {a} is in {base}|how {a} looks in {base}].
{base}[:|,| =| ->] {a} [in decimal|decimal|(decimal)|from decimal][?|.|]
{a}[,|;|:] [write it|give it|show it|express it|convert] [in|to|as] {base}[.|]
[Switch|Move|Go] from base 10 to {base} [with|for|:] {a}.
{a}₁₀ [in|to|→|=?] {base}
[Express|Write] the quantity {a} [with|using] {base} digits.
""",
        _PHRASES,
    ),
    "from_base": phrasebook(
        """\
WHAT {a} in {base} [in|as|converted to|when converted to|written in|as a number in] [decimal|base 10|base ten|
    ordinary decimal]?
WHAT {base} {a} [in|as|converted to|when converted to|written in] [decimal|base 10|base ten]?
WHAT the {base} [number |value |numeral |]{a} [in|as|converted to|written in] [decimal|base 10|base ten]?
[Convert|convert|Change|Translate|Turn] {a} from {base} [to|into] [decimal|base 10|base ten|a decimal number].
[Convert|Change|Translate|Turn|Transform|Bring] [the |]{base} [number |value |numeral |digits |]{a} [to|
    into] [decimal|base 10|base ten|a decimal number].
{base} {a} [to|in|into|as|->|→|=>] [decimal|base 10|dec|base ten|a decimal number][?|.|]
{a} [in {base}|from {base}|({base})|{base}|, {base},] [to|in|into|as|->|→] [decimal|base 10|dec|base ten][?|.|]
WHAT the decimal [value|equivalent|form|representation|notation] of [the |]{base} [number |]{a}?
WHAT the decimal [value|equivalent|form|representation] of {a} in {base}?
ASK the decimal [value|equivalent|form|representation] of [the {base} number |{base} |the {base} value ]{a}[.|]
ASK the [value|decimal value|decimal number] of {a} [in|written in|read in|, written in] {base}[.|]
[Which|What] decimal number [is|equals|is equal to|corresponds to|is the same as|
    do you get from] [the |]{base} [number |]{a}?
[What|Which] [decimal |ordinary |base 10 |]number [does|is meant by|is written as|
    is represented by] {a}[ represent| mean| stand for|] in {base}?
[How much|What number|How big] is [{a} in {base}|{base} {a}|the {base} number {a}]?
[What|How much] is {a} [if|when] [it is|it's|written|read|this is|we read it] in {base}?
[If|When|Suppose] {a} is [a {base} number|written in {base}|in {base}|a number in {base}|
    read in {base}][,|] what is it in [decimal|base 10]?
[If|When|Suppose] {a} is [written in {base}|in {base}|a number in {base}|given in {base}][,|] [what is its value|
    what number is it|what is its decimal value|how much is it|how much is that in decimal]?
[Write|Express|Represent|Show|Give|Rewrite] [the |]{base} [number |]{a} [in|as] [decimal|base 10|a decimal number|
    base ten].
[Write|Express|Give|Show] {a} [from|in|of|given in] {base} [as a decimal|in decimal|in base 10|as a decimal number].
[How do you|How do I|How can I|How to|How would one] [convert|write|turn|read|translate] {base} {a} [to|in|into|
    as] [decimal|base 10]?
[What does|What would|What will] {base} {a} [equal|mean|be|give|come to|become] in [decimal|base 10]?
[Interpret|Read|Decode|Evaluate|Understand] {a} [as|as a number in|in|as a numeral in] {base}[.|:|
    ;] [What is it in decimal|What is the value|Give the decimal value|Which number is it][?|.]
[In|in] decimal[,|] [what is|how much is|how do you write|what is the value of] {base} {a}?
[In|in] {base} [a number is written|someone wrote|I see|the display shows|it says|
    we have] {a}. [What is it in decimal|What is its decimal value|Which decimal number is it|
    Convert it to decimal][?|.]
[Base conversion|Conversion|Number systems|Convert][:|,| -] {base} {a} [to|into|in|->] [decimal|base 10].
[Convert|Change] from {base} to [decimal|base 10][:|,|.] {a}[.|]
{base} to [decimal|base 10|dec][:| of| for|,] {a}[?|]
[Given|Take|For] [the |]{base} [number |value |]{a}[,|:] [find|what is|give|compute|determine] [its decimal value|
    the decimal number|it in decimal|it in base 10|its value in decimal][?|.]
[decimal|dec|base 10|decimal value|decimal form] [of|for] [{base} |the {base} number ]{a}[?|.|]
{base} {a} [equals|is|=|corresponds to|is equal to] [what|which number|how much|?] in [decimal|base 10][?|]
{base} {a} [=|is] ?
[Can|Could|Would] you [convert|translate|write|change] {base} {a} [to|into|in] [decimal|base 10][, please|]?
[Can|Could|Would] you [convert|translate|change] {a} from {base} to [decimal|base 10][, please|]?
[I need|I want|I'd like|Give me|Tell me|Show me] [{base} {a} in decimal|the decimal value of {base} {a}|
    {a} from {base} in base 10|the number {a} ({base}) in decimal][.|]
[I have|I've got|Here is|There is|This is] [a|the|this] [number in {base}|{base} number|{base} numeral|
    {base} value]: {a}. [What is it in decimal|Convert it to decimal|Which number is that in base 10|
    What's the decimal value][?|.]
[How|In what way] is {base} {a} [written|read|expressed|represented] in [decimal|base 10]?
{a} is [a {base} number|in {base}|written in {base}|{base}][.|,|;] [What is it in decimal|what is it in decimal|
    decimal value|convert to decimal|what is that in base 10][?|]
[The|the] {base} [number|value|numeral] {a} [is|equals|is what|has what value|means what] in [decimal|base 10]?
[What is|What's|Find|Compute] {a} {base} [in|to|into|as] [decimal|base 10|base ten][?|.|]
[Using|Use|With] [place values|Horner's rule|powers of the base][,|] [convert|turn] {base} {a} [to|into] decimal.
""",
        _PHRASES,
    ),
}

TAGGED_ENGLISH = phrasebook(
    """\
WHAT {a} [in|as|converted to] [decimal|base 10|base ten]?
[Convert|convert|Change|Translate] {a} [to|into] [decimal|base 10][.|]
{a} [in|to|as|->|→] [decimal|base 10|dec][?|.|]
[decimal|Decimal value|decimal value|decimal form|base 10 value] of {a}[?|.|]
ASK the decimal [value|form|equivalent|representation] of {a}.
[Write|Express|Give|Show] {a} [in|as a] decimal[.|]
[How much|What number|Which number|What decimal number] is {a}?
[What does|What will] {a} [equal|mean|stand for|print as] in decimal?
{a} = ?
""",
    _PHRASES,
)
