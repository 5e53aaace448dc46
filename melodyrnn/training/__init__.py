"""Networks learn here: the only room that imports torch."""
