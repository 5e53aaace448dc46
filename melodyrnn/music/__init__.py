"""What a melody is, keys, chords; and notation, in and out."""
