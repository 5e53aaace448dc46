"""What a melody is; keys, chords, and the texts that musicians write."""
