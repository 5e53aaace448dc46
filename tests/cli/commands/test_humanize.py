"""melodyrnn humanize: the file as it was but for how its melody is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.stranger_files import chunks_of, facts_of, stranger_file
from melodyrnn.music.groove import Groove, Hit, groove_of_hits, groove_text, parse_groove


def track_facts(data, number):
    """The facts of one track chunk."""
    return facts_of([chunk for chunk in chunks_of(data) if chunk.name == b"MTrk"][number].payload)


@pytest.mark.parametrize("number", range(8))
def test_strength_0_is_the_same_file_and_more_moves_the_melody_alone(number, command):
    """No byte at 0; else pitches, other channels and tracks, and every event that is no note, are as they were."""
    known = stranger_file(2000 + number)
    Path("a.mid").write_bytes(known.data)
    asked = ("humanize", "a.mid", "--track", known.voice, "-o", "-")
    assert command(*asked, "--strength", 0).data == known.data
    ended = command(*asked, "--strength", 0.7)
    old, new = chunks_of(known.data), chunks_of(ended.data)
    changed = [k for k, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    assert changed == [[k for k, chunk in enumerate(old) if chunk.name == b"MTrk"][known.track]]
    before, after = (track_facts(data, known.track) for data in (known.data, ended.data))
    assert before.events == after.events
    assert [n for n in sorted(before.notes) if n[4] != known.channel] == [
        n for n in sorted(after.notes) if n[4] != known.channel
    ]
    pitches = [[n[2] for n in sorted(notes) if n[4] == known.channel] for notes in (before.notes, after.notes)]
    assert pitches[0] == pitches[1]
    assert before.notes != after.notes


def test_a_feel_is_come_near_to_by_strength(command):
    """Towards the velocities and places of a clip: half way, and all the way."""
    still, clip = (
        next(k for k in map(stranger_file, range(3000, 3100)) if k.played is played and k.division == 480)
        for played in (False, True)
    )
    Path("a.mid").write_bytes(still.data)
    Path("clip.mid").write_bytes(clip.data)
    loud = {n[3] for n in track_facts(clip.data, clip.track).notes if n[4] == clip.channel}
    ways = {}
    for strength in (0, 0.5, 1):
        data = command(
            "humanize", "a.mid", "--track", still.voice, "--feel", "clip.mid", "--strength", strength, "-o", "-"
        ).data
        ways[strength] = sorted(n for n in track_facts(data, still.track).notes if n[4] == still.channel)
    assert {n[3] for n in ways[1]} <= loud
    for was, half, whole in zip(*ways.values(), strict=True):
        assert abs(half[3] - (was[3] + whole[3]) / 2) <= 1
        assert abs(half[0] - (was[0] + whole[0]) / 2) <= 1


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("a.mid", "--strength", 1.5), 2, "strength: 1.5 is not a number from 0 to 1"),
        (("a.abc",), 2, "is no MIDI file"),
        (("gone.mid",), 1, "gone.mid: no such file"),
        (("a.mid", "--feel", "a.abc"), 2, "a.abc is no MIDI file"),
    ],
)
def test_wrong_use_is_refused(command, arguments, status, text):
    """One line."""
    Path("a.mid").write_bytes(stranger_file(1).data)
    Path("a.abc").write_text("X:1\nK:C\nCDEF|\n")
    ended = command("humanize", *arguments, "-o", "-")
    assert (ended.status, ended.data, text in ended.err) == (status, b"", True)


def test_a_groove_is_a_text_and_back():
    """Text and value are one; more hits than are kept are thinned over all places; other texts are none."""
    many = groove_of_hits(96, 24, [Hit(k % 96, k % 7 - 3, 60 + k % 40, 90) for k in range(960)])
    assert parse_groove(groove_text(many)) == many
    assert {hit.place for hit in many.hits} == set(range(96))
    assert (parse_groove("prime"), parse_groove("96/24")) == (None, None)


def test_a_place_without_hits_takes_the_nearest():
    """The same place in another beat, else one as strong, else any."""
    groove = Groove(96, 24, (Hit(0, 1, 100, 90), Hit(24, 2, 80, 90), Hit(36, 3, 60, 90)))
    late = [[hit.late for hit in groove.at(place, 96, 24)] for place in (0, 24, 48, 12, 6)]
    assert late == [[1], [2], [1, 2], [3], [1, 2, 3]]
    assert [hit.late for hit in groove.at(36, 72, 36)] == [2]
