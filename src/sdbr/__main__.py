"""The way in: `sdbr`, and `python -m sdbr`."""

import signal


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    # Ctrl-C while click is being imported just ends the process; from then on it is said in words.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sdbr import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
