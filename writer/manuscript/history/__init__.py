"""What a book was: snapshots, what differs between two texts, and backups."""
