"""Streams, files, drawings and tables of the terminal."""
