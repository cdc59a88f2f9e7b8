from pathlib import Path

from sdbr.workflows.pictures.job import Job
from sdbr.workflows.pictures.sheet import arrange
from tests.material import CORE, request_for

BEFORE, OTHER = Path("a.png"), Path("b.png")


def job(before=None, **labels):
    request = request_for(CORE)
    return Job(request, Path(), "x", before=before, labels=tuple(labels.items()))


def test_each_input_stands_beside_what_was_made_of_it():
    written = [(job(BEFORE), Path("1.png")), (job(OTHER), Path("2.png"))]
    _, columns, rows, cells = arrange(written)
    assert (columns, rows) == (["before", "after"], ["a.png", "b.png"])
    assert cells == [[BEFORE, Path("1.png")], [OTHER, Path("2.png")]]


def test_pictures_of_words_stand_four_abreast():
    written = [(job(), Path(f"{number}.png")) for number in range(6)]
    _, columns, rows, cells = arrange(written)
    assert (columns, rows) == ([], [])
    assert [[path.stem for path in row] for row in cells] == [["0", "1", "2", "3"], ["4", "5"]]


def test_two_swept_flags_make_a_grid_beside_their_one_input():
    swept = [("0.2", "1"), ("0.2", "2"), ("0.4", "1"), ("0.4", "2")]
    written = [
        (job(BEFORE, strength=strength, seed=seed), Path(f"{strength}-{seed}.png"))
        for strength, seed in swept
    ]
    _, columns, rows, cells = arrange(written)
    assert columns == ["before", "seed 1", "seed 2"]
    assert rows == ["strength 0.2", "strength 0.4"]
    assert cells[1] == [BEFORE, Path("0.4-1.png"), Path("0.4-2.png")]
