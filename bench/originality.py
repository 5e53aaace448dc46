"""Originality and what stands beside it: one table from one command.

Run as `PYTHONPATH=. OPENBLAS_NUM_THREADS=1 python bench/originality.py MODEL`; `--melodies 200`, `--only check,limit`.

    check      milliseconds to find a melody's longest run; how long runs are, free
    limit      melodies composed with --max-copy 8: the longest run, notes a second with and without the rule
    overfit    a network that has learnt 20 tunes by heart: how much it copies, by name, and held to 8 notes
    surprise   mean bits a note reached for several targets
    rank       seconds to rank 200 candidates
    recipes    100 random option sets, remade from their files alone
"""

from __future__ import annotations

import argparse
import random
import time

import numpy as np

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model, model_of
from melodyrnn.compose.performing.performance import Feel
from melodyrnn.compose.plain import options_to_plain, to_plain
from melodyrnn.compose.provenance import Provenance, file_of, remake
from melodyrnn.compose.ranking import rank
from melodyrnn.constraints.originality import copied, index_of
from melodyrnn.controls.options import Options
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def runs_of(index, melodies):
    """Lengths of the longest runs."""
    return np.array([copied(index, g.melody).length for g in melodies])


def check(model, count):
    """Cost of a check, and how long runs are."""
    index = index_of(model.checkpoint)
    made = list(generate(model, Options(seed=1), count))
    start = time.process_time()  # what it costs, not how busy the machine is
    runs = runs_of(index, made)
    took = 1000 * (time.process_time() - start) / len(made)
    print(f"check     {took:.2f} ms a melody against {len(index.grams):,} fingerprints; longest run, median and 95 %:"
          f" {np.median(runs):g}, {np.percentile(runs, 95):g}; most {runs.max()}")  # fmt: skip


def limit(model, count):
    """Nothing beyond the limit, and what it costs."""
    for longest in (None, 8):
        start = time.perf_counter()
        made = list(generate(model, Options(seed=1, max_copy=longest), count))
        took = time.perf_counter() - start
        notes = sum(len(g.melody.notes) for g in made)
        most = runs_of(index_of(model.checkpoint), made).max()
        print(f"limit     {longest or 'none':>4}: longest run {most} in {count} melodies, {notes / took:,.0f} notes/s")


def tunes_of(count=20, notes=32):
    """Random tunes in eighths and quarters, by name."""
    found = {}
    for seed in range(count):
        rng = np.random.default_rng(seed)
        lengths = rng.choice([12, 24], notes)
        ends, pitches = np.cumsum(lengths), 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
        rows = zip((ends - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
        found[f"tune {seed}"] = columns(encode(Melody(tuple(Note(*row) for row in rows), key=Key(0))))
    return found


def learn(tunes, steps=150):
    """Learn tunes by heart: a model that carries their fingerprints. The one place here that needs torch."""
    import torch  # noqa: PLC0415

    from melodyrnn.training.batches import heldout  # noqa: PLC0415
    from melodyrnn.training.network import MelodyRNN  # noqa: PLC0415

    torch.manual_seed(0)
    config = NetworkConfig(hidden=96, embed=48, head=64, keys=8)
    network, inputs = MelodyRNN(config), heldout(list(tunes.values()))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = sum(term.sum() for term in network(inputs)) / inputs.notes.sum()
        loss.backward()
        optimizer.step()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    index = Index.build(tunes.items())
    return model_of(Checkpoint(config, Card(), weights, index.to_tensors())), float(loss.detach()) / np.log(2)


def overfit(_model, count):
    """A network that knows 20 tunes by heart, free and held to 8 notes."""
    model, bits = learn(tunes_of())
    index = index_of(model.checkpoint)
    for longest in (None, 8):
        made = generate(model, Options(seed=1, bars=6, upbeat=None, max_copy=longest), count)
        found = [copied(index, g.melody) for g in made]
        runs, named = np.array([one.length for one in found]), len({one.tune for one in found if one.length})
        print(f"overfit   20 tunes to {bits:.2f} bits a note, --max-copy {longest}: of {count} melodies"
              f" {(runs > 8).sum()} share more than 8 notes, {named} tunes named;"
              f" median {np.median(runs):g}, most {runs.max()}")  # fmt: skip


def surprise(model, count):
    """Targets and means."""
    for target in (1.6, 2.0, 2.4, 3.0):
        means = [g.bits.sum() / len(g.bits) for g in generate(model, Options(seed=1, surprise=target), count)]
        print(f"surprise  {target}: {np.mean(means):.3f} bits a note in the mean of {count}, sd {np.std(means):.2f}")


def ranking(model, _count):
    """200 candidates."""
    start, busy = time.perf_counter(), time.process_time()
    found = rank(model, generate(model, Options(seed=1), 200), 8)
    took, busy = time.perf_counter() - start, time.process_time() - busy
    print(f"rank      {took:.1f} s ({busy:.1f} s of one processor) for 200 candidates; left out: {dict(found.out)}")


def recipes(model, _count):
    """100 option sets."""
    rng, same = random.Random(0), 0  # noqa: S311 - chance for a benchmark
    for seed in range(100):
        options = Options(
            seed=seed, bars=rng.choice([1, 2, 4]), temperature=rng.choice([0.0, 0.8, 1.0, 1.2]),
            key=rng.choice([None, Key(9, "minor"), Key(2, "dorian")]),
            metre=rng.choice([None, Metre(6, 8), Metre(3, 4)]),
            tempo=rng.choice([None, 88.5]), loop=rng.random() < 0.2, top_k=rng.choice([None, 5]),
            max_copy=rng.choice([None, 8]), velocity=rng.choice([None, 70]),
        )  # fmt: skip
        feel = Feel(rng.choice([0, 0.6]), rng.choice([50, 62]))
        first = options.seeded(max(0, seed - 31))
        many = generate(model, first, 32) if seed % 10 == 0 else generate(model, options)
        made = next(g for g in many if g.seed == seed)
        recipe = Provenance(
            verb="generate", digest=model.checkpoint.digest, options=options_to_plain(options), output=to_plain(feel)
        )
        content = file_of(made, recipe)
        same += remake(model, Provenance.from_text(read_midi(content).recipe)) == content
    print(f"recipes   {same} of 100 files remade byte for byte, every tenth out of a batch of 32")


PARTS = {"check": check, "limit": limit, "overfit": overfit, "surprise": surprise, "rank": ranking, "recipes": recipes}


def main():
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--melodies", type=int, default=200)
    parser.add_argument("--only", default=",".join(PARTS))
    args = parser.parse_args()
    model = load_model(args.model)
    for part in args.only.split(","):
        PARTS[part](model, args.melodies)


if __name__ == "__main__":
    main()
