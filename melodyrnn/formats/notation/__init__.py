"""Scores: ABC, **kern and MusicXML."""
