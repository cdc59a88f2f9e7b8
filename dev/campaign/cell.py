"""What came of one job under one kind of trouble, and the sums of a row of such cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dev.campaign.audit import Audit
from dev.campaign.books import Tree, leftovers_of, results_of
from dev.campaign.running import HUNG, Ran
from dev.campaign.secrets import told_by
from PIL import Image


@dataclass(frozen=True, slots=True)
class Cell:
    """One job under one trouble.

    `exits` are the exit codes in order, `again` the requests of a last run that should need none.
    `bugs` counts tracebacks and failures that are not one plain line; `torn` files that stood
    under their final name and were not whole; `left` unfinished files;
    `told` credentials found in any file or output. `same` tells whether the result is that of an
    undisturbed run, `expected` whether the first exit code was one that this trouble may have.
    """

    trouble: str
    job: str
    audit: Audit
    exits: tuple[int, ...]
    again: int = 0
    bugs: int = 0
    hangs: int = 0
    torn: int = 0
    left: int = 0
    told: int = 0
    same: bool = True
    expected: bool = True

    @property
    def faults(self) -> list[str]:
        """What is wrong with it, in words; empty where all is as promised."""
        counts = {
            "lost": self.audit.lost,
            "charged twice": self.audit.twice,
            "rows missing": self.audit.unwritten,
            "runs over the accepted price": self.audit.overspent,
            "sent again when all was done": self.again,
            "bugs": self.bugs,
            "hangs": self.hangs,
            "torn": self.torn,
            "left over": self.left,
            "secrets leaked": self.told,
            "different result": not self.same,
            f"exit {self.exits}": not self.expected,
        }
        return [f"{name} ({count:d})" for name, count in counts.items() if count]


@dataclass(slots=True)
class Watch:
    """Takes notes of the runs of one cell as they end. `reference` are the files to come to."""

    workspace: Path
    reference: Tree
    runs: list[Ran] = field(default_factory=list)
    torn: int = 0

    def see(self, ran: Ran) -> Ran:
        """Note one run and what stands on disk after it."""
        self.runs.append(ran)
        self.torn += sum(map(self._is_torn, results_of(self.workspace).items()))
        return ran

    def _is_torn(self, file: tuple[str, str]) -> bool:
        name, digest = file
        if self.reference.get(name, digest) == digest:
            return False
        # A kept frame may be one that the filter along the motion had not seen all of.
        return "/frames/" not in name or not _opens(self.workspace / name)

    def cell(self, trouble: str, job: str, audit: Audit, again: int, expected: bool) -> Cell:
        """All that was noted, at the end."""
        return Cell(
            trouble,
            job,
            audit,
            exits=tuple(ran.code for ran in self.runs),
            again=again,
            bugs=sum(ran.traceback or not _told_plainly(ran) for ran in self.runs),
            hangs=sum(ran.code == HUNG for ran in self.runs),
            torn=self.torn,
            left=len(leftovers_of(self.workspace)),
            told=told_by(self.workspace, (ran.out + ran.err for ran in self.runs)),
            same=results_of(self.workspace) == self.reference,
            expected=expected,
        )


def _opens(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        return False
    return True


def _told_plainly(ran: Ran) -> bool:
    killed = ran.code < 0
    return killed or ran.plain


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one trouble, summed up."""

    trouble: str
    cells: Sequence[Cell]

    @property
    def audit(self) -> Audit:
        """The sums of the counts."""
        return sum((cell.audit for cell in self.cells), Audit())

    @property
    def exits(self) -> str:
        """The ways in which the runs ended, the most frequent first: `0 ×4, 8 then 0`."""
        ways = Counter(" then ".join(map(_code, cell.exits)) for cell in self.cells)
        return ", ".join(f"{way} ×{n}" if n > 1 else way for way, n in ways.most_common())

    @property
    def same(self) -> int:
        """How many cells ended with an undisturbed run's result."""
        return sum(cell.same for cell in self.cells)

    @property
    def faults(self) -> list[str]:
        """What is wrong with its cells, in words."""
        return [f"{cell.job}: {fault}" for cell in self.cells for fault in cell.faults]


def rows_of(cells: Iterable[Cell]) -> list[Row]:
    """The cells by trouble, in their order."""
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.trouble, []).append(cell)
    return [Row(trouble, found) for trouble, found in rows.items()]


def _code(code: int) -> str:
    return {-9: "killed", -2: "130", -1: "130"}.get(code, str(code))  # As a shell tells it.
