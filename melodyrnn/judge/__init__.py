"""How good a model is and what its melodies are like."""
