"""Books out of and into other programs' formats; pandoc reads and writes them, never our own code.

It knows pages (a line a paragraph, with emphasis) and books as values, not how they are stored.
"""
