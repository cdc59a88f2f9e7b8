"""`python -m sdbr` is `sdbr`."""

from sdbr.cli import main

if __name__ == "__main__":
    main()
