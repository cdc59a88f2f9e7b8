"""The campaign's command line."""

from __future__ import annotations

import argparse
import sys

from dev.campaign import faults, page
from dev.campaign.cell import Cell


def main() -> None:
    """Run one half of the campaign, tell what it sees, and leave with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m dev.campaign", description=__doc__)
    halves = parser.add_subparsers(dest="half", required=True)
    faulty = halves.add_parser("faults", help="run sdbr under every fault; takes minutes")
    faulty.add_argument("--quick", action="store_true", help="the short form that the tests run")
    bad = halves.add_parser("fuzz", help="give it bad input of every kind")
    bad.add_argument("--minutes", type=float, default=11.0, help="of processor time, in all")
    bad.add_argument("--only", help="one kind of input")
    for half in (faulty, bad):
        half.add_argument("--seed", type=int, default=1)
        half.add_argument("--write", action="store_true", help="write docs/reliability.md")
    told = parser.parse_args()
    if told.half == "faults":
        sys.exit(_faults(told.seed, quick=told.quick, write=told.write))
    sys.exit(_fuzz(told.seed, told.minutes, told.only, write=told.write))


def _faults(seed: int, *, quick: bool, write: bool) -> int:
    cells = []
    for cell in (faults.some_cells if quick else faults.all_cells)(seed):
        print(_line(cell), flush=True)
        cells.append(cell)
    part = page.fault_part(cells, seed)
    if write:
        page.put(page.FAULTS, part)
    print(f"\n{part}")
    return 1 if any(cell.faults for cell in cells) else 0


def _fuzz(seed: int, minutes: float, only: str | None, *, write: bool) -> int:
    from dev.campaign.fuzz.targets import TARGETS
    from dev.campaign.fuzz.watching import Seen, watch

    chosen = [name for name in TARGETS if only in (None, name)]
    seen: list[Seen] = []
    for name in chosen:
        # Seeds far apart: another --seed tries other inputs.
        seen.append(watch(name, TARGETS[name], seed * 10**9, 60 * minutes / len(chosen)))
        print(f"{name}: {seen[-1].tried} tried, {len(seen[-1].failures)} failed", flush=True)
        for number, failure in list(seen[-1].failures.items())[:20]:
            print(f"  {number}: {failure}", flush=True)
    part = page.fuzz_part(seen, seed)
    if write:
        page.put(page.FUZZ, part)
    print(f"\n{part}")
    return 1 if any(each.failures for each in seen) else 0


def _line(cell: Cell) -> str:
    return f"{cell.trouble}, {cell.job}: {'; '.join(cell.faults) or 'as promised'}"
