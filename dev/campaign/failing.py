"""Runs a Python program in which a call of `os` fails from the n-th time on.

Usage: python failing.py CALL REASON N PYTHON -m MODULE ARGUMENT...

Only for files below the hidden folder: the results' own folder may be on another disk.
"""

from __future__ import annotations

import errno
import itertools
import os
import runpy
import sys


def main() -> None:
    """Replace the call, then run the module as the interpreter that was named would."""
    call, reason, number, _, _, module, *arguments = sys.argv[1:]
    really, count, least = getattr(os, call), itertools.count(1), int(number)

    def fail(first: int | str, *rest: object) -> object:
        path = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else first
        if "/.sdbr/" in str(path) and next(count) >= least:
            why = getattr(errno, reason)
            raise OSError(why, os.strerror(why))
        return really(first, *rest)

    setattr(os, call, fail)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
