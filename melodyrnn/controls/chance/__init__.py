"""Controls of how the network's probabilities become choices."""
