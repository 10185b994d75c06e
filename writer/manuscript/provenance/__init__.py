"""Which words of a text the machine proposed, and on what grounds; knows neither Qt nor torch."""
