"""The window: page, panes and bars. Qt is known only here; torch and the engine's rooms never."""
