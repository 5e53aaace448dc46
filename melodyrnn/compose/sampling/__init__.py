"""From probabilities to notes."""
