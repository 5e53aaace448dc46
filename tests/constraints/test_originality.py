"""Originality: copies are found by tune and bar, and a rule keeps runs short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model, model_of
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.particles import draw_one
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.constraints.logit_rules import LogitRules, mask
from melodyrnn.constraints.originality import Copied, Usual, copied, index_of, is_original, limit_copy, usual_of
from melodyrnn.controls.options import Options
from melodyrnn.controls.rules import FinishedMelody
from melodyrnn.errors import DeadEnd, OptionError, Unsatisfiable
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


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


def copier(longest, *, seed, others=LogitRules(), noise=0.05):  # noqa: B008 - a frozen value
    """Notes of a composer that knows the tunes by heart: it goes on as they do, unless it may not.

    At each note it finds the tune whose notes before agree longest, and gives its next note nearly all probability.
    """
    decoder = Decoder(QUIET.network, Conditions(*(np.array([x]) for x in (1, 0, 61, 0))), of_metres((Metre(),), 1))
    rules = others + (limit_copy(INDEX, longest) if longest else LogitRules())
    rng, played = np.random.default_rng(seed), []
    source, at = int(rng.integers(20)), int(rng.integers(8))
    for _ in range(40):
        if at >= 48 or rng.random() < noise:
            source, at = int(rng.integers(20)), int(rng.integers(30))
        note = TUNES[source].notes[at]
        lean = _Leaning(decoder, note, TUNES[source].notes[at - 1].pitch if at else None)
        made = sample_note(lean, rules, (_same, _same, _same), rng.random((1, 3)))
        decoder.step(made.rest, made.duration, made.pitch)
        played.append((int(made.rest[0]), int(made.duration[0]), int(made.pitch[0])))
        at += 1
    return played


def _same(logs, _spot):
    return logs


class _Leaning:
    """A stream whose expectations are replaced: no rest, the tune's length, the tune's interval."""

    def __init__(self, decoder, note, before):
        self.decoder, self.note, self.before = decoder, note, before
        for name in ("notes", "tick", "last", "timeline", "heard", "spent", "states"):
            setattr(self, name, getattr(decoder, name))

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
    from melodyrnn.checkpoint.file import expected_shapes  # noqa: PLC0415

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

    def theirs(logs, context):
        """Only the pitches of tune 0, note by note."""
        wanted = TUNES[0].notes[min(context.notes, 47)].pitch - 60 - PITCHES[0]
        return mask(logs, np.arange(len(PITCHES)) == wanted)

    played = copier(8, seed=0, others=LogitRules(pitch=(theirs,)))
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
    limited = list(generate(learnt, free.replace(max_copy=8), 24))
    assert max(copied(index, g.melody).length for g in limited) <= 8
    alone = next(generate(learnt, free.replace(max_copy=8, seed=20)))
    assert alone.melody == limited[19].melody


def test_a_limit_below_the_span_is_refused():
    """Runs of fewer notes than a fingerprint has cannot be counted, and the option says so."""
    with pytest.raises(OptionError, match=r"^max-copy: runs of fewer than 8 notes belong to everybody; give 8$"):
        next(generate(load_model("folk"), Options(max_copy=7)))


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


SMALL = NetworkConfig(hidden=16, embed=8, head=8, keys=4)


def knowing(tunes, random_weights):
    """A small model whose training tunes are these, and their index."""
    index = Index.build((f"own {k}", cols(t)) for k, t in enumerate(tunes))
    return model_of(Checkpoint(SMALL, Card(), random_weights(SMALL, 0.3), index.to_tensors())), index


def every_row_of_two(notes):
    """A tune of C and D in quarters in which every row of so many notes stands (greedy de Bruijn sequence)."""
    row, seen = [0] * notes, {(0,) * notes}
    while True:
        following = next((x for x in (1, 0) if (*row[1 - notes :], x) not in seen), None)
        if following is None:
            break
        row.append(following)
        seen.add(tuple(row[-notes:]))
    assert len(seen) == 2**notes
    return Melody(tuple(Note(24 * k, 24, 60 + 2 * x) for k, x in enumerate(row)), key=Key(0))


TIGHT = Options(range="C4-D4", forbid="C#", durations="1/4", bars=4, max_copy=8)


@pytest.mark.parametrize("effort", [1, 4])
def test_where_only_copies_are_left_one_line_names_the_rule(random_weights, effort):
    """Two pitches, one duration, no room for a rest, and a tune that has every row of nine of them."""
    model, _ = knowing([every_row_of_two(9)], random_weights)
    with pytest.raises(Unsatisfiable) as refused:
        next(generate(model, TIGHT.replace(density="4", effort=effort)))
    who = "a melody" if effort == 1 else "4 melodies side by side"
    assert str(refused.value) == (
        f"max-copy: 20 times {who} did not come through max-copy 8; ask for less of it, loosen another rule, or give "
        "more effort or another seed"
    )


def test_where_a_rest_is_left_it_is_found(random_weights):
    """The same without a density: a rest breaks every run."""
    model, index = knowing([every_row_of_two(9)], random_weights)
    for seed in range(4):
        melody = next(generate(model, TIGHT.replace(effort=1 + seed % 2, seed=seed))).melody
        assert copied(index, melody).length <= 8


@pytest.mark.parametrize("effort", [1, 4])
def test_a_loop_heard_again_keeps_the_limit(random_weights, effort):
    """The tunes that the model knows are loops gone through twice: their seams are forbidden like the rest."""
    plain = model_of(Checkpoint(SMALL, Card(), random_weights(SMALL, 0.3)))
    asked = Options(loop=True, bars=2, effort=effort, temperature=0.3)
    own = [twice(next(generate(plain, asked.seeded(seed))).melody) for seed in range(4)]
    learnt, index = knowing(own, random_weights)
    for seed in range(4):
        melody = next(generate(learnt, asked.replace(seed=seed, max_copy=8))).melody
        assert copied(index, twice(melody)).length <= 8


def twice(melody):
    """A loop and the loop again."""
    again = tuple(replace(n, onset=n.onset + melody.end) for n in melody.notes)
    return replace(melody, notes=melody.notes + again, length=0)


@pytest.mark.parametrize("form", ["AABA", "AAB"])
@pytest.mark.parametrize("effort", [1, 4])
def test_sections_that_come_back_keep_the_limit(random_weights, form, effort):
    """A model that knows its own tunes by heart writes them again; with the limit no run is longer, joints included."""
    plain = model_of(Checkpoint(SMALL, Card(), random_weights(SMALL, 0.3)))
    asked = Options(form=form, bars=2 * len(form), effort=effort, temperature=0.3)
    own = [next(generate(plain, asked.seeded(seed))).melody for seed in range(3)]
    learnt, index = knowing(own, random_weights)
    free = next(generate(learnt, asked)).melody
    assert (free.notes, copied(index, free).length) == (own[0].notes, len(free.notes))
    for seed in range(3):
        melody = next(generate(learnt, asked.replace(seed=seed, max_copy=8))).melody
        assert copied(index, melody).length <= 8
        section = 2 * 96
        first = [n for n in melody.notes if n.onset < section]
        assert [replace(n, onset=n.onset - section) for n in melody.notes if section <= n.onset < 2 * section] == first


def test_a_joint_that_copies_is_never_passed(random_weights):
    """The tunes are the returns themselves: what A and its return have across the joint is all that is forbidden."""
    plain = model_of(Checkpoint(SMALL, Card(), random_weights(SMALL, 0.3)))
    asked = Options(form="AA", bars=4, effort=4, temperature=0.3, density="5-9")
    own = [next(generate(plain, asked.seeded(seed))).melody for seed in range(5)]
    joints = [replace(m, notes=tuple(replace(n, onset=n.onset - 96) for n in m.notes if 96 <= n.onset < 288), length=0)
              for m in own]  # fmt: skip
    learnt, index = knowing([m for m in joints if len(m.notes) > 8], random_weights)
    assert len(index.names)
    for seed in range(5):
        assert copied(index, next(generate(learnt, asked.replace(seed=seed, max_copy=8))).melody).length <= 8


def test_the_seam_of_a_loop_counts(random_weights):
    """A run that begins at the end of a loop and goes on at its beginning is one run."""
    pitches = [60, 62, 64, 65, 62, 67, 69, 64, 60, 71, 67, 65]
    learnt = Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate(pitches)), key=Key(0))
    model, index = knowing([learnt], random_weights)
    rows = np.array([(0, DURATIONS.index(24), PITCHES.index(p - 60)) for p in pitches[6:] + pitches[:6]])
    for loop, passes in ((False, True), (True, False)):
        assert original(prompt_for(model, Options(bars=3, loop=loop, max_copy=8)), rows) is passes
    whole = np.concatenate((rows[6:], rows[:6]))
    nothing = rows[:0]
    assert is_original(index, 12, nothing, whole, None)
    assert not is_original(index, 11, nothing, whole, None)
    assert original(prompt_for(model, Options(bars=3, max_copy=12)), whole)
    assert not original(prompt_for(model, Options(bars=3, max_copy=11)), whole)


def original(prompt, rows):
    """Whether new notes pass the test of --max-copy."""
    (test,) = prompt.plan.tests
    before = rows[:0] if prompt.frame.before is None else prompt.frame.before
    return test.passes(FinishedMelody(before, rows, lambda: pytest.fail("the rows say it all")))


def nothing_after(notes, rows=None):
    """Rules that leave no pitch from a note on, to all melodies or to some rows."""

    def pitch(logs, context):
        shut = np.zeros(len(logs), bool) if context.notes < notes else np.ones(len(logs), bool)
        if rows is not None:
            shut &= np.isin(np.arange(len(logs)), rows)
        return np.where(shut[:, None], -np.inf, logs)

    return LogitRules(pitch=(pitch,))


def test_a_melody_that_is_left_nothing_is_lost_and_no_other(model):
    """It is over at an infinite price; its neighbours sample_note as if it were not there."""
    alone = prompt_for(model, Options(seed=1)).decoder.select(np.zeros(3, np.int64))
    uniform = np.random.default_rng(1).random((3, 3))
    same = (_same, _same, _same)
    no_end = LogitRules(rest=(lambda logs, _: mask(logs, np.arange(END + 1) < END),))
    free = sample_note(alone, no_end, same, uniform)
    shut = sample_note(alone, no_end + nothing_after(0, [1]), same, uniform)
    assert shut.lost.tolist() == [False, True, False]
    assert shut.rest[1] == END
    assert free.pitch[[0, 2]].tolist() == shut.pitch[[0, 2]].tolist()


def test_particles_that_are_lost_are_not_drawn(model):
    """Some are lost: another is drawn. All are, or none passes the gate: there is no melody."""
    decoder = prompt_for(model, Options(seed=1, bars=2)).decoder
    rules = prompt_for(model, Options(seed=1, bars=2)).plan.rules

    def chooser(more):
        return lambda s, uniform: sample_note(s, rules + more, (_same, _same, _same), uniform)

    assert len(draw_one(decoder, chooser(nothing_after(0, [0])), seed=1, effort=4).rows)
    with pytest.raises(DeadEnd):
        draw_one(decoder, chooser(nothing_after(0)), seed=1, effort=4)
    with pytest.raises(DeadEnd):
        draw_one(decoder, chooser(LogitRules()), seed=1, effort=4, accepts=lambda _: False)
    first = draw_one(decoder, chooser(LogitRules()), seed=1, effort=4)
    other = draw_one(decoder, chooser(LogitRules()), seed=1, effort=4, attempt=1)
    assert first.rows.tolist() != other.rows.tolist()


def test_the_seam_counts_after_a_prime_with_a_long_silence(random_weights):
    """Where the clock stands still in a silence that no rest can say, the seam lies where it is heard."""
    prime = Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate((60, 62, 64, 65))), key=Key(0), length=96 * 8)
    fresh = [67, 69, 71, 67, 69, 71, 64, 62]
    steps = [*(24 * k for k in range(8)), *(192 + 24 * k for k in range(4))]
    learnt = Melody(tuple(Note(t, 24, p) for t, p in zip(steps, [*fresh, 60, 62, 64, 65], strict=True)), key=Key(0))
    model, _ = knowing([learnt], random_weights)
    options = Options(bars=2, loop=True, max_copy=8)
    begun = prompt_for(model, options, prime)
    assert begun.frame.shift > 0
    rest = RESTS.index(prime.length - begun.frame.shift - int(begun.decoder.tick[0]))
    rows = np.array([(rest if k == 0 else 0, DURATIONS.index(24), PITCHES.index(p - begun.frame.anchor))
                     for k, p in enumerate(fresh)])  # fmt: skip
    assert not original(begun, rows)
    assert original(prompt_for(model, options.replace(loop=False), prime), rows)
