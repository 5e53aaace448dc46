"""Originality: copies are found by tune and bar, and a rule keeps runs short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint import Card, Checkpoint, NetworkConfig
from melodyrnn.compose.generate import choose, generate, model_of
from melodyrnn.compose.options import Options
from melodyrnn.compose.originality import Copied, Usual, copied, index_of, limit_copy, usual_of
from melodyrnn.compose.rules import Rules, Spot
from melodyrnn.compose.sampling import mask
from melodyrnn.compose.stream import Stream, Told
from melodyrnn.compose.timeline import of_metres
from melodyrnn.errors import OptionError
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.music.melody import Key, Melody, Metre, Note


def tune(seed, notes=48):
    """A random melody in eighths and quarters."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24], notes)
    ends, pitches = np.cumsum(lengths), 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
    rows = zip((ends - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), key=Key(0))


def cols(melody):
    """The columns of a melody."""
    return columns(encode(melody))


TUNES = [tune(i) for i in range(20)]
INDEX = Index.build((f"tune {i}", cols(t)) for i, t in enumerate(TUNES))


def copier(longest, *, seed, others=Rules(), noise=0.05):  # noqa: B008 - a frozen value
    """Notes of a composer that knows the tunes by heart: it goes on as they do, unless it may not.

    At each note it finds the tune whose notes before agree longest, and gives its next note nearly all probability.
    """
    stream = Stream(QUIET.network, Told(*(np.array([x]) for x in (1, 0, 61, 0))), of_metres((Metre(),), 1))
    rules = others + (limit_copy(INDEX, longest) if longest else Rules())
    rng, played = np.random.default_rng(seed), []
    source, at = int(rng.integers(20)), int(rng.integers(8))
    for _ in range(40):
        if at >= 48 or rng.random() < noise:
            source, at = int(rng.integers(20)), int(rng.integers(30))
        note = TUNES[source].notes[at]
        lean = _Leaning(stream, note, TUNES[source].notes[at - 1].pitch if at else None)
        made = choose(lean, rules, (_same, _same, _same), rng.random((1, 3)))
        stream.hear(made.rest, made.duration, made.pitch)
        played.append((int(made.rest[0]), int(made.duration[0]), int(made.pitch[0])))
        at += 1
    return played


def _same(logs, _spot):
    return logs


class _Leaning:
    """A stream whose expectations are replaced: no rest, the tune's length, the tune's interval."""

    def __init__(self, stream, note, before):
        self.stream, self.note, self.before = stream, note, before
        for name in ("notes", "tick", "last", "timeline", "heard", "spent"):
            setattr(self, name, getattr(stream, name))

    def __len__(self):
        return 1

    def rest(self):
        return _sure(0, END + 1)

    def duration(self, _rest):
        return _sure(DURATIONS.index(self.note.duration), len(DURATIONS))

    def pitch(self, _rest, _duration):
        last = int(self.last[0])
        step = 0 if self.before is None or last < 0 else self.note.pitch - self.before
        return _sure(min(max((last if last >= 0 else 36) + step, 0), len(PITCHES) - 1), len(PITCHES))


def _sure(row, size):
    logs = np.full((1, size), np.log(1e-4))
    logs[0, row] = 0.0
    return logs


def melody_of(played):
    """Rows of the tables as a melody."""
    tick, notes = 0, []
    for rest, duration, pitch in played:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        notes.append(Note(onset, DURATIONS[duration], 60 + PITCHES[pitch]))
    return Melody(tuple(notes), key=Key(0))


CONFIG = NetworkConfig(cell="rnn", hidden=4, embed=4, head=4, keys=2)


def _quiet():
    from melodyrnn.checkpoint import expected_shapes  # noqa: PLC0415

    weights = {n: np.zeros(s, np.float32) for n, s in expected_shapes(CONFIG).items()}
    return model_of(Checkpoint(CONFIG, Card(), weights, INDEX.to_tensors()))


QUIET = _quiet()


def test_who_knows_tunes_by_heart_is_caught_by_name_and_bar():
    """Without a limit the copier's runs are long, and named as the tune and bar they are from."""
    melody = melody_of(copier(None, seed=3, noise=0.0))
    found = copied(INDEX, melody)
    assert found.length > 30
    assert found.tune in {f"tune {i}" for i in range(20)}
    source = TUNES[int(found.tune.split()[1])]
    assert 0 <= found.tune_bar < source.bars
    assert str(found).startswith(f"{found.length} notes in a row from bar 1 as in '{found.tune}', bar ")


