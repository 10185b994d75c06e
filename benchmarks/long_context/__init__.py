"""The long-context family, trained at one small size on equal tokens and measured side by side."""
