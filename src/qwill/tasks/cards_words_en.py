"""English templates of the card puzzle: {p} knows the rank, {q} the suit."""

# ruff: noqa: E501, ISC004 (one wording on a line, however long)

from __future__ import annotations

NOTES = (
    "[Both|They|{p} and {q}] are [perfect logicians|very smart|perfectly logical|good at logic|both clever].",
    "[Both|They both|Everyone] [know|knows] [which cards are there|the list|the deck|what the deck is].",
    "Neither [knows|is told|sees] what the other [knows|was told|got].",
    "Nobody lies.",
    "[They|Both] always tell the truth.",
    "[Here is|This is] what they say[, in order|].",
    "[The professor|The teacher|I] ask[s|] [whether they know the card|them what the card is|if they can name the card].",
)
DECK = (
    "[Suppose|Imagine|Assume|Say] [we have|there are|I have] [these|the following|{n}] cards: {deck}.",
    "[On|In] [the|a|my] [table|drawer|box|desk|hand] [there are|lie|are] {n} [playing |]cards: {deck}.",
    "[My|The] [uncle|grandma|teacher|friend] [lays|puts|spreads] [out |]{n} cards on the table: {deck}.",
    "{n} cards: {deck}.",
    "[We use|Let's use|They use|They play with] [this|a small|the following] deck: {deck}.",
    "[The possible cards|The candidates|The options|All cards] are {deck}.",
    "[Someone|{p}'s friend|A stranger|The host] [takes|picks|draws|hides|chooses] a card from [these|this set|this list|the following]: {deck}.",
    "[Known|Public|Visible] cards: {deck}.",
    "[It's|The card is|It is] [one|exactly one] of [these|the following][ {n}|]: {deck}.",
    "[Knowledge puzzle|Rank and suit puzzle|Who knows the card|Guess the card][:|.] {deck}.",
    "[Two people|Two friends|{p} and {q}|Two logicians] [look at|face|are shown|see] [these|{n}] cards: {deck}.",
    "[Here is|This is] [the|our|a] [list|set|deck] of cards: {deck}.",
    "[There are|We have|I have|Here are] {n} cards[ on the table| in a drawer| in a box| in total|][:|: |, namely] {deck}.",
    "[The|My|Our] [deck|cards|pack|possible cards|candidates][ is| are| contains|:] {deck}.",
    "[A|Someone|A teacher|A dealer|The professor|A friend] [has|shows|puts down|lays out|picked] [these|the following|{n}] cards: {deck}.",
    "{deck}.",
    "[Cards|Deck|Possible cards|The set|Cards in the drawer|In the drawer|On the table]: {deck}.",
    "[A|One] [drawer|box|table|hat|bag] [has|holds|contains] [the |these |][cards|playing cards]: {deck}.",
    "[Consider|Take|Given] [the|these] {n} [playing |]cards: {deck}.",
    "[The|A secret|One] card [is|was] [one of|chosen from|drawn from|taken from|picked from][ these|]: {deck}.",
    "[Only|Just] [these|the following] cards are [left|in play|possible]: {deck}.",
    "[There is a|Logic puzzle: a|Card puzzle: a|We know the] [deck|small deck|set of {n} cards][ with|:] {deck}.",
)
TELL = (
    "[One card is [drawn|picked|chosen|selected|taken][ at random|]. |A card is [drawn|picked|chosen]. |Someone picks one[ card|]. |]"
    "{p} [is told|knows|learns|sees|gets|is given][ only|] the [rank|number|value|points|face value], {q} [is told |knows |learns |]"
    "[only |]the suit.",
    "[I|The teacher|The dealer|A professor|Our host|The magician] [pick|picks|choose|chooses|draw|draws] [one|a card][,| and] "
    "[tell|tells|whisper|whispers] {p} [the|its] [rank|number|value|points] and {q} [the|its] suit.",
    "[The|Its] [rank|number|value|point] [of one card |of the card |]is [told|given|revealed|shown] to {p}, the suit to {q}.",
    "{p} knows the [rank|number|value|points] [and|but not the suit;|while|;] {q} knows the suit[ only|].",
    "[Only |]{p} [has seen|was told] the [rank|number|value]; [only |]{q} [has seen|was told] the suit.",
    "{p} ([knows |]the [rank|number|value|points]) and {q} ([knows |]the suit) [talk|have this conversation|discuss|speak].",
    "{p} = [rank|number|value|points], {q} = suit.",
    "{p} [peeks at|sees|looks at|remembers] only the [rank|number|value], {q} only the suit.",
    "[Someone|The dealer|A friend] [whispers|says|shows] the [rank|number|value|points] [to|into the ear of] {p} and the suit to {q}.",
    "[Suppose|Say|Assume] {p} knows [only |]the [rank|number|value|points|denomination] of [the|a chosen|a secret] card and {q} [knows |][only |]the suit.",
    "I [told|showed|gave] {p} the [rank|number|value|points] of [my|the secret|one] card and {q} the suit.",
    "{p} got the [rank|number|value|face value|points], {q} [got |]the suit.",
    "{p}: [knows|sees|is told] the [rank|number|value]. {q}: [knows|sees|is told] the suit.",
    "[Only |]the [rank|number|value|points] of [the|a] card is [known|told|given] to {p}[,| and] [only |]its suit to {q}.",
    "[Both know the list. |Both see the deck. |]{p} gets to know the [rank|number|value|points] of [the|a|one] card, {q} [gets to know |]its suit.",
)
TELL_REVERSED = (
    "[One card is [drawn|picked|chosen|selected]. |]{q} [is told|knows|learns|sees|gets][ only|] the suit, {p} [is told |knows |]"
    "[only |]the [rank|number|value|points].",
    "[I|The teacher|The dealer] [pick|picks|choose|chooses|draw|draws] [one|a card][,| and] [tell|tells] {q} [the|its] suit and {p} "
    "[the|its] [rank|number|value|points].",
    "{q} knows the suit[,| and|;| while] {p} knows the [rank|number|value|points].",
    "The suit is [told|given|shown] to {q}, the [rank|number|value|points] to {p}.",
    "I [told|showed|gave] {q} the suit of [my|the secret|one] card and {p} the [rank|number|value|points].",
    "{q} got the suit, {p} [got |]the [rank|number|value|points].",
    "[Suppose|Say|Assume] {q} knows [only |]the suit of [the|a chosen|a secret] card and {p} [knows |][only |]the [rank|number|value].",
    "{q}: [knows|sees|is told] the suit. {p}: [knows|sees|is told] the [rank|number|value].",
    "{q} = suit, {p} = [rank|number|value|points].",
    "{q} ([knows |]the suit) and {p} ([knows |]the [rank|number|value|points]) [talk|have this conversation|discuss|speak].",
)
TALK = (
    "[They say|They talk|They have this conversation|Then they say|The dialogue|Conversation|Dialogue|They speak in turn]:",
    "[I hear|You hear|We overhear|Someone hears] [this|the following][ dialogue| conversation|]:",
    "[Then|Now|After that] [this happens|they say]:",
    "[They start talking|They discuss|They chat|A conversation starts|The conversation goes]:",
    "[Here is|This is] [what they say|their dialogue|the conversation]:",
    "[Asked whether they know the card|When asked], they [say|answer]:",
    "",
    "",
)
ENDINGS = (
    "[Which|What] card [did they figure out|fits|remains|is left|do both know]?",
    "[Deduce|Infer|Conclude|Say] [which|what] card it is[.|!|]",
    "[Help me |][find|guess|work out] the card[.|!|]",
    "[Is there only one possible card? Which|Only one card is possible. Which]?",
    "[The card is|It is|So it is|Then it is][...|:|]",
    "[What|Which] [is the card|card is it|card was it|card is this|card was drawn|card was chosen|is it]?",
    "[What|Which card] is it?",
    "[Find|Determine|Name|Deduce|Work out|Figure out|Tell me|Give|Identify] the card[.|!|]",
    "[Can you|Could you] [tell|work out|say|find|deduce] [which|what] card it is?",
    "[So what|So which|Then what|Then which|And what] [is the card|card is it|card do they have]?",
    "What['s| is] the [secret|chosen|drawn|hidden|mystery] card?",
    "[The card|Card|Answer|Solution]?",
    "What card [did I pick|was picked|are they talking about|do they mean|must it be]?",
    "[Please |][name|find|tell me] [the|that|this|their] card[.|!|]",
    "[Now you|You] know [the card|it] too[:|.] [which one is it|what is it]?",
    "Which [one|card] of these is it?",
    "[What|Which] card is [on the table|in question|the right one|the chosen one]?",
    "[Rank and suit|Suit and rank|Name of the card|So the card is]?",
    "[Do you know|Can you guess|Could you say] [which|what] card it is?",
    "[From this|Based on this|Given this][,| conversation,| dialogue,] [which|what] card is it?",
    "",
)
# Direct speech, by what is said and what was said before.
SAY: dict[str, tuple[str, ...]] = {
    "unsure": (
        "I [don't|do not] know [the card|which card it is|what the card is|what card it is|it|the answer|this card]",
        "I [can't|cannot] [tell|say|know|figure out|work out|determine] [which card it is|what it is|the card|what the card is]",
        "[I have no idea|No idea|I don't know|I can't tell|Not sure|I'm not sure][ which card it is| what card it is|]",
    ),
    "unsure either": (
        "I don't know [it|the card|which card it is|what it is|] either", "Neither do I", "Me neither", "Nor do I",
        "I [can't|cannot] [tell|say][ it| which card it is|] either", "I don't know[ either| it| the card]",
        "[I also don't|I don't] know[ the card| which card it is|]", "I can't [tell|say|work it out|figure it out] either",
    ),
    "unsure still": (
        "I still don't know[ the card| it| which card it is|]", "I still [can't|cannot] [tell|say|work it out]", "Still no idea",
        "I don't know even now", "Even now I [don't know|can't tell][ which card it is|]", "Still not sure", "I still don't know",
    ),
    "sure": (
        "I know [the card|which card it is|what the card is|it|what card it is|the answer|this card]",
        "I [can|] [tell|say] [which card it is|what it is|the card]", "I'm sure which card it is", "I know it already",
    ),
    "sure now": (
        "[Now I know|I now know|Now I do know|Then I know|In that case I know|Now I can tell][ the card| it| which card it is| what it is|]",
        "[Ah|Oh|Aha|OK|Well|Then|I see][, | ]now I know[ it| the card| which card it is|]", "I know it now", "I know[ it| the card] now",
        "[Thanks|Great][,|!] now I know[ the card| it|]", "I [didn't know before|had no idea|didn't know], but now I [know|do]",
        "Now I [have it|can tell|am sure|know the answer]", "I know the card", "I know [now|which card it is]",
    ),
    "sure too": (
        "[Now I know|I know|I know it|Then I know|I know the card][ it|] [too|as well]", "So do I", "Me too", "Now I [do|know] too", "And now so do I",
        "I also know[ the card| it| it now|]", "[Then|Now] I [also |]know[ it| the card|] [as well|too]", "[So do I|Same here|I know it too]",
        "Now I also know [the card|which card it is|it]", "Now I know[ it| the card|]",
    ),
    "foreseen": (
        "I knew [that |]you [don't|didn't|do not|did not|couldn't|can't|wouldn't] know[ it| the card| which card it is| that|]",
        "I [already|always] knew [that |]you [don't|didn't|couldn't|can't] [know|know it|know the card|tell|tell which card it is]",
        "I knew [it|that]", "[I knew|I was sure] [that |]you [didn't|don't|couldn't|wouldn't] know", "[That's what|I know] I knew you [didn't know|don't know]",
        "I was [sure|certain] [that |]you [didn't|don't|couldn't] [know|know it|know the card]", "[Yes, |]I knew [you didn't|you don't|that you couldn't]",
    ),
    "foreseen first": (
        "I know [that |]you [don't|can't|do not|cannot] know [the card|it|which card it is]", "I'm [sure|certain] [that |]you [don't|can't] know [it|the card]",
    ),
    "unsure and foreseen": (
        "I [don't know|do not know|can't tell] [the card|which card it is|it|what it is], [but|and] I [know|am sure|am certain] [that |]you [don't|can't] "
        "[know|know it|know either|know it either|know the card either]",
        "I don't know[ it| the card|], [but|and] [neither do you|you don't either, that's certain|I'm sure you don't either|you can't know it either]",
        "I don't know [the card|it|which card it is][,| but| and] I know [that |]you don't[ know| know it| know either| either]",
    ),
}  # fmt: skip
# Reported speech.
TOLD: dict[str, tuple[str, ...]] = {
    "unsure": (
        "{v} {not} know [the card|which card it is|it|what the card is]",
        "{v} can't tell [which card it is|the card]",
    ),
    "unsure either": ("{v} {not} know [it |]either", "{v} can't tell either", "{v} also {not} know"),
    "unsure still": ("{v} still {not} know", "{v} still can't tell"),
    "sure": ("{v} know{s} [the card|which card it is|it]",),
    "sure now": ("{v} now know{s} [it|the card|which card it is]", "now {v} know{s}[ it| the card|]"),
    "sure too": ("{v} know{s} [it |]too", "{v} know{s} [it |]as well", "{v} also know{s}[ it| the card|]"),
    "foreseen": ("{v} knew that {other} {didnt} know", "{v} already knew {other} {didnt} know[ it| the card|]"),
    "foreseen first": ("{v} know{s} that {other} can't know it",),
    "unsure and foreseen": ("{v} {not} know [it|the card] but {v} know{s} that {other} doesn't know either",),
}
# How a line of direct speech is put, and what stands between lines.
SHAPES = (
    '{S}: "{C}"',
    "{S}: {C}",
    "{S}: {C}",
    "{S} says[:|,] {C}",
    '{S} says[:|,] "{C}."',
    '{S} said[:|,] "{C}."',
    "{S}: '{C}'",
    "{S} - {C}",
    '"{C}," [says|said] {S}',
    '{S} [says|replies|answers|announces]: "{C}"',
    "{S} [thinks and says|then says|responds|tells the other]: {C}",
)
SEPARATORS = (". ", ". ", " ", "\n", "\n", "; ", ", ")
