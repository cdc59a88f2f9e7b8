"""The short form of the fault campaign: `python -m dev.campaign faults` runs all of it."""

from dev.campaign.faults import some_cells
from dev.campaign.grid import FAULTS
from dev.campaign.page import PAGE


def test_whatever_goes_wrong_nothing_is_lost_and_nothing_is_paid_twice():
    cells = list(some_cells(seed=1))
    assert len(cells) == 3
    assert [cell.faults for cell in cells] == [[], [], []]
    assert all(cell.audit.made >= cell.audit.spoiled + 3 for cell in cells)


def test_the_page_tells_of_every_fault_of_the_grid():
    page = PAGE.read_text(encoding="utf-8")
    assert [fault.name for fault in FAULTS if f"| {fault.name} |" not in page] == []
    head = next(line for line in page.splitlines() if line.startswith("| fault |"))
    total = next(line for line in page.splitlines() if line.startswith("| all |"))
    counts = dict(zip(head.split(" | "), total.split(" | "), strict=False))
    wrong = (
        "lost",
        "charged twice",
        "over",
        "rows missing",
        "bugs",
        "hangs",
        "left over",
        "secrets",
    )
    assert {name: counts[name] for name in wrong} == dict.fromkeys(wrong, "0")
