"""Words to count letters in: ordinary English words, Chinese phrases, and made-up words of syllables or of letters."""

# ruff: noqa: E501 (wide characters; phrases are data)

from __future__ import annotations

import random

_ENGLISH = """
    strawberry blueberry raspberry blackberry cranberry gooseberry mulberry cherry banana pineapple apple orange lemon
    mango papaya coconut avocado watermelon grapefruit tangerine apricot peach pear plum grape kiwi melon tomato potato
    carrot broccoli cucumber lettuce spinach cabbage cauliflower asparagus eggplant zucchini pumpkin mushroom onion
    garlic pepper ginger cinnamon vanilla chocolate coffee pudding pancake butter cheese yogurt noodle spaghetti
    macaroni sandwich hamburger sausage biscuit cookie cracker dumpling omelette mayonnaise mustard vinegar parsley
    elephant giraffe hippopotamus rhinoceros kangaroo crocodile alligator chimpanzee gorilla monkey leopard tiger lion
    zebra panda koala squirrel rabbit hamster hedgehog raccoon beaver otter dolphin whale octopus jellyfish lobster
    salmon penguin flamingo pelican sparrow swallow parrot peacock ostrich eagle pigeon chicken turkey butterfly
    dragonfly grasshopper mosquito caterpillar ladybug spider beetle scorpion tortoise lizard chameleon dinosaur
    mississippi tennessee massachusetts connecticut california pennsylvania minnesota colorado alabama florida hawaii
    alaska london paris berlin madrid lisbon vienna budapest amsterdam copenhagen stockholm helsinki barcelona
    philadelphia singapore beijing shanghai tokyo canada mexico brazil argentina colombia venezuela morocco egypt
    ethiopia madagascar australia zealand philippines indonesia malaysia vietnam mongolia pakistan turkmenistan
    switzerland netherlands germany portugal scotland ireland iceland greenland mediterranean caribbean antarctica
    teacher student school college university library dictionary encyclopedia grammar language sentence paragraph
    chapter lesson homework classroom blackboard pencil eraser notebook keyboard computer programming algorithm
    database internet website password browser software hardware processor memory network engineer scientist
    mathematics geometry algebra arithmetic calculus statistics probability equation fraction triangle rectangle
    parallelogram hexagon circle diameter circumference perimeter physics chemistry biology molecule electron
    photosynthesis temperature thermometer barometer microscope telescope laboratory experiment hypothesis theory
    accommodation address assessment committee occurrence necessary embarrass possession success successful
    succession aggressive assassin bookkeeper balloon raccoons coffeehouse wheelbarrow mirror error terror horror
    carriage marriage narrative correct corridor surround sorrow tomorrow borrow arrow narrow barrel quarrel
    kitchen bedroom bathroom furniture cupboard refrigerator microwave dishwasher telephone television umbrella
    wallet backpack suitcase blanket pillow mattress curtain window ceiling chimney balcony garden flower sunflower
    lavender daffodil dandelion tulip orchid bamboo willow forest mountain valley river waterfall island peninsula
    volcano earthquake hurricane tornado thunderstorm lightning rainbow sunshine snowflake blizzard avalanche desert
    doctor nurse hospital medicine pharmacy surgeon dentist therapy vaccine bacteria allergy fever headache
    football basketball baseball volleyball badminton tennis hockey swimming gymnastics marathon champion olympics
    music guitar violin piano trumpet saxophone orchestra symphony melody rhythm harmony concert theater cinema
    happiness sadness excitement curiosity kindness patience courage confidence friendship relationship responsibility
    opportunity possibility information communication transportation organization international extraordinary
    unbelievable uncomfortable misunderstanding environmental independence congratulations questionnaire
    characteristic entrepreneur bureaucracy conscientious lieutenant rendezvous silhouette pronunciation rehearsal
    vacuum queue rhyme syrup yacht zigzag jazz puzzle buzz fizz pizza razor lazy quiz fuzzy dizzy
    cat dog cow pig hen fox bee ant owl bat rat sun moon star sky sea ice tea egg bread milk water salt sugar rice
    bird fish tree leaf root seed book door room house table chair clock light hand foot head hair tooth
    king queen prince princess knight dragon wizard castle treasure pirate adventure mystery secret legend hero
    monday tuesday wednesday thursday friday saturday sunday january february march april august september october
    november december spring summer autumn winter morning afternoon evening midnight yesterday calendar minute
    bicycle motorcycle automobile airplane helicopter submarine railroad station passenger ticket journey
    business company manager customer employee salary market invoice contract account insurance investment
    government president parliament minister election democracy constitution citizen freedom justice police lawyer
    silver golden purple yellow orange crimson turquoise magenta scarlet violet indigo
    reasoning thinking question answer problem solution letter number counting alphabet spelling word
    attention transformer tokenizer parameter gradient network intelligence assistant conversation
    assess grasses mattresses possesses stresslessness senselessness antidisestablishment floccinaucinihil
about above according across actually after again against agree all almost alone along already also although always
among amount angry animal another anyone anything appear around arrive asked average away back bad balance base beach
beautiful because become before begin behind believe below beside best better between beyond big black blue board boat
body born both bottle bottom box bring broken brother brown build bus busy buy call camera candle cap capital car card
care careful carry cases catch cause cent center certain chance change character cheap check child children choice
choose church claim class clean clear clever climb close cloth cloud coast code cold collect color comma common compare
complete compute consider contain convert cool copper copy corner cost could counter country couple course cousin cover
create cross crowd cry cup cut dance danger dark data daughter day deal dear death decide decimal decision deep degree
deliver denominator describe detail diamond dialogue did differ difference difficult digit dinner direction discover
discuss disease distance divide divided division divisor doll dollar double doubt down draw dream dress drink drive
drop dry during each early earn earth east easy effect effort eight either eleven else empty end enemy enjoy enough
enter equal error even every exact exactly example except exercise expect expensive expert explain express eye face
fact fail fall false family famous fancy farmer fast father favorite fear feel fellow few field fifteen fight figure
film final find finger finish fire first five fix flag flat flight floor fly follow food fool for forget form forward
four fresh friend from front fruit full funny further future game gas gate gather general gentle gift girl give glass
glove goal god going good grand grandfather grass gray great greater greatest green ground group grow guard guess guest
guide half hall happen happy hard have health hear heart heavy height hello help her here high hill him history hit
hold hole holiday home honest hope horse hot hotel hour how however huge human hundred hungry hurry hurt husband idea
ill image important inch include increase indeed inside instead integer interest into iron its itself jack jacket job
join joke judge juice jump just keep key kick kill kilometer kind kiss kitten knave knee knew knife knock know known
lady lake lamp land large larger largest last late laugh law lay lead learn least leather leave left leg lemonade less
letters level liar library lie life lift like line linear list listen little live local lock logic long look lose loss
lost lot loud love low lower luck lucky lunch machine made magic mail main make man many map mark market match math
matter maximum may maybe meal mean measure meat medal meet member memory men metal method middle might mile million
mind minus miss mistake mix modern money month more most mother mouse mouth move movie much multiple multiply must
name nation nature near nearly neck need needle neighbor neither never new news next nice night nine nobody noise none
noon nor north nose not note nothing notice now nowhere numbers object odd off offer office often oil old once one only
open operator orbit order ordinary other ounce our out outside oven over own page pain paint pair pan paper parent park
part partner party pass past path pattern pay peace pen people perfect perhaps period person phone photo pick picture
piece pink place plain plan plane plant plate play please pleasure plenty plus pocket poem point polite pool poor pop
popular position possible pot pound power practice prepare present press pretty price print prize probably produce
product professor program promise proper proud prove provide public pull pupil pure push put quality quarter quick
quickly quiet quite quotient race radio rain raise range rank rate rather reach read ready real really reason receive
record red reduce regular relation remain remainder remember repair repeat reply report rest result return reverse rich
ride right ring rise road rock roll roof room root rope rose rough round row rule run safe said sail same sand save say
scale school scissors score screen search seat second see seem sell send sense serious serve set seven several shadow
shake shape share sharp she sheep sheet shelf shell shine ship shirt shoe shop short should shoulder shout show shut
sick side sign simple since sing single sister sit six size skill skin skirt sleep slow small smaller smallest smart
smell smile smoke smooth snake snow soap social sock soft soldier solve some son song soon sorry sort soul sound soup
south space speak special speed spell spend spirit spoon sport spot square stage stair stamp stand start state statement
stay steal steel step stick still stomach stone stop store storm story straight strange street strength stress stretch
string strong stupid subject subtract such sudden suggest suit suitable sum supper suppose sure surprise sweet swim
sword system tail take talk tall task taste tax tell teller ten tennis term terrible test text than thank that the their
them then there therefore these they thick thin thing think third thirteen thirty this those though thought thousand
thread three through throw thumb thunder tie till time times tiny tired title today toe together tongue too tool top
total touch tour toward towel tower town toy trade train travel trick trip trouble true trust truth try turn twelve
twenty twice two type ugly uncle under understand unit until upon upper upset use useful usual valley value various
vegetable very victory view village visit voice wait wake walk wall want war warm wash waste watch wave way weak wear
weather week weight welcome well west wet what wheel when where whether which while whistle white who whole whose why
wide wife wild will win wind wine wing wire wise wish with without woman wonder wonderful wood wool work world worry
worse worst worth would wound wrist write wrong yard year yellow yes yet you young your zero
alice bob carol david emma frank grace henry irene jack kate laura michael nancy oliver peter quentin rachel samuel
theodore ursula victoria william xavier yolanda zachary elizabeth alexander christopher benjamin jennifer jessica
knights knaves liars truthful spades hearts clubs diamonds joker ace countdown target expression python output snippet
artificial language model neural letterbox appreciate acceleration balloonist committeeman beginning cappuccino
caterpillars cinnamon commission disappear disappointed dessert essential exaggerate foreign guarantee happened
immediately interesting irresistible jewellery license maintenance millennium mischievous misspell neighbour
noticeable parallel perseverance personnel possession preferred privilege recommend reference religious restaurant
schedule separate sergeant supersede threshold tomorrow tyranny unnecessary vacuum vicious weird woodpecker
banana ananas papa mama dad mom noodles lollipop wiggle giggle bubble rubber hobby lobby cabbage babble kebab
abracadabra hullabaloo bamboozle kindergarten doppelganger
incomprehensible internationalization uncharacteristically counterrevolutionary supercalifragilistic
"""
ENGLISH = tuple(dict.fromkeys(_ENGLISH.split()))
PAIRS = (
    "black forest", "credit card", "data science", "basketball player", "first class", "red carpet", "blue whale",
    "peanut butter", "ice cream", "orange juice", "hot dog", "new york", "green tea", "high school", "apple pie",
    "hello world", "happy birthday", "good morning", "machine learning", "full moon", "black coffee", "summer camp",
    "deep learning", "san francisco", "los angeles", "hong kong", "post office", "tennis racket", "paper airplane",
    "strawberry jam", "cherry tree", "mirror room", "carrot cake", "butter cookie", "free speech", "sweet potato",
)  # fmt: skip
CHINESE = (
    "人山人海", "人来人往", "人人为我我为人人", "三心二意", "不三不四", "七上八下", "一心一意", "一五一十", "十全十美",
    "百战百胜", "千山万水", "千言万语", "万水千山", "自言自语", "自由自在", "自私自利", "大手大脚", "大摇大摆", "大吃大喝",
    "小心小心再小心", "天天向上", "好好学习天天向上", "高高兴兴", "开开心心", "快快乐乐", "平平安安", "认认真真", "干干净净",
    "清清楚楚", "明明白白", "红红火火恍恍惚惚", "马马虎虎", "来来往往", "日日夜夜", "年年有余", "步步高升", "无法无天", "无边无际",
    "无忧无虑", "无声无息", "有说有笑", "有头有尾", "有声有色", "多才多艺", "多种多样", "半信半疑", "半途而废", "说来说去",
    "走来走去", "想来想去", "知己知彼百战不殆", "知之为知之不知为不知是知也", "道可道非常道", "名可名非常名", "学而时习之不亦说乎",
    "有朋自远方来不亦乐乎", "春眠不觉晓处处闻啼鸟", "床前明月光疑是地上霜", "举头望明月低头思故乡", "白日依山尽黄河入海流",
    "欲穷千里目更上一层楼", "红豆生南国春来发几枝", "两只黄鹂鸣翠柳", "一行白鹭上青天", "飞流直下三千尺", "疑是银河落九天",
    "吃葡萄不吐葡萄皮", "不吃葡萄倒吐葡萄皮", "四是四十是十", "十四是十四四十是四十", "妈妈骑马马慢妈妈骂马", "上海自来水来自海上",
    "山东落花生花落东山", "黄山落叶松叶落山黄", "天上天下", "国中之国", "山外有山人外有人", "天外有天", "一天又一天", "一步一步来",
    "中国人民", "北京大学", "上海外滩", "西湖美景", "长江长江", "长城长", "花开花落", "云卷云舒", "日出日落", "潮起潮落", "雨过天晴",
    "学习学习再学习", "努力努力再努力", "一朝一夕", "一草一木", "一针一线", "一言一行", "一举一动", "一来二去", "十万火急",
    "生生不息", "心心相印", "息息相关", "依依不舍", "津津有味", "洋洋得意", "滔滔不绝", "念念不忘", "井井有条", "头头是道", "面面俱到",
)  # fmt: skip

