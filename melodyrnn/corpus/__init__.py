"""Many files to one prepared corpus: catalogue, reading, prepare."""
