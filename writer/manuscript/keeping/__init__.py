"""Keeping what is typed: a journal of every edit, saves in the background, and recovery."""
