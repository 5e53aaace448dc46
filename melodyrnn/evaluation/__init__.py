"""Honest figures: bits, folds, statistics."""
