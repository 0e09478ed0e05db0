"""Prefix Workbench: without a verb the window, with one the command line."""

import sys


def main() -> int:
    """Open the window, with the files or folders named if there are any, or run the verb given."""
    words = sys.argv[1:]
    if words:
        from engine.cli.main import are_paths
        from engine.cli.main import run as run_verb

        if not are_paths(words):
            return run_verb(words)
    from app.shell.startup import run as open_window

    return open_window(words)


if __name__ == "__main__":
    sys.exit(main())
