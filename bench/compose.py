"""Speed of composing and scoring: notes a CPU second for one melody and for many side by side.

Run as `OPENBLAS_NUM_THREADS=1 python bench/compose.py [--hidden 256] [--cell lstm] [--bars 8]`. Weights are random:
speed does not depend on them. CPU time is taken, so that a busy machine does not spoil the figures.
Every note passes all three heads and their pointers.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import Model, model_of
from melodyrnn.controls.options import Options
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.inference.scoring import score
from melodyrnn.music.melody import Metre

NOTES = 60  # of each melody: about what 16 bars of a folk song hold


def steps(model: Model, melodies: int) -> float:
    """Seconds for one note of every melody, choices aside."""
    zero = np.zeros(melodies, np.int64)
    decoder = Decoder(model.network, Conditions(zero + 1, zero, zero + 61, zero + 8), of_metres((Metre(),), melodies))
    pitches = np.random.default_rng(0).integers(30, 45, (NOTES, melodies))
    start = time.process_time()
    for pitch in pitches:
        decoder.rest(), decoder.duration(zero), decoder.pitch(zero, zero + 11)
        decoder.step(zero, zero + 11, pitch)
    return (time.process_time() - start) / NOTES


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--cell", default="lstm")
    parser.add_argument("--bars", type=int, default=8)
    args = parser.parse_args()
    config, rng = NetworkConfig(hidden=args.hidden, cell=args.cell), np.random.default_rng(0)
    weights = {n: (rng.standard_normal(s) * 0.1).astype(np.float32) for n, s in expected_shapes(config).items()}
    start = time.process_time()
    model = model_of(Checkpoint(config, Card(), weights))
    print(f"weights laid out in {1000 * (time.process_time() - start):.1f} ms")
    for melodies in (1, 12, 50, 200):
        best = min(steps(model, melodies) for _ in range(3))
        print(f"network  {melodies:4} melodies: {1000 * best:7.2f} ms a step, {melodies / best:8.0f} notes/s")
    for melodies in (1, 200):
        start = time.process_time()
        made = list(generate(model, Options(bars=args.bars), melodies))
        took, notes = time.process_time() - start, sum(len(g.melody.notes) for g in made)
        print(f"generate {melodies:4} melodies of {args.bars} bars: {took:.2f} s, {notes / took:8.0f} notes/s")
    known = [columns(encode(g.melody)) for g in made]
    start = time.process_time()
    score(model.network, known)
    took = time.process_time() - start
    print(f"surprise {len(known):4} melodies: {took:.2f} s, {sum(map(len, known)) / took:8.0f} notes/s")


if __name__ == "__main__":
    main()
