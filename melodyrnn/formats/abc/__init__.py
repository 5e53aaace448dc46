"""ABC: text → tunes → melodies."""
