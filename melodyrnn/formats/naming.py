"""What the name of a track or part says: that it is the melody, how clearly, or that it is drums.

Names are in any language that is common in files, and in any encoding: words of the tables below tell which one
a name that is no UTF-8 was written in.

Contents: SAYS_MELODY, SAYS_LEAD, SAYS_SOLO_INSTRUMENT (how clearly), melody_rank, first_named, says_drums,
foreign_name; listed (names in words).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SAYS_MELODY, SAYS_LEAD, SAYS_SOLO_INSTRUMENT = range(3)
"""'Vocals', 'Melody'; 'Lead', 'Solo'; 'Lead Guitar'. The smaller, the clearer."""

_FULL: Final = 0.25  # of the notes of the fullest track of its kind that one named as the melody has at least
_SOME: Final = 0.05  # ... of the fullest track of all, for one that says melody: pianos have many notes
_TOLD: Final = 5  # parts that one sentence names
_LONGEST: Final = 100  # bytes of a name in an older encoding
_FEW: Final = 4  # notes that it has at least then


def _whole(words: str, end: str = "") -> str:
    """Any of these words (parted by spaces; an underscore is a space), no letter before or behind it, nor `end`."""
    return rf"(?<![^\W\d_])(?:{'|'.join(words.split()).replace('_', ' ')})(?![^\W\d_]{end})"


_NUMBERED: Final = r"| ?[2-9]| ?II"  # a second one
_FOREIGN_MELODY: Final = (
    "主旋律|主旋|旋律|主唱|人声|人聲|独唱|獨唱|歌声|歌聲|メロディ|メロデイ|ボーカル|ヴォーカル|ボイス|主メロ|歌メロ|"
    "ﾒﾛﾃﾞｨ|ﾎﾞｰｶﾙ|ｳﾞｫｰｶﾙ|멜로디|보컬|Мелоди[яи]|Вокал|Голос|Μελωδία|Φωνή"
)
_FOREIGN_LEAD: Final = "リード|ソロ|独奏|獨奏|Соло"
_FOREIGN_SECOND: Final = "コーラス|ハモリ|伴唱|伴奏|和声|和聲|合唱|副旋律|対旋律|코러스|반주|Бэк|Аккомп"
_FOREIGN_DRUMS: Final = "ドラム|パーカッション|打楽器|ﾄﾞﾗﾑ|鼓|打击|打擊|드럼|퍼커션|Ударн|Барабан"
_MELODY: Final = _whole(
    "melody melodie melodia melodía melodi melodien melody_?line mélodie melodielinie melodiestimme vocals? vox voc "
    "vokal voices? singers? leadvox leadvocals? gesang singstimme stimme solostimme chant chanteu(?:r|se) canto "
    "cantante cantus voz voces voix voce zang sång sang śpiew zpěv ének laulu głos",
    _NUMBERED,
)
_LEAD: Final = _whole("lead solo soli solist solista soliste", _NUMBERED)
_SECOND: Final = _whole(
    "back(?:ing|ground|up)? b[gv] bvox bgv(?:ox|s)? bkg bgnd harmon(?:y|ies|ie) choirs? chor chorus count counter "
    r"gegen click sheet second 2nd zweite deuxième segunda seconda 3rd third [2-9]\. [oa]+hs? accomp\w* begleit\w* "
    "fx over synth_?(?:voice|vox|vocal)s? no_vocals? off_vocals? counter_?mel\\w* 2_(?:voice|stimme|voix|voz)"
)
_INSTRUMENT: Final = (
    r"g(?:ui)?t(?:a?r|arr?[ae]?)?s?(?![^\W\d_])|gitarre?|git(?![^\W\d_])|synth|saw|square|charang|calliope|chiff|fifth|"
    r"sax|trump|trp|tpt|piano|keys?(?![^\W\d_])|keyb|organ|orgel|bass|flut|flöt|fl(?:auto)?(?![^\W\d_])|violin|viola|"
    r"vln|fiddle|string|cello|brass|clarin|klarin|oboe|horn|tromb|harmonica|accord|akkord|bell|vib(?:es|ra)|marimba|"
    r"pad(?![^\W\d_])|banjo|mandolin|sitar|whistle|pipe|pluck|drum|perc|ギター|ピアノ|サックス|ベース|シンセ|吉他|钢琴|鋼琴"
)
_DRUMS: Final = r"(?<!steel )" + _whole(
    "drums? drum_?kit drum_?set drumset perc percussions? percussione perkussion percusi[oó]n schlagzeug batterie "
    "bater[ií]a batteria cymbals? snare kick bass_?drum hi-?hats? congas? bongos? toms tambourine shaker maracas "
    "claves cowbell hand_?claps? slagwerk trommeln? perkusja"
)
_OURS: Final = r"\d bars?, seed \d+$"  # what `compose.titles` calls a melody
_SAYS_MELODY: Final = re.compile(f"{_MELODY}|{_FOREIGN_MELODY}|{_OURS}", re.IGNORECASE)
_SAYS_LEAD: Final = re.compile(f"{_LEAD}|{_FOREIGN_LEAD}", re.IGNORECASE)
_SAYS_SECOND: Final = re.compile(f"{_SECOND}|{_FOREIGN_SECOND}", re.IGNORECASE)
_SAYS_INSTRUMENT: Final = re.compile(_INSTRUMENT, re.IGNORECASE)
_SAYS_DRUMS: Final = re.compile(f"{_DRUMS}|{_FOREIGN_DRUMS}", re.IGNORECASE)
_TELLING: Final = re.compile(f"{_FOREIGN_MELODY}|{_FOREIGN_LEAD}|{_FOREIGN_SECOND}|{_FOREIGN_DRUMS}", re.IGNORECASE)
_DRUM_SOUNDS: Final = frozenset({113, 115, 116, 117, 118, 119})  # agogo, woodblock, taiko, toms, reverse cymbal
_ENCODINGS: Final = ("cp932", "gb18030", "big5", "cp949", "cp1251", "cp1253")


def melody_rank(name: str) -> int | None:
    """How clearly a name says that this is the melody; None if it does not.

    >>> melody_rank("Singstimme"), melody_rank("Lead"), melody_rank("Lead Guitar"), melody_rank("Backing Vocals")
    (0, 1, 2, None)
    """
    if _SAYS_SECOND.search(name):
        return None
    if _SAYS_MELODY.search(name):
        return SAYS_MELODY
    if _SAYS_LEAD.search(name):
        return SAYS_SOLO_INSTRUMENT if _SAYS_INSTRUMENT.search(name) else SAYS_LEAD
    return None


def first_named(names: Sequence[str], sizes: Sequence[int]) -> tuple[int | None, list[int]]:
    """Which of several tracks is named as the melody, and all that are as good candidates, in their order.

    The clearest name counts, then the order of the file. A track of few notes (`sizes`) is none, whatever its name; and
    a name that all bear says nothing.

    >>> first_named(["Lead Guitar", "Vocals", "Piano"], [60, 40, 300])
    (1, [1])
    """
    ranks = [None] * len(names) if len(set(names)) == 1 < len(names) else [melody_rank(name) for name in names]
    most = max(sizes)
    named = [place for place, rank in enumerate(ranks) if rank is not None and sizes[place] >= _SOME * most]
    sung = {place for place in named if ranks[place] == SAYS_MELODY and sizes[place] >= _FEW}
    named = [place for place in named if sizes[place] >= _FULL * most or place in sung]
    full = max((sizes[place] for place in named), default=0)
    named = [place for place in named if sizes[place] >= _FULL * full]
    if not named:
        return None, []
    taken = min(named, key=lambda place: (ranks[place], place))
    rivals = [place for place in named if ranks[place] != SAYS_SOLO_INSTRUMENT or ranks[taken] == SAYS_SOLO_INSTRUMENT]
    return taken, rivals


def says_drums(name: str, program: int) -> str:
    """Why a track is drums though it is not on the channel of drums: 'name', 'sound'; '' if it is none.

    >>> says_drums("Drum Kit", 0), says_drums("Steel Drums", 114), says_drums("", 118)
    ('name', '', 'sound')
    """
    if melody_rank(name) == SAYS_MELODY:
        return ""
    return "name" if _SAYS_DRUMS.search(name) else "sound" if program in _DRUM_SOUNDS else ""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def foreign_name(raw: bytes) -> str | None:
    """A name that is no UTF-8 but has a word of the tables in another encoding; None if it has none."""
    if raw.isascii() or len(raw) > _LONGEST or _is_utf8(raw):
        return None
    for encoding in _ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isprintable() and _TELLING.search(text):
            return text.strip()
    return None


def listed(names: Sequence[str]) -> str:
    """Several names in words.

    >>> listed(["a", "b", "c"]), listed([*"abcdefg"])
    ('a, b and c', 'a, b, c, d, e and 2 more')
    """
    told = [*names]
    if len(told) > _TOLD:
        told[_TOLD:] = [f"{len(told) - _TOLD} more"]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
