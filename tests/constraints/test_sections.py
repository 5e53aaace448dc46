"""Sections that meet under a limit of leaps: what the rules leave is what is possible, counted by brute force."""

from itertools import product

import numpy as np
import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.constraints.sections import Factor, eliminated, manageable, widest
from melodyrnn.controls.clock import Frame
from melodyrnn.controls.feasibility import looked_or_refused
from melodyrnn.controls.gather import rules_of
from melodyrnn.controls.options import Options
from melodyrnn.controls.plan import _homes, hard_rules, reach
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.inference.decoder import of_metres
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from tests.independent_checks import broken

BEAT = Metre(1, 4)
C4_E4_G4 = {"range": "C4-G4", "forbid": "C# D D# F F#"}
C4_D4_F4 = {"range": "C4-F4", "forbid": "C# D# E"}
A3_C4_D4_F4 = {"range": "A3-F4", "forbid": "A# B C# D# E"}
G3_C4_GB4 = {"range": "G3-Gb4", "forbid": "G# A A# B C# D D# E F"}
REQUESTS = [
    {"form": "AABA", "max_leap": 3, **C4_E4_G4}, {"form": "AABA", "max_leap": 4, **A3_C4_D4_F4},
    {"form": "ABA", "max_leap": 2, **C4_D4_F4, "loop": True}, {"form": "AABB", "max_leap": 3, **A3_C4_D4_F4},
    {"form": "ABAC", "max_leap": 3, **C4_D4_F4, "end": "tonic"}, {"form": "ABAB", "max_leap": 6, **G3_C4_GB4},
    {"form": "ABCABC", "max_leap": 3, **C4_D4_F4}, {"form": "ABACA", "max_leap": 2, **C4_D4_F4, "require": "F"},
    {"form": "AA'", "max_leap": 3, **C4_E4_G4}, {"form": "AA'A", "max_leap": 3, **C4_D4_F4, "require": "C F"},
    {"form": "ABA'", "max_leap": 4, **C4_E4_G4, "loop": True},
    {"form": "ABA", "max_leap": 3, **C4_E4_G4, "density": "1"},
    {"form": "AABA", "max_leap": 3, **C4_E4_G4, "durations": "1/8", "loop": True},
]  # fmt: skip


def options_of(wishes):
    """One beat for a section, two where one is varied; quarters unless eighths are asked for."""
    sections, bars = len(wishes["form"].replace("'", "")), 2 if "'" in wishes["form"] else 1
    return Options(**{"bars": sections * bars, "metre": BEAT, "durations": "1/4", **wishes})


def frame_of(options, metre=BEAT):
    """The whole melody, in C."""
    bar, melody = metre.bar_ticks, Melody((), (metre,), Key(0))
    end = bar * options.bars
    return Frame(setting=options.setting, melody=melody, key=Key(0), anchor=60, end=end, last_bar=end - bar)


def rules_for(options):
    """What is left by the look-ahead."""
    frame = frame_of(options)
    return hard_rules(looked_or_refused(options, *rules_of(options, frame)), frame)


def left(rules):
    """Every melody that the rules leave, as rows of the tables. There are no dead ends, or this fails."""

    def allowed(rule, values, context):
        logs = np.zeros((len(context.tick), values))
        for one in rule:
            logs = one(logs, context)
        assert np.isfinite(logs).any(1).all()
        return np.nonzero(np.isfinite(logs))

    def at(notes, ticks, **chosen):
        rests, durations, pitches = notes.transpose(2, 0, 1)
        last = pitches[:, -1] if pitches.shape[1] else np.full(len(notes), -1)
        heard = (rests, durations, pitches)
        return DecodingContext(notes.shape[1], 0, ticks, last, of_metres((BEAT,), len(notes)), heard, **chosen)

    whole, notes = set(), np.zeros((1, 0, 3), np.int64)
    while len(notes):
        ticks = (np.asarray(RESTS)[notes[:, :, 0]] + np.asarray(DURATIONS)[notes[:, :, 1]]).sum(1)
        rows, rest = allowed(rules.rest, END + 1, at(notes, ticks))
        whole |= {tuple(map(tuple, melody)) for melody in notes[rows[rest == END]].tolist()}
        rows, rest = rows[rest != END], rest[rest != END]
        onsets = ticks[rows] + np.asarray(RESTS)[rest]
        more, duration = allowed(rules.duration, len(DURATIONS), at(notes[rows], onsets, rest=rest)) if len(rows) else (
            rows, rows
        )  # fmt: skip
        rows, rest, onsets = rows[more], rest[more], onsets[more]
        if not len(rows):
            break
        more, pitch = allowed(rules.pitch, len(PITCHES), at(notes[rows], onsets, rest=rest, duration=duration))
        notes = np.concatenate((notes[rows[more]], np.stack((rest[more], duration[more], pitch), 1)[:, None]), 1)
    return whole


