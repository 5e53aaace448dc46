"""The stage: MIDI ports, their clock, what is played on them and in answer to whom."""
