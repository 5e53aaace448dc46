"""How a bass, a lead and a riff move, and what rhythm they have, as counted in corpora (`roles.json`, `bench.roles`).

A network that learnt from tunes gives repeated notes nearly all of the probability where few pitches are left, for
tunes do not leap by fifths and octaves all the time. So a share of the probability is given out by the steps of a role,
among the pitches that are left.

Conventions
    Places: 0 on the bar line, 1 on a beat, 2 half-way between two, 3 elsewhere.

Contents: ROLES, role_of, Role; moving, recurring, in_rhythm (logit rules).
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from melodyrnn.events.vocabulary import DURATIONS, PITCHES, onsets_of

if TYPE_CHECKING:
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs
    from melodyrnn.music.key import Key

ROLES: Final = ("bass", "lead", "riff")
_WIDEST: Final = 12
_FEW: Final = 0.5  # added to each count
_RATIO: Final = 2.0  # nats by which a length is likelier or less likely in a role, at most


class Role(NamedTuple):
    """Logarithms of shares."""

    steps: Logs  # (2, 12, 25): major or minor, degree, interval from -12 up
    degrees: Logs  # (2, 4, 12): of a degree at a place, above what it has everywhere
    lengths: Logs  # (4, D): at a place, above what all roles together have
    again: Logs  # (2, 2): how often a note is that of one or two bars before, after one that was not, or was


@lru_cache
def role_of(name: str) -> Role:
    """What was counted of a role."""
    told = json.loads(files("melodyrnn.constraints").joinpath("roles.json").read_text(encoding="utf-8"))["roles"]
    steps, degrees = (_by_mode(told[name][what]) for what in ("steps", "degrees"))
    everywhere = degrees.sum(1, keepdims=True)
    lengths, usual = _lengths(told[name]), sum(_lengths(one) for one in told.values())
    return Role(
        _shares(steps), _shares(degrees) - _shares(everywhere),
        np.clip(_shares(lengths) - _shares(np.asarray(usual)), -_RATIO, _RATIO), np.array(told[name]["again"]),
    )  # fmt: skip


def _by_mode(table: dict[str, Any]) -> Logs:
    return np.array([table["major"], table["minor"]], float) + _FEW


def _lengths(told: dict[str, Any]) -> Logs:
    return np.array([[row.get(str(ticks), 0) for ticks in DURATIONS] for row in told["lengths"]], float) + _FEW


def _shares(counts: Logs) -> Logs:
    return np.asarray(np.log(counts / counts.sum(-1, keepdims=True)))


def moving(role: Role, key: Key, sounding: Indices, allowed: Flags, places: Indices, share: Logs) -> LogitRule:
    """A rule on pitches: of what is left a share is given out by the steps of a role.

    `sounding` (P,): MIDI numbers; `allowed` (P,): the pitches that are left to new notes, others stay as they are;
    `places` and `share` (T,): by the onset.
    """
    degree, mode = (sounding - key.tonic) % 12, int((key.scale[2] - key.tonic) % 12 == 3)
    rows = np.arange(len(PITCHES))
    interval = rows - rows[:, None]
    steps = role.steps[mode][degree[:, None], np.clip(interval + _WIDEST, 0, 2 * _WIDEST)]
    steps = np.where((np.abs(interval) <= _WIDEST) & allowed, steps, -np.inf)  # (from, to)
    strong = role.degrees[mode][:, degree]  # (4, P)

    own, rest = np.log(share)[:, None], np.log1p(-share)[:, None]

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        if not context.notes:
            return logs
        tick = np.minimum(context.tick, len(places) - 1)
        told = steps[context.last] + strong[places[tick]]
        heard = np.where(allowed, logs, -np.inf)
        total, known = _total(told), _total(heard)
        mixed = np.logaddexp(heard - known + rest[tick], told - np.where(np.isfinite(total), total, 0.0) + own[tick])
        return np.where(np.isfinite(total) & np.isfinite(known) & allowed, mixed, logs)

    return pitch


def recurring(role: Role, allowed: Flags, bar: int, fresh: Flags) -> LogitRule:
    """A rule on pitches: those of two bars before, or of one, come back as often as in a role.

    `bar`: its ticks; `fresh` (T,): onsets at which nothing comes back.
    """
    rows = np.arange(len(PITCHES))

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        out = logs
        rests, durations, pitches = context.heard
        onsets = onsets_of(rests, durations)
        for row, tick in enumerate(context.tick.tolist() if context.notes else ()):
            stood = dict(zip(onsets[row].tolist(), pitches[row].tolist(), strict=True))
            bars = next((k for k in (2, 1) if tick - k * bar in stood), 0)
            if not bars or fresh[min(tick, len(fresh) - 1)]:
                continue
            came = stood.get(int(onsets[row, -1]) - bars * bar) == pitches[row, -1]
            share = float(role.again[bars - 1, int(came)])
            heard = np.where(allowed, logs[row], -np.inf)
            same = np.where(rows == stood[tick - bars * bar], np.log(share), -np.inf)
            out = logs.copy() if out is logs else out
            mixed = np.logaddexp(heard - np.logaddexp.reduce(heard) + np.log1p(-share), same)
            out[row] = np.where(allowed, mixed, logs[row])
        return out

    return pitch


def in_rhythm(role: Role, places: Indices) -> LogitRule:
    """A rule on durations: as much likelier as in a role they are than elsewhere, by where the note begins."""

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        return np.asarray(logs + role.lengths[places[np.minimum(context.tick, len(places) - 1)]])

    return duration


def _total(logs: Logs) -> Logs:
    """The logarithm of a sum of rows, (R, 1); -inf of nothing."""
    return np.asarray(np.logaddexp.reduce(logs, -1)[:, None])
