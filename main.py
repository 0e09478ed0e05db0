"""Prefix Workbench: without a verb the window, with one the command line."""

import sys


def main() -> int:
    """Open the window, or run the verb given."""
    if len(sys.argv) > 1:
        from engine.cli.main import run as run_verb

        return run_verb(sys.argv[1:])
    from app.startup import run as open_window

    return open_window(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
