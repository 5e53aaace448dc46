"""The version of this program, as cards and recipes tell it."""

__version__ = "0.3.0"
