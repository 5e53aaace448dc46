"""Controls: are they kept over thousands of random combinations, and how long do they take?

python bench/controls.py --count 10000           random requests, promises counted
python bench/controls.py --speed -m folk         seconds of CPU for 8 bars, one control at a time
"""

import argparse
import random
import time
from collections import Counter

from melodyrnn.compose.generate import Options, generate, load_model
from melodyrnn.errors import OptionError
from melodyrnn.judge.promises import broken
from melodyrnn.music.melody import Key, Metre

WISHES = {
    "in_scale": ["strict", "mostly"], "scale": ["C D Eb F# G Ab B", "C Eb F G Bb"], "forbid": ["F#", "C5 D"],
    "require": ["G4", "E", "C D"], "range": ["C4-A5", "G3-G4", "A4-E5"], "max_leap": [3, 5, 7, 12],
    "density": ["sparse", "medium", "dense", "4", "3-6"], "contour": ["arch", "wave", "0 2 5 3"],
    "durations": ["1/4 1/8", "1/8", "1/16 1/8 3/8"], "end": ["tonic", "open"], "form": ["AABA", "AABB", "AA'BA'"],
    "chords": ["Am F | G C", "C:1 G7:1"], "chord_tones": ["prefer", "rule"], "loop": [True],
    "key": [Key(9, "minor"), Key(2, "dorian"), Key(6)], "upbeat": [12, 24], "effort": [1, 2, 8],
}  # fmt: skip
METRES = [Metre(*m) for m in ((4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8), (2, 4))]


def promises(model, count, seed):
    """Compose until so many melodies stand; count what is broken and refused."""
    dice, melodies, refused, violations = random.Random(seed), 0, 0, Counter()
    while melodies < count:
        names = dice.sample(sorted(WISHES), dice.randint(0, 6))
        wishes = {name: dice.choice(WISHES[name]) for name in names}
        try:
            options = Options(bars=dice.choice([1, 2, 4, 8]), metre=dice.choice(METRES), seed=melodies, **wishes)
            for made in generate(model, options, 10):
                melodies += 1
                for said in broken(options, made.melody):
                    violations[said.split(":")[0]] += 1
                    print(options, said)
        except OptionError:
            refused += 1
    print(f"{melodies} melodies, {sum(violations.values())} violations {dict(violations)}; {refused} requests refused")


def speed(model):
    """Seconds of CPU for one melody of 8 bars, one control at a time."""
    for name, values in {"nothing": [None], **WISHES}.items():
        if name in {"upbeat", "effort", "key", "chord_tones"}:
            continue
        start = time.process_time()
        made = next(generate(model, Options(seed=1, **({} if name == "nothing" else {name: values[0]}))))
        took = time.process_time() - start
        print(f"{name:10} {values[0]!s:18} {took:5.2f} s, {len(made.melody.notes)} notes, price {made.price:5.1f} bits")


def main():
    """Print figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="folk")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", action="store_true")
    args = parser.parse_args()
    model = load_model(args.model)
    speed(model) if args.speed else promises(model, args.count, args.seed)


if __name__ == "__main__":
    main()
