"""A book on the disk: its outline, its folder, its texts as one, its words. No Qt, no torch."""
