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
    *("fault", "cells", "sent", "made", "spoiled", "lost", "charged twice", "in flight"),
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
            f"writes this section (seed {seed}). Five commands (txt2img --count 8; img2img of four "
            "pictures; img2gif of six frames; vid2vid of 17 frames, with every frame and with "
            "every 8th generated) run in separate processes against `sdbr emulate`, each in a new "
            "workspace: one cell. After a nonzero exit code the same command runs again, the last "
            "time without the fault, and once more after success, which must send nothing. Then "
            "what the emulator received and made is compared with the ledger, the cache and the "
            "files.",
            _table(_HEAD, [_cells(row) for row in [*rows, total]]),
            "**made**: pictures that Bedrock would bill. **spoiled**: pictures among them that the "
            "fault destroyed or the filter withheld. **lost**: received intact, but not on disk. "
            "**charged twice**: received intact more than once for the same body, not counting "
            "those **in flight** when a run was killed or the disk was full, whose rows stay open. "
            "**over**: runs that cost more than the accepted price. **rows missing**: requests "
            "without a row in the ledger. **bugs**: tracebacks, and failures not reported in one "
            "line. **torn**: incomplete files under their final name, after any run. **left "
            "over**: unfinished files and locks at the end. **secrets**: files and outputs with a "
            "key or token in them. **same result**: cells whose files are identical, byte for "
            "byte, to those of a run without faults (with the filter: of the next run).",
            "Small disks and permissions are real: file systems of the given size, a read-only "
            "one, and folders of another user. These cells need root and are skipped without it.",
            f"Failures: {'; '.join(wrong)}." if wrong else "No failures.",
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
            f"writes this section (seed {seed}). Each input is generated from a number: valid "
            "pictures, clips, records and notes with random changes, and text and file names of "
            "the kind that breaks paths, shells and terminals. A failure is an exception that is "
            "not one of sdbr's own, exit code 1, a crash, 20 s without an answer, 4 GB of memory, "
            "a file changed outside the workspace, or a credential in any file or output at "
            "`-vv`. To repeat a failed number, call `dev.campaign.fuzz.watching.attempt`.",
            _table(("input", "tried", "failed", "CPU seconds", "max MB"), rows),
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
