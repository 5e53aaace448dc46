"""What is asked for is kept, in every combination, or refused before a note is drawn."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melodyrnn.compose.generate import generate
from melodyrnn.controls.feasibility import said
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from tests.independent_checks import broken

METRES = [Metre(*m) for m in ((4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8), (2, 4), (2, 2), (9, 8), (3, 8))]
WISHES = {
    "in_scale": st.sampled_from(["strict", "mostly"]),
    "scale": st.sampled_from(["C D Eb F# G Ab B", "C Eb F G Bb", "C D E F G A B"]),
    "forbid": st.sampled_from(["F#", "C5 D", "B Bb4"]),
    "require": st.sampled_from(["G4", "E", "C D", "A4 C5 E"]),
    "range": st.sampled_from(["C4-A5", "G3-G4", "C2-C3", "A4-E5"]),
    "max_leap": st.integers(3, 12),
    "density": st.sampled_from(["sparse", "medium", "dense", "4", "3-6"]),
    "contour": st.sampled_from(["arch", "rise", "fall", "wave", "0 2 5 3"]),
    "durations": st.sampled_from(["1/4 1/8", "1/8", "1/16 1/8 3/8"]),
    "end": st.sampled_from(["tonic", "open", "3", "6"]),
    "form": st.sampled_from(["AABA", "AABB", "AA'BA'", "AB", "AA+2", "AA-inv"]),
    "breathe": st.sampled_from(["1", "2", "1.5"]),
    "chords": st.sampled_from(["Am F | G C", "C:1 G7:1", "Dm7"]),
    "chord_tones": st.sampled_from(["prefer", "rule"]),
    "loop": st.just(True),
    "key": st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor", "dorian"])),
    "upbeat": st.sampled_from([12, 24]),
}
REQUESTS = st.lists(st.sampled_from(sorted(WISHES)), max_size=5, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: WISHES[name] for name in names})
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    REQUESTS,
    st.sampled_from(METRES),
    st.sampled_from([1, 2, 3, 4, 8]),
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 3]),
)
def test_any_combination_is_kept_or_refused(model, wishes, metre, bars, seed, effort):
    """Whatever is asked for together: every melody keeps all of it, or none is begun."""
    try:
        options = Options(seed=seed, bars=bars, metre=metre, effort=effort, **wishes)
        melodies = generate(model, options, 2)
    except OptionError:
        return
    for made in melodies:
        assert broken(options, made.melody) == []
        assert made.price >= -1e-9


PRIME = Melody(tuple(Note(24 * i, 24, p) for i, p in enumerate((69, 71, 72, 76, 74))), (Metre(),), Key(9, "minor"))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(REQUESTS, st.sampled_from([1, 2, 5]), st.integers(0, 10**6))
def test_it_is_kept_after_a_prime_too(model, wishes, bars, seed):
    """Constraints hold for what is new; what was given stays."""
    wishes = {k: v for k, v in wishes.items() if k not in {"upbeat", "key"}}
    try:
        options = Options(seed=seed, bars=bars, **wishes)
        (made,) = generate(model, options, prime=PRIME)
    except OptionError:
        return
    assert made.melody.notes[:5] == PRIME.notes
    assert made.melody.bars == 2 + bars
    assert broken(options, made.melody, 5) == []


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"range": "C4-C#4", "require": "G4"}, "require: G4 is left out"),
        ({"bars": 3, "metre": Metre(7, 8), "durations": "1/2"}, "3 bars of 7/8 cannot be filled with 1/2 alone"),
        ({"range": "C4-C#4", "scale": "E G"}, "no pitch is left"),
        (
            {"bars": 15, "form": "AABA"},
            "AABA has 4 sections of equal length, so bars must be a multiple of 4: 12 or 16",
        ),
        ({"bars": 3, "form": "AABA"}, "a multiple of 4: 4, not 3"),
        ({"density": "dense", "durations": "1/1"}, "without any one of: density dense, durations 1/1"),
        ({"end": "tonic", "forbid": "C"}, "without any one of: forbid C, end tonic"),
        ({"max_leap": 1, "scale": "C E G", "require": "C E"}, "scale C E G"),
        ({"bars": 4, "form": "AA'BA'"}, "two bars or more"),
        ({"bars": 1, "density": "1", "require": "C D"}, "density 1"),
        ({"bars": 3, "metre": Metre(7, 8), "durations": "1/2", "chords": "Am"}, "cannot be filled with 1/2 alone"),
        (
            {"bars": 2, "range": "C4-E4", "max_leap": 1, "chords": "Am F", "require": "C4 E4", "density": "1"},
            "there is one without any one of: require C4 E4, max-leap 1, density 1",
        ),
        (
            {"bars": 3, "metre": Metre(3, 4), "upbeat": 6, "durations": "1/8"},
            "3 bars of 3/4 after an upbeat of 1/16 cannot be filled with 1/8 alone",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(model, wishes, reason):
    """Before a note is drawn, and naming what excludes what."""
    with pytest.raises(Unsatisfiable) as refused:
        generate(model, Options(**wishes))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("scale", {"scale": "C H"}), ("in-scale", {"in_scale": "loosely"}), ("forbid", {"forbid": "X4"}),
        ("require", {"require": "C D E F G A"}), ("range", {"range": "A5-C4"}), ("range", {"range": "C-A"}),
        ("max-leap", {"max_leap": 0}), ("density", {"density": "thick"}), ("density", {"density": "6-3"}),
        ("in-scale", {"scale": "C D", "in_scale": "free"}),
        ("contour", {"contour": "zigzag"}), ("contour", {"contour": "arch", "bars": None}),
        ("durations", {"durations": "1/7"}), ("end", {"end": "major"}), ("form", {"form": "rondo"}),
        ("end", {"end": "8"}), ("form", {"form": "A'A"}), ("chords", {"chords": "X7", "metre": Metre()}),
        ("effort", {"effort": 0}), ("chord-tones", {"chord_tones": "always"}),
        ("surprise", {"surprise": 3.0, "top_k": 1}), ("upbeat", {"upbeat": 6, "metre": Metre(12, 8)}),
    ],
)  # fmt: skip
def test_senseless_constraints_are_named(option, wrong):
    """A text that says nothing is refused, and the error names its option."""
    with pytest.raises(OptionError, match=f"^{option}: "):
        Options(**wrong)


@pytest.mark.parametrize("metre", METRES, ids=str)
def test_a_loop_fills_its_bars_in_every_metre(model, metre):
    """The last note ends on the last bar line, at bars times ticks."""
    (made,) = generate(model, Options(bars=8, metre=metre, loop=True, seed=4))
    assert made.melody.notes[-1].end == made.melody.end == 8 * metre.bar_ticks


def test_a_loop_of_one_particle_ends_too(model):
    """With masks alone nothing hears the beginning again: it is not written a second time."""
    options = Options(bars=1, loop=True, forbid="F#", effort=1, seed=400)
    for made in generate(model, options, 3):
        assert broken(options, made.melody) == []


def test_leanings_lean(model):
    """In scale "mostly", a contour and chords as a preference shift what is chosen, without forbidding it."""

    def share(found, wanted):
        notes = [n for g in found for n in g.melody.notes]
        return sum(map(wanted, notes)) / len(notes)

    plain = list(generate(model, Options(bars=2), 20))
    inside = list(generate(model, Options(bars=2, in_scale="mostly", effort=2), 20))
    in_c = lambda n: n.pitch % 12 in Key(0).scale  # noqa: E731
    assert share(plain, in_c) + 0.15 < share(inside, in_c) < 1
    rising, falling = (list(generate(model, Options(bars=4, contour=c, effort=2), 8)) for c in ("rise", "fall"))
    low = [sum(n.pitch for n in g.melody.notes[:4]) for g in rising]
    high = [sum(n.pitch for n in g.melody.notes[:4]) for g in falling]
    assert sum(low) < sum(high)


def test_melody_k_is_what_its_own_seed_gives_with_constraints(model):
    """Particles too depend on the melody's own seed alone."""
    wishes = {"bars": 4, "end": "tonic", "range": "G3-G5", "loop": True}
    many = list(generate(model, Options(seed=7, **wishes), 4))
    for k, made in enumerate(many):
        (alone,) = generate(model, Options(seed=7 + k, **wishes))
        assert alone.melody == made.melody
        assert alone.bits.tobytes() == made.bits.tobytes()


