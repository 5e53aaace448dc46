"""Controls of the rhythm."""
