"""`writer [FILE]` opens the window; the other commands need none."""

import argparse
import sys

from writer import __version__
from writer.errors import WriterError


def main(argv: list[str] | None = None) -> int:
    """Run the program; return its exit status."""
    from writer.commands import train

    parser = argparse.ArgumentParser("writer")
    parser.add_argument("--version", action="version", version=f"Writer {__version__}")
    commands = parser.add_subparsers()
    train.add_parser(commands)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except WriterError as error:
        print(f"writer: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
