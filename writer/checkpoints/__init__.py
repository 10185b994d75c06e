"""Model folders: find, verify, read and write them, and their tokenizers."""
