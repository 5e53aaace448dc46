"""How a melody is played: what is heard of a clip, and what is put upon the notes."""
