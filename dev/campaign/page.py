"""Writes docs/reliability.md: a part for each half of the campaign, from what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from dev.campaign.cell import Cell, Row, rows_of
from dev.campaign.fuzz.watching import Seen

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
FAULTS, FUZZ = "Faults", "Bad input"
_HEAD = (
    *("trouble", "cells", "sent", "made", "not whole", "lost", "paid twice", "in flight"),
    *("over", "rows missing", "bugs", "hangs", "torn", "left over", "secrets", "same result"),
    "exit codes",
)


def fault_part(cells: Sequence[Cell], seed: int) -> str:
    """The table of the fault campaign, with the sentences that say how to read it."""
    rows = rows_of(cells)
    wrong = [f"{row.trouble}: {fault}" for row in rows for fault in row.faults]
    total = Row("all", cells)
    return _paragraphs(
        [
            "```sh\npython -m dev.campaign faults --write\n```",
            f"writes this part (seed {seed}). Five command lines (txt2img --count 8; img2img of "
            "four pictures; img2gif of six frames; vid2vid of 17 frames, every frame and every "
            "8th drawn) run as processes of their own against `sdbr emulate` in another one, each "
            "in a new workspace: a cell. After an exit code other than 0 the same command is run "
            "again, in the end without the trouble, and once more when all is done, which must "
            "send nothing. Then what the emulator received and made is compared with the ledger, "
            "the cache and the files.",
            _table(_HEAD, [_cells(row) for row in [*rows, total]]),
            "**made**: pictures that Bedrock would bill. **not whole**: those of them that the "
            "fault spoiled or the filter withheld on the way. **lost**: answered whole, but on "
            "disk nowhere. **paid twice**: answered whole more than once for the same body, beyond "
            "what was **in flight** when a run was killed or the disk was full, whose rows stay "
            "open. **over**: runs that cost more than was told and agreed to. **rows missing**: "
            "requests that arrived without a row in the ledger. **bugs**: tracebacks, and failures "
            "told in other than one line. **torn**: files under their final name that were not "
            "whole, after any run. **left over**: unfinished files and locks at the end. "
            "**secrets**: files and outputs with a key or token in them. **same result**: cells "
            "whose files are, byte for byte, those of an undisturbed run (under the filter: of the "
            "next run).",
            "Small disks and rights are real: file systems of so many kilobytes, a read-only one, "
            "and folders of another user. They need root, and are left out without it.",
            f"What was wrong: {'; '.join(wrong)}." if wrong else "Nothing else was wrong.",
        ]
    )


def fuzz_part(seen: Sequence[Seen], seed: int) -> str:
    """The table of the fuzzer, with the sentences that say how to read it."""
    rows = [
        [it.name, f"{it.tried:,}", str(len(it.failures)), f"{it.cpu:.0f}", str(it.megabytes)]
        for it in seen
    ]
    tried, failed = sum(it.tried for it in seen), sum(len(it.failures) for it in seen)
    rows.append(["all", f"{tried:,}", str(failed), f"{sum(it.cpu for it in seen):.0f}", ""])
    return _paragraphs(
        [
            "```sh\npython -m dev.campaign fuzz --minutes 11 --write\n```",
            f"writes this part (seed {seed}). Each input is made from a number: good pictures, "
            "clips, records and notes, changed at random, and words and names of the kind that "
            "breaks paths, shells and terminals. A failure is an exception that is none of sdbr's "
            "own, exit code 1, a crash, 20 seconds without an answer, 4 GB of memory, a file "
            "outside of the workspace that was made or changed, or a credential in any file or "
            "output at `-vv`. A failed number can be tried again by "
            "`campaign.fuzz.watching.attempt`.",
            _table(("input", "tried", "failed", "CPU seconds", "most MB"), rows),
        ]
    )


def _paragraphs(texts: Sequence[str]) -> str:
    """The texts with their lines broken at 100 signs; code and tables stay as they are."""
    return "\n\n".join(text if text[0] in "`|" else fill(text, 100) for text in texts)


def _cells(row: Row) -> list[str]:
    audit, cells = row.audit, row.cells
    counts = [
        *(len(cells), audit.sent, audit.made, audit.spoiled, audit.lost, audit.twice),
        *(audit.in_flight, audit.overspent, audit.unwritten, sum(cell.bugs for cell in cells)),
        *(sum(cell.hangs for cell in cells), sum(cell.torn for cell in cells)),
        *(sum(cell.left for cell in cells), sum(cell.told for cell in cells)),
    ]
    exits = "" if row.trouble == "all" else row.exits
    return [row.trouble, *map(str, counts), f"{row.same} of {len(cells)}", exits]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put(title: str, text: str) -> None:
    """Replace one part of the page, or add it."""
    whole = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Reliability\n"
    intro, *parts = whole.split("\n## ")
    kept = {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}
    kept[title] = f"\n{text}\n"
    order = [name for name in (FAULTS, FUZZ) if name in kept]
    told = "".join(f"\n\n## {name}\n\n{kept[name].strip()}" for name in order)
    PAGE.write_text(f"{intro.strip()}{told}\n", encoding="utf-8")
