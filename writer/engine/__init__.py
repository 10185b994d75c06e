"""Continuations from a network: reading the text once, sampling several rows, streaming answers."""
