"""Writer: a desktop co-writer for novelists, entirely on their own machine."""

__version__ = "0.1.0"
