"""Melodies as one page of HTML that plays them, without a network."""
