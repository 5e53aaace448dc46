"""The machinery that keeps promises; it knows no control by name."""
