"""Controls of the melody as a whole: how long, in which key and metre, how fast."""
