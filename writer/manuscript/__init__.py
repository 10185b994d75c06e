"""The novelist's words on disk: files, recovery, counts, emphasis. It knows no Qt and no torch."""
