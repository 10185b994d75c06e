"""Numbers of bytes, as people say them."""


def in_words(size: int) -> str:
    """Return a number of bytes as people say it.

    >>> in_words(1_536_000_000), in_words(14_204_216), in_words(900)
    ('1.54 GB', '14.2 MB', '900 bytes')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if size >= unit:
            return (
                f"{size / unit:.3g} {name}" if size < 999.5 * unit else f"{size / unit:.0f} {name}"
            )
    return f"{size} bytes"