def test_chords_that_are_to_be_written_do_not_hide_the_reason(model):
    """Tried without its chords, a request for a chord track is none for a track of nothing; one bar is one bar."""
    asked = Options(bars=1, chords="C", chord_tones="rule", forbid="C E G", chord_track=True)
    with pytest.raises(Unsatisfiable, match="no melody of 1 bar of 4/4 meets them together; there is one without"):
        next(generate(model, asked))


def test_a_loop_is_told_by_its_name():
    """A flag has no value worth saying."""
    loop, end = (next(c for c in Options(loop=True, end="tonic").given if c.name() == name) for name in ("loop", "end"))
    assert said([loop, end]) == "any one of: loop, end tonic"


@pytest.mark.parametrize("effort", [1, 4])
def test_a_loop_after_a_prime_leads_back_to_its_first_note(model, effort):
    """With --max-leap the step from the last new note to the first of the prime is a step like the others."""
    for seed in range(6):
        options = Options(bars=2, loop=True, max_leap=3, seed=seed, effort=effort)
        (made,) = generate(model, options, prime=PRIME)
        assert abs(made.melody.notes[-1].pitch - PRIME.notes[0].pitch) <= 3
        assert broken(options, made.melody, 5) == []


@pytest.mark.parametrize(
    ("chords", "key"), [("Ebm Bbm | Gb Db", Key(3, "minor")), ("G Em | C D", Key(7)), ("N.C.", Key(0))]
)
def test_chords_give_the_key(model, chords, key):
    """Where neither a key nor a prime says it; a key that is asked for stays."""
    assert next(generate(model, Options(chords=chords))).melody.key == key
    assert next(generate(model, Options(chords=chords, key=Key(2)))).melody.key == Key(2)
    assert next(generate(model, Options(chords=chords), prime=PRIME)).melody.key == PRIME.key


