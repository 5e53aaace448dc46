"""From a checkpoint to melodies; no torch."""
