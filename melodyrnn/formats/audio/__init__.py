"""A melody as sound: played by a synthesiser into samples, and these as files."""
