"""Controls of chords."""
