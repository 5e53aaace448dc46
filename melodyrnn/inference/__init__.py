"""The network without torch."""
