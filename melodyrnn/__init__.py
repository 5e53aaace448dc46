"""melodyrnn: learns from melodies and writes new ones as MIDI."""
