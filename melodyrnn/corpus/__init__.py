"""Many files to one prepared corpus: sources, reading, prepare."""