_SYLLABLE_PARTS = """
    b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr qu sh sl sp st sw th tr str
    a e i o u a e i o u ee oo ea ai ou ie oa au y
"""
_ONSETS, _VOWELS = (tuple(line.split()) for line in _SYLLABLE_PARTS.strip().splitlines())
_CODAS = (
    "",
    "",
    "",
    "",
    *["n", "r", "s", "t", "l", "m", "ng", "nd", "rr", "ss", "tt", "ll", "ck", "st", "p", "d", "x"],
)
_ENDINGS = (
    "",
    "",
    "",
    *["er", "ing", "ed", "ly", "ness", "tion", "ment", "able", "ful", "less", "s", "berry", "ism", "y"],
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COMMON = "etaoinshrdlucmfwygpbvkxqjz"


def syllables(rng: random.Random) -> str:
    """A made-up word that could be English, 2 to 16 letters."""
    word = ""
    for _ in range(rng.choices((1, 2, 3, 4), (2, 4, 3, 1))[0]):
        word += rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
    return (word + rng.choice(_ENDINGS))[:16]


def string_of_letters(rng: random.Random) -> str:
    """Letters in any order, 2 to 14 of them, from the whole alphabet, from its common letters, or from a few."""
    length = rng.randint(2, rng.choice((6, 10, 14)))
    draw = rng.random()
    pool = _LETTERS if draw < 0.4 else _COMMON[:12] if draw < 0.7 else rng.sample(_LETTERS, rng.randint(2, 4))
    return "".join(rng.choices(pool, k=length))