def possible(options):
    """Every melody of these notes without rests that keeps all promises."""
    low, high = options.range.split("-")
    names = {"G3": 55, "A3": 57, "C4": 60, "F4": 65, "Gb4": 66, "G4": 67}
    pitches = [p for p in range(names[low], names[high] + 1) if not broken(
        Options(forbid=options.forbid, bars=None), Melody((Note(0, 24, p),))
    )]  # fmt: skip
    length = 12 if options.durations == "1/8" else 24
    whole = set()
    for tune in product(pitches, repeat=24 * options.bars // length):
        melody = Melody(tuple(Note(length * k, length, p) for k, p in enumerate(tune)), (BEAT,), Key(0))
        if not broken(options, melody) and -5 <= tune[0] - 60 <= 6:  # what the anchor explains
            whole.add(tuple((0, DURATIONS.index(length), PITCHES.index(p - 60)) for p in tune))
    return whole


@pytest.mark.parametrize("wishes", REQUESTS, ids=lambda w: f"{w['form']} {w['max_leap']}")
def test_what_is_left_is_what_is_possible(wishes):
    """Not one melody more, not one fewer, and no dead end on the way."""
    options = options_of(wishes)
    wanted = possible(options)
    assert wanted
    found = left(rules_for(options))
    assert {melody for melody in found if not any(rest for rest, _, _ in melody)} == wanted


@pytest.mark.parametrize("wishes", [
    {"form": "AABA", "max_leap": 2, **C4_E4_G4, "require": "E G"},
    {"form": "ABA", "max_leap": 3, **G3_C4_GB4, "loop": True, "require": "C F#"},
])  # fmt: skip
def test_what_is_not_possible_is_refused(wishes):
    """Where brute force finds nothing, neither does the look-ahead."""
    options = options_of(wishes)
    assert not possible(options)
    with pytest.raises(Unsatisfiable):
        rules_for(options)


def test_sections_no_longer_meet_near_one_pitch():
    """What half the limit around one pitch left is a part of what is left now, and a small one."""
    options = options_of(REQUESTS[3])
    _, frame = rules_of(options, frame_of(options))
    space = looked_or_refused(options, *rules_of(options, frame)).space
    narrow = next(filter(None, (reach(tried, frame) for tried in _homes(space, loop=False))))
    before, after = left(hard_rules(narrow, frame)), left(rules_for(options))
    assert before < after
    assert 2 * len(before) < len(after)


def test_a_form_of_real_length_keeps_its_leaps(model):
    """Eight bars under a narrow limit: every promise, the copied joints too."""
    for form in ("AABA", "ABACA'D", "AA'BB'"):
        options = Options(form=form, bars=2 * len(form.replace("'", "")), max_leap=3, seed=3, effort=4)
        for made in generate(model, options, 2):
            assert broken(options, made.melody) == []


def test_what_is_too_much_to_look_ahead_over_is_narrower_but_kept(model):
    """Dense bars in a long form: sections meet near one pitch, and every promise is kept."""
    options = Options(form="AABA", bars=64, density="16", durations="1/16", max_leap=4, effort=1)
    space = looked_or_refused(options, *rules_of(options, frame_of(options, Metre()))).space
    assert not manageable(space, loop=False)
    (made,) = generate(model, options)
    assert broken(options, made.melody) == []


def test_elimination_is_brute_force():
    """What is left to two unknowns is what some values of the others allow."""
    rng = np.random.default_rng(0)
    scopes = [((0, 0), (1, 0)), ((1, 0), (2, 0)), ((2, 0), (3, 0)), ((3, 0), (0, 1)), ((1, 0), (3, 0)), ((2, 0),)]
    for _ in range(20):
        factors = [Factor(scope, rng.random((3,) * len(scope)) < 0.5) for scope in scopes]
        wanted = np.zeros((3, 3), bool)
        names = [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0)]
        for values in product(range(3), repeat=5):
            known = dict(zip(names, values, strict=True))
            if all(f.allowed[tuple(known[v] for v in f.scope)] for f in factors):
                wanted[values[:2]] = True
        assert (eliminated(factors, ((0, 0), (0, 1)), 3) == wanted).all()
    assert widest([set(scope) for scope in scopes], {(0, 0), (0, 1)}) == 2
