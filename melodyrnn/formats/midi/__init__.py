"""MIDI files: container → parser → track_choice → quantize, put together by reader; chords; write."""
