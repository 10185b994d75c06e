"""The window of a whole book: its outline, and what came of its texts."""
