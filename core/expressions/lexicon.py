"""The words the reader knows, with what each means. Plain tables; inflected forms are made, not listed."""

from core.expressions.thing import Family


def _words(text: str) -> list[str]:
    return text.split()


def _all(words: list[str], meaning: str) -> dict[str, str]:
    return dict.fromkeys(words, meaning)


# nouns: plain form -> other words for it; irregular plurals below
NOUNS: dict[Family, dict[str, str]] = {
    "object": {"object": "thing entity item something one everything anything"},
    "person": {
        "person": "human somebody someone individual people player musician performer player artist"
        " speaker singer drummer guitarist pianist violinist cellist",
        "man": "guy gentleman male men",
        "woman": "lady female women",
        "boy": "lad kid",
        "girl": "",
        "baby": "infant toddler child children",
        "crowd": "audience group band",
        "conductor": "",
        "driver": "",
    },
    "animal": {
        "animal": "creature pet",
        **_all(
            _words(
                "dog cat bird duck horse cow pig sheep goat chicken rooster goose lion tiger leopard "
                "wolf elephant donkey camel mouse fish monkey frog bee insect"
            ),
            "",
        ),
        "dog": "puppy",
        "cat": "kitten",
    },
    "instrument": {
        "instrument": "",
        **_all(
            _words(
                "guitar violin cello bass harp sitar pipa guzheng erhu banjo flute clarinet bassoon "
                "oboe trumpet trombone tuba horn suona handpan marimba xylophone vibraphone bell gong "
                "tambourine viola zither lute"
            ),
            "",
        ),
        "ukulele": "uke",
        "saxophone": "sax",
        "harmonica": "mouth-organ",
        "accordion": "",
        "piano": "",
        "keyboard": "synthesizer",
        "tabla": "",
        "drum": "drum-kit drumhead cymbal percussion",
    },
    "machine": {
        **_all(
            _words(
                "machine vehicle train truck bus motorcycle helicopter tank boat bicycle engine clock "
                "phone computer mower chainsaw hammer toy camera microphone speaker-box radio "
                "television"
            ),
            "",
        ),
        "car": "automobile taxi",
        "emergency-car": "ambulance police-car fire-truck",
        "airplane": "plane aircraft jet",
        "boat": "ship",
        "hair-dryer": "hairdryer hairdrier hair-drier dryer drier",
        "vacuum-cleaner": "vacuum hoover",
        "razor": "shaver",
        "saw": "",
        "gun": "pistol rifle",
    },
    "furniture": {
        **_all(_words("table chair bench desk bed cabinet window door carpet lampshade screen"), ""),
        "couch": "sofa coach",
    },
    "worn": {
        "clothes": "clothing cloth garment garments dressing uniform",
        **_all(
            _words(
                "shirt dress skirt suit coat jacket vest sweater hoodie sweatshirt trousers jeans "
                "shorts pants hat cap glasses sunglasses shoe mask scarf necklace bracelet earring "
                "hairpin earphone headphone watch tie belt overalls veil robe kerchief leash sleeve"
            ),
            "",
        ),
        "shirt": "tshirt t-shirt",
        "trousers": "trouser",
    },
    "body": {
        **_all(
            _words(
                "hair hand arm leg foot head face eye mouth lip nose finger shoulder waist thigh lap "
                "tail fur ponytail beard moustache whisker appearance exterior surface"
            ),
            "",
        ),
        "ponytail": "pony-tail",
        "moustache": "mustache",
    },
    "other": _all(
        _words(
            "lamp shelf street garden kitchen ball basket bag sofa-cushion curtain pillow towel "
            "ladder pole fence bridge tent stage floor ground wall grass tree sea water river road "
            "sky runway track beach snow room house picture painting plate cup cake candle food "
            "fruit strawberry orange milk stick bow wood log string letter spot dot pattern flag "
            "music-stand length movement position row tattoo blanket video backrest farmland stream "
            "pool mountain bottle box book wheel snowman"
        ),
        "",
    ),
}
IRREGULAR_PLURALS = {
    "men": "man",
    "women": "woman",
    "people": "person",
    "children": "baby",
    "geese": "goose",
    "mice": "mouse",
    "feet": "foot",
    "leaves": "leaf",
}
NOT_PLURAL = {
    "glasses",
    "sunglasses",
    "trousers",
    "jeans",
    "shorts",
    "pants",
    "clothes",
    "overalls",
    "bass",
    "grass",
}
PLAYERS = {
    "drummer": "drum",
    "guitarist": "guitar",
    "pianist": "piano",
    "violinist": "violin",
    "cellist": "cello",
}
SINGERS = {"singer": "sing", "speaker": "speak"}
SOUND_NOUNS = set(
    _words("sound noise rhythm duration volume music melody tone voice pitch beat tempo melody loudness")
)
SPOKEN_NOUNS = {"speech": "speak", "talk": "speak", "song": "sing", "songs": "sing", "opera": "sing"}

