"""Signature and help of each command."""
