"""A melody as it stands on paper: SVG by verovio, and pictures of it."""
