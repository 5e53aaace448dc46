"""What a melody is, and how it arrives and leaves: melody, midi, notation, keys."""