def test_an_upbeat_that_is_not_known_is_told_with_the_nearest():
    """In note values, not in ticks."""
    with pytest.raises(OptionError, match=r"^upbeat: 1/16 is not known in 12/8; the nearest that is: 1/8$"):
        Options(upbeat=6, metre=Metre(12, 8))
    Options(upbeat=12, metre=Metre(12, 8))


def test_a_mode_that_is_named_is_kept_to(model):
    """In dorian notes outside the scale cost more, unless that is left to the network; in minor they do not."""

    def outside(**asked):
        found = list(generate(model, Options(bars=2, **asked), 20))
        return sum(n.pitch % 12 not in asked["key"].scale for g in found for n in g.melody.notes)

    dorian = Key(2, "dorian")
    assert 2 * outside(key=dorian) < outside(key=dorian, in_scale="free")
    assert outside(key=dorian) == outside(key=dorian, in_scale="mostly", effort=1)
    minor = {"key": Key(2, "minor")}
    assert outside(**minor) == outside(**minor, in_scale="free")
    chords = {"key": dorian, "chords": "Dm G", "chord_tones": "rule"}
    assert outside(**chords) == outside(**chords, in_scale="free")


def test_no_bar_is_skipped_by_a_long_rest(model):
    """A density holds for each bar, also where a rest could leave one empty."""
    options = Options(bars=4, density="1-2", durations="1/2 3/2", seed=1)
    for made in generate(model, options, 20):
        assert broken(options, made.melody) == []


def test_a_form_with_upbeat_and_density_is_refused(model):
    """Its sections lie across the bars that a density counts."""
    with pytest.raises(OptionError, match="neither with loop nor with density"):
        next(generate(model, Options(bars=4, form="AB", upbeat=24, density="1-4"), 1))


@pytest.mark.parametrize("last", [(72, 12), (60, 36), (60, 12)])
def test_an_end_off_the_beat_or_short_is_none(last):
    """The checker of promises looks at onset and length of the last note."""
    melody = Melody((Note(0, 48, 67), Note(*last, 60)), key=Key(0))
    assert any(said.startswith("end:") for said in broken(Options(bars=None, end="tonic"), melody))