@pytest.mark.parametrize("longest", [8, 9, 12])
def test_no_run_is_longer_than_allowed(longest):
    """150 melodies of a composer that copies whenever it may: never one note more than the limit."""
    runs = [copied(INDEX, melody_of(copier(longest, seed=seed))).length for seed in range(50)]
    assert max(runs) == longest  # the rule takes no more than it must


def test_the_limit_finds_a_way_round_other_rules():
    """Where another rule leaves one pitch only, and that would copy, the rhythm gives way."""

    def theirs(logs, spot):
        """Only the pitches of tune 0, note by note."""
        wanted = TUNES[0].notes[min(spot.notes, 47)].pitch - 60 - PITCHES[0]
        return mask(logs, np.arange(len(PITCHES)) == wanted)

    played = copier(8, seed=0, others=Rules(pitch=(theirs,)))
    assert [PITCHES[p] + 60 for _, _, p in played] == [n.pitch for n in TUNES[0].notes[:40]]
    assert copied(INDEX, melody_of(played)).length <= 8


PLANTED = {
    "transposed": lambda notes: [replace(n, pitch=n.pitch + 5) for n in notes],
    "doubled": lambda notes: [replace(n, onset=2 * n.onset, duration=2 * n.duration) for n in notes],
    "a bar later": lambda notes: [replace(n, onset=n.onset + 96) for n in notes],
}


@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_copy_is_found(how):
    """Twelve notes of tune 7 within another melody: transposed, at double length, shifted by a bar."""
    run = PLANTED[how](TUNES[7].notes[10:22])
    shift = 480 - run[0].onset + (run[0].onset % 96)
    moved = tuple(replace(n, onset=n.onset + shift) for n in run)
    host = tuple(n for n in tune(99).notes if n.end <= 440)
    found = copied(INDEX, Melody((*host, *moved), key=Key(0)))
    assert (found.length, found.tune) == (12, "tune 7")
    assert found.tune_bar == TUNES[7].place(TUNES[7].notes[10].onset)[0]
    assert found.bar == moved[0].onset // 96


def test_generating_with_a_limit_keeps_it(random_weights):
    """The option reaches the rule: tiny vocabulary in effect, all tunes learnt, hundreds of notes, no longer run."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    plain = model_of(Checkpoint(config, Card(), random_weights(config, 0.3)))
    free = Options(seed=1, bars=16, temperature=0.05)
    written = [g.melody for g in generate(plain, free, 24)]
    index = Index.build((f"own {k}", cols(m)) for k, m in enumerate(written))
    learnt = model_of(Checkpoint(config, Card(), random_weights(config, 0.3), index.to_tensors()))
    assert copied(index_of(learnt.checkpoint), next(generate(learnt, free)).melody).length > 8
    limited = list(generate(learnt, replace(free, max_copy=8), 24))
    assert max(copied(index, g.melody).length for g in limited) <= 8
    alone = next(generate(learnt, replace(free, max_copy=8, seed=20)))
    assert alone.melody == limited[19].melody


def test_a_limit_below_the_span_is_refused():
    """Runs of fewer notes than a fingerprint has cannot be counted, and the option says so."""
    with pytest.raises(OptionError, match=r"^max-copy: runs of fewer than 8 notes belong to everybody; give 8$"):
        limit_copy(INDEX, 7)


def test_a_model_without_fingerprints_finds_and_forbids_nothing(model):
    """An empty index shares no run; the limit changes no melody."""
    (one,) = generate(model, Options(seed=2, bars=4))
    (other,) = generate(model, Options(seed=2, bars=4, max_copy=8))
    assert one.melody == other.melody
    assert copied(index_of(model.checkpoint), one.melody) == Copied(notes=len(one.melody.notes))
    assert str(Copied()) == "no run shared with a training tune"


def test_what_is_normal_stands_on_the_card():
    """Median and 95th percentile of held-out tunes, when the card tells both."""
    assert usual_of(Card()) is None
    usual = usual_of(Card(facts={"copy_median": 9.0, "copy_p95": 16.0}))
    assert usual == Usual(9, 16)
    assert str(usual) == "tunes that the model never saw share 9 in the median, 95 of 100 at most 16"


def test_spots_without_a_past_are_left_alone():
    """A rule asked about a spot that tells no past forbids nothing."""
    logs = np.zeros((1, len(PITCHES)))
    spot = Spot(20, 0, np.array([480]), np.array([36]), of_metres((Metre(),), 1), rest=np.array([0]))
    assert limit_copy(INDEX, 8).pitch[0](logs, spot) is logs