COLOURS = {
    **{
        c: c
        for c in _words("red orange yellow green blue purple pink brown black white gray silver golden beige")
    },
    "grey": "gray",
    "gold": "golden",
    "silvery": "silver",
    "bronze": "brown",
    "khaki": "beige",
    "coffee": "brown",
    "blonde": "yellow",
    "blond": "yellow",
    "violet": "purple",
    "earthy": "brown",
    "rose": "pink",
    "turquoise": "blue",
    "tan": "beige",
}
SIZES = {
    **_all(_words("big large giant huge wide fat tall"), "big"),
    **_all(_words("small little tiny thin slim"), "small"),
    "long": "long",
    "short": "short",
}
LOOKS = set(
    _words(
        "old young bald bearded plaid checkered striped floral furry fluffy curly straight "
        "blown wooden leather denim knitted metal light dark bright pure plain round "
        "rectangular empty topless shoeless barefoot haired longhaired shorthaired camouflage "
        "patterned smooth formal musical electric acoustic pretty beautiful vertical leashed "
        "closed open stationary double colored coloured colourful colorful"
    )
)
LOUDNESS = {
    **_all(_words("loud strong noisy"), "loud"),
    **_all(_words("low quiet soft weak"), "quiet"),
    "high": "loud",
    **_all(_words("long prolonged"), "long"),
    **_all(_words("short brief"), "short"),
    **_all(_words("continuous constant steady uninterrupted continued"), "continuous"),
    **_all(_words("intermittent irregular interrupted"), "intermittent"),
    **_all(_words("fast quick rapid"), "fast"),
    "slow": "slow",
    "silent": "silent",
    "mute": "silent",
    **_all(_words("big large"), "loud"),
    "small": "quiet",
}
PLACES = {
    "left": "left",
    "leftmost": "left",
    "right": "right",
    "rightmost": "right",
    **_all(_words("middle center centre central"), "middle"),
    **_all(_words("front foreground"), "front"),
    **_all(_words("back background rear"), "behind"),
    **_all(_words("top upper high"), "above"),
    **_all(_words("bottom lower low"), "below"),
    "nearest": "front",
    "closest": "front",
    "farthest": "behind",
}
PREPOSITIONS = {
    **_all(
        _words("near beside by-the-side-of next-to close-to around alongside closest-to nearest-to"), "near"
    ),
    **_all(_words("behind at-the-back-of in-the-back-of"), "behind"),
    **_all(_words("under beneath below underneath"), "below"),
    **_all(_words("above over"), "above"),
    **_all(_words("in-front-of infront before-the-eyes-of"), "front"),
    **_all(_words("between among"), "between"),
    **_all(_words("on on-top-of against along onto through across down up"), "on"),
    **_all(_words("in inside into within"), "in"),
    **_all(_words("far-from far far-away-from"), "far"),
}
# verbs: plain form -> other verbs with the same meaning
VERBS = {
    "make": "produce emit give create",
    "sing": "",
    "speak": "talk say introduce call ask deliver announce chat narrate",
    "laugh": "giggle chuckle",
    "cry": "weep sob",
    "call": "bark meow roar howl growl quack moo bleat chirp crow neigh oink squeak hiss",
    "shout": "scream yell cheer",
    "hum": "whistle clap beatbox honk ring chime buzz roar-past click tick",
    "play": "beat hit tap strum pluck plunk bow blow knock strike drum shake pat press type slap bang"
    " perform rub",
    "hold": "carry grab hug lift take sandwich use hang",
    "drive": "ride operate control steer lead",
    "touch": "stroke scratch",
    "stand": "",
    "sit": "seat",
    "lie": "lay",
    "kneel": "crouch squat",
    "lean": "bend rest",
    "wear": "dress",
    "move": "walk run jump swim swing rotate turn dance sway nod wave travel navigate sail fly taxi land"
    " drag pass step go cross follow",
    "stay": "remain park stop",
    "appear": "show emerge",
    "leave": "disappear",
    "keep": "continue",
    "have": "consist",
    "look": "watch face stare",
    "listen": "",
    "eat": "drink chew lick bite feed",
    "cut": "shave saw mow clean sweep crush squash destroy attack crash",
    "place": "put tie attach set",
    "smile": "interact try catch spend equip",
    "sound": "",
}
IRREGULAR_VERBS = {
    "sang": "sing",
    "sung": "sing",
    "spoke": "speak",
    "spoken": "speak",
    "said": "speak",
    "saying": "speak",
    "made": "make",
    "gave": "make",
    "given": "make",
    "beaten": "play",
    "hit": "play",
    "hitting": "play",
    "blew": "play",
    "blown": "play",
    "struck": "play",
    "shook": "play",
    "held": "hold",
    "helding": "hold",
    "hung": "hold",
    "took": "hold",
    "taken": "hold",
    "led": "drive",
    "drove": "drive",
    "driven": "drive",
    "rode": "drive",
    "ridden": "drive",
    "stood": "stand",
    "sat": "sit",
    "sitten": "sit",
    "sitted": "sit",
    "sits": "sit",
    "lying": "lie",
    "lain": "lie",
    "laid": "lie",
    "wore": "wear",
    "worn": "wear",
    "ran": "move",
    "flew": "move",
    "went": "move",
    "going": "move",
    "left": "",
    "kept": "keep",
    "has": "have",
    "had": "have",
    "having": "have",
    "ate": "eat",
    "put": "place",
    "lies": "lie",
}
OWNS = "'s"  # the token behind an owner
POSTURES = {"stand", "sit", "lie", "kneel", "lean"}
VOCAL = {"sing", "speak", "laugh", "cry", "call", "shout", "hum"}
BE = set(_words("is are was were be been being am"))
DETERMINERS = set(
    _words(
        "a an the this these those his her its their my your our some any all every each "
        "another other two three four five second third dozens many several both only pair "
        "flock group piece kind as very same thr s currently there"
    )
)
NEGATIONS = {"non"} | set(
    _words(
        "not no never without except didn't doesn't don't isn't wasn't aren't cannot can't neither nor didnt doesnt"
    )
)
SKIPPED = set(
    _words(
        "also just still start starts started starting begin begins began beginning together off out forward equipped only later fast away away directly slightly quite"
    )
)
CONJUNCTIONS = set(_words("and while but or then &"))
PRONOUNS = set(_words("it them him her me us you"))
RELATIVES = set(_words("that which who whose whom where what"))

