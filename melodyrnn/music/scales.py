"""Scales by name, relative to a tonic: what musicians ask for beside the modes.

Conventions
    Steps are semitones above the tonic, on twelve equal ones: of maqamat and ragas that is what a keyboard can play,
    and those with quarter tones (rast, bayati, saba …) are not here.

Sources, as looked at on 2026-11-30
    acoustic, aeolian, altered, augmented, bebop dominant, blues, dorian: the list of scales and modes of Wikipedia
    (wikimili.com/en/List_of_musical_scales_and_modes); pentatonic, whole tone, hirajoshi, iwato, kumoi: Tidal's
    (hackage.haskell.org/package/tidal-0.9/docs/src/Sound-Tidal-Scales.html); iwato, insen, miyako bushi, major and
    minor blues, persian, phrygian dominant, enigmatic, neapolitan: gist.github.com/Janiczek/7967893; hungarian,
    melodic minor, octatonic: gist.github.com/aarongeorge/c7e4165ccc359a25e2255f9acaf71698; bebop major, byzantine,
    diminished, double harmonic: gist.github.com/tuchella/8462a7bffa544727d552474e7063de76; ukrainian dorian, harmonic
    major, lydian augmented, lydian dominant: hex.pm/packages/undertheory (uth/scale.lfe); hijaz, hijaz kar, kurd, ajam,
    nahawand: microtonaltheory.com/maqamworld-data; bhairav … todi, the thaats: nzashram.org/thats.
    The others (half whole, yo, in, ryukyu, nikriz, nawa athar, freygish, misheberak …) are common practice: no source
    was looked at.

Contents: NAMED_SCALES, scale_named, mode_beside (the mode nearest to a scale), nearest_scale.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from melodyrnn.music.key import MODES, SCALES

NAMED_SCALES: Final = SCALES | {
    "ionian": SCALES["major"], "aeolian": SCALES["minor"], "natural minor": SCALES["minor"],
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11), "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "jazz minor": (0, 2, 3, 5, 7, 9, 11),
    "harmonic major": (0, 2, 4, 5, 7, 8, 11), "pentatonic": (0, 2, 4, 7, 9), "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10), "blues": (0, 3, 5, 6, 7, 10), "minor blues": (0, 3, 5, 6, 7, 10),
    "major blues": (0, 2, 3, 4, 7, 9), "whole tone": (0, 2, 4, 6, 8, 10), "chromatic": tuple(range(12)),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11), "whole half diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "half whole diminished": (0, 1, 3, 4, 6, 7, 9, 10), "dominant diminished": (0, 1, 3, 4, 6, 7, 9, 10),
    "octatonic": (0, 1, 3, 4, 6, 7, 9, 10), "altered": (0, 1, 3, 4, 6, 8, 10), "super locrian": (0, 1, 3, 4, 6, 8, 10),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10), "acoustic": (0, 2, 4, 6, 7, 9, 10),
    "lydian augmented": (0, 2, 4, 6, 8, 9, 11), "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "augmented": (0, 3, 4, 7, 8, 11), "bebop": (0, 2, 4, 5, 7, 9, 10, 11), "bebop dominant": (0, 2, 4, 5, 7, 9, 10, 11),
    "bebop major": (0, 2, 4, 5, 7, 8, 9, 11), "hijaz": (0, 1, 4, 5, 7, 8, 10), "hijaz kar": (0, 1, 4, 5, 7, 8, 11),
    "nahawand": (0, 2, 3, 5, 7, 8, 11), "nikriz": (0, 2, 3, 6, 7, 9, 10), "nawa athar": (0, 2, 3, 6, 7, 8, 11),
    "kurd": (0, 1, 3, 5, 7, 8, 10), "ajam": (0, 2, 4, 5, 7, 9, 11), "freygish": (0, 1, 4, 5, 7, 8, 10),
    "ahava raba": (0, 1, 4, 5, 7, 8, 10), "spanish": (0, 1, 4, 5, 7, 8, 10), "misheberak": (0, 2, 3, 6, 7, 9, 10),
    "ukrainian dorian": (0, 2, 3, 6, 7, 9, 10), "romanian minor": (0, 2, 3, 6, 7, 9, 10),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11), "byzantine": (0, 1, 4, 5, 7, 8, 11),
    "hungarian minor": (0, 2, 3, 6, 7, 8, 11),
    "hungarian major": (0, 3, 4, 6, 7, 9, 10), "gypsy minor": (0, 2, 3, 6, 7, 8, 11),
    "neapolitan minor": (0, 1, 3, 5, 7, 8, 11), "neapolitan major": (0, 1, 3, 5, 7, 9, 11),
    "persian": (0, 1, 4, 5, 6, 8, 11), "enigmatic": (0, 1, 4, 6, 8, 10, 11), "bhairav": (0, 1, 4, 5, 7, 8, 11),
    "bhairavi": (0, 1, 3, 5, 7, 8, 10), "kafi": (0, 2, 3, 5, 7, 9, 10), "khamaj": (0, 2, 4, 5, 7, 9, 10),
    "kalyan": (0, 2, 4, 6, 7, 9, 11), "asavari": (0, 2, 3, 5, 7, 8, 10), "marwa": (0, 1, 4, 6, 7, 9, 11),
    "purvi": (0, 1, 4, 6, 7, 8, 11), "todi": (0, 1, 3, 6, 7, 8, 11), "hirajoshi": (0, 2, 3, 7, 8),
    "in": (0, 1, 5, 7, 8), "miyako bushi": (0, 1, 5, 7, 8), "yo": (0, 2, 5, 7, 9), "iwato": (0, 1, 5, 6, 10),
    "insen": (0, 1, 5, 7, 10), "kumoi": (0, 2, 3, 7, 9), "ryukyu": (0, 4, 5, 7, 11),
}  # fmt: skip
"""Semitones above the tonic, by name."""

_WORDS: Final = {
    "wholetone": "whole tone", "ganzton": "whole tone", "ganztonleiter": "whole tone", "hexatonic": "", "scale": "",
    "mode": "", "maqam": "", "raga": "", "raag": "", "thaat": "", "tonleiter": "", "m": "minor", "min": "minor",
    "moll": "minor", "mineur": "minor", "minore": "minor", "maj": "major", "dur": "major", "majeur": "major",
    "maggiore": "major", "harmonic": "harmonic", "harmonisch": "harmonic", "harmonisches": "harmonic",
    "melodisch": "melodic", "melodisches": "melodic", "pentatonik": "pentatonic", "penta": "pentatonic",
    "chromatisch": "chromatic", "zigeunermoll": "hungarian minor", "dorisch": "dorian", "phrygisch": "phrygian",
    "lydisch": "lydian", "mixolydisch": "mixolydian", "lokrisch": "locrian", "ionisch": "ionian",
    "hijazkar": "hijaz kar",
    "superlocrian": "super locrian", "äolisch": "aeolian", "hicaz": "hijaz", "hijazz": "hijaz", "freigish": "freygish",
}  # fmt: skip


def scale_named(name: str) -> tuple[int, ...] | None:
    """The steps of a scale by its name, in any order of its words; None for a name that is not known.

    >>> scale_named("Blues"), scale_named("pentatonic-minor"), scale_named("xyz")
    ((0, 3, 5, 6, 7, 10), (0, 3, 5, 7, 10), None)
    """
    words = _words_of(name)
    return NAMED_SCALES.get(" ".join(words)) or _by_words().get(frozenset(words))


def _words_of(name: str) -> list[str]:
    words = name.lower().replace("-", " ").replace("_", " ").split()
    return " ".join(_WORDS.get(word, word) for word in words).split()


@lru_cache(maxsize=1)
def _by_words() -> dict[frozenset[str], tuple[int, ...]]:
    return {frozenset(name.split()): steps for name, steps in NAMED_SCALES.items()}


def nearest_scale(name: str) -> str:
    """The known name that is most like one that is not; "" where none is."""
    return "".join(get_close_matches(" ".join(name.lower().split()), NAMED_SCALES, 1))


def mode_beside(name: str, steps: tuple[int, ...]) -> str:
    """The mode of the key that a scale goes with: the one it is called after, else the one it shares most tones with.

    >>> mode_beside("blues", (0, 3, 5, 6, 7, 10)), mode_beside("hijaz", (0, 1, 4, 5, 7, 8, 10))
    ('minor', 'phrygian')
    """
    said = [mode for mode in MODES if mode in _words_of(name)]
    return said[0] if said else max(MODES, key=lambda mode: _likeness(mode, steps))


def _likeness(mode: str, steps: tuple[int, ...]) -> tuple[int, bool]:
    """Tones that a mode shares with a scale; of equals the one with its third."""
    return len({*SCALES[mode]} & {*steps}), SCALES[mode][2] in steps