# several words that stand for one
PHRASES = {
    "in front of": "in-front-of",
    "in the front of": "in-front-of",
    "at the front of": "in-front-of",
    "front of": "in-front-of",
    "on top of": "on-top-of",
    "on the top of": "on-top-of",
    "next to": "next-to",
    "close to": "close-to",
    "closest to": "closest-to",
    "nearest to": "nearest-to",
    "far from": "far-from",
    "far away from": "far-away-from",
    "by the side of": "by-the-side-of",
    "at the back of": "at-the-back-of",
    "in the back of": "in-the-back-of",
    "hair dryer": "hair-dryer",
    "hair drier": "hair-dryer",
    "vacuum cleaner": "vacuum-cleaner",
    "emergency car": "emergency-car",
    "police car": "police-car",
    "fire truck": "fire-truck",
    "sun glasses": "sunglasses",
    "pony tail": "pony-tail",
    "t shirt": "t-shirt",
    "drum kit": "drum-kit",
    "mouth organ": "mouth-organ",
    "musical instrument": "instrument",
    "musical instruments": "instruments",
    "hair pin": "hairpin",
    "music stand": "music-stand",
    "music stands": "music-stand",
    "all the times": "all-the-time",
    "at all times": "all-the-time",
    "at all time": "all-the-time",
    "all the time": "all-the-time",
    "all times": "all-the-time",
    "the whole time": "all-the-time",
    "over the time": "over-time",
    "over time": "over-time",
    "over the times": "over-time",
    "through the entire video": "all-the-time",
    "throughout the entire video": "all-the-time",
    "throughout the video": "all-the-time",
    "in the entire video": "all-the-time",
    "through the video": "all-the-time",
    "in the video": "in-the-video",
    "in the picture": "in-the-video",
    "on the screen": "in-the-video",
}

# right as they are, though no rule speaks of them
PLAIN = set(
    _words(
        "of by with from to at than first last second third through entire whole during after "
        "before again time times side row position loudly continuously did does do left right "
        "look like how many use role length later close one exterior parking school seats sun "
        "surrounding surface symbols tap these trunk way working hand's and hair's upside "
        "korean english chinese shallows stern songs parts stretched equipped woodiness cage "
        "glass fours strawberries controlled thinner fatter covered strip double high higher "
        "lowest"
    )
)
