"""A clip is scanned once: the next command on the same content goes on from what is remembered."""

from __future__ import annotations

import json
import shutil
import zlib

import pytest

from sdbr.media.open import Reader
from sdbr.workflows.clips import scans
from tests.commands.clip_runs import clip_in
from tests.commands.test_vid2vid_calls import noise_in, shots_in

pytestmark = pytest.mark.usefixtures("emulator")

DRY = ("ink", "--seed", "7", "--dry-run", "--json")


@pytest.fixture
def decoded(monkeypatch):
    """The numbers of frames that were decoded, one for each time that a clip was read."""
    counts = []
    read = Reader.frames

    def counting(self, *span):
        counts.append(0)
        for frame in read(self, *span):
            counts[-1] += 1
            yield frame

    monkeypatch.setattr(Reader, "frames", counting)
    return counts


def kept(workspace):
    return sorted((workspace / ".sdbr" / "scans").iterdir())


def test_the_next_command_decodes_nothing_and_has_the_same_plan_and_price(sdbr, workspace, decoded):
    name = shots_in(workspace)
    first = sdbr("vid2vid", name, *DRY)
    assert decoded == [18]
    shutil.copy(workspace / name, workspace / "copy.mp4")
    for other in (name, "copy.mp4"):
        again = sdbr("vid2vid", other, *DRY)
        (one,), (two,) = map(plans, (first, again))
        assert one == two
    assert sdbr("vid2vid", name, *DRY).errors == first.errors
    assert decoded == [18]


def plans(ran):
    """What is said of each clip, but where its result goes."""
    assert ran.code == 0, ran.errors
    told = [json.loads(line) for line in ran.lines]
    return [{n: v for n, v in one.items() if n not in ("path", "source")} for one in told]


@pytest.mark.parametrize(
    "flags",
    [
        ("--start", "0.1"),
        ("--fps", "8"),
        ("--keyframes", "auto:fine"),
        ("--keyframes", "all"),
        ("--background", "red"),
    ],
)
def test_what_decides_the_plan_is_scanned_for_itself_and_once(sdbr, workspace, decoded, flags):
    name = clip_in(workspace)
    sdbr("vid2vid", name, *DRY)
    for _ in range(2):
        assert sdbr("vid2vid", name, *DRY, *flags).code == 0
    assert len(decoded) == len(kept(workspace)) == 2


def test_what_decides_no_plan_scans_nothing_again(sdbr, workspace, decoded):
    name = clip_in(workspace)
    sdbr("vid2vid", name, *DRY)
    flags = ("--strength", "0.3", "--model", "sdxl", "--max-cost", "5", "--container", "webm")
    assert sdbr("vid2vid", name, "oil", "--dry-run", *flags).code == 0
    assert len(decoded) == 1


def test_other_content_under_the_same_name_is_scanned(sdbr, workspace, decoded):
    sdbr("vid2vid", noise_in(workspace, 5, seed=1), *DRY)
    sdbr("vid2vid", noise_in(workspace, 6, seed=2), *DRY)
    assert decoded == [5, 6]


def test_another_version_of_the_scanning_code_scans_again(sdbr, workspace, decoded, monkeypatch):
    name = clip_in(workspace)
    sdbr("vid2vid", name, *DRY)
    monkeypatch.setattr(scans, "_scanner", lambda: "another")
    sdbr("vid2vid", name, *DRY)
    assert len(decoded) == 2


def damaged(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "harm",
    [damaged, lambda data: data[:-9], lambda _: b"", lambda _: zlib.compress(b"{}")],
    ids=["changed", "cut off", "empty", "foreign"],
)
def test_a_harmed_scan_is_ignored_and_replaced(sdbr, workspace, decoded, harm):
    name = clip_in(workspace)
    first = sdbr("vid2vid", name, *DRY)
    (path,) = kept(workspace)
    whole = path.read_bytes()
    path.write_bytes(harm(whole))
    assert sdbr("vid2vid", name, *DRY).lines == first.lines
    assert len(decoded) == 2
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"frames": [], "notes": [], "keyframes": [0], "said": []},
        {"frames": [["0", "1/0", "a", True]], "notes": [], "keyframes": [0], "said": []},
        {
            "frames": [["0", "1", "a", True]],
            "notes": [[[0, 0, 0, 0], [], []]],
            "keyframes": [0, 4],
            "said": [],
        },
    ],
)
def test_a_scan_that_says_no_sense_is_ignored(sdbr, workspace, decoded, content):
    name = clip_in(workspace)
    first = sdbr("vid2vid", name, *DRY)
    (path,) = kept(workspace)
    scans.ScanStore(path.parent).keep(path.stem, json.dumps(content).encode())
    assert sdbr("vid2vid", name, *DRY).lines == first.lines
    assert len(decoded) == 2


def test_what_was_found_amiss_is_said_again(sdbr, workspace, decoded):
    name = clip_in(workspace, "clip.mkv")
    path = workspace / name
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    first = sdbr("vid2vid", name, *DRY, "--accept-cut")
    again = sdbr("vid2vid", name, *DRY, "--accept-cut")
    assert first.errors == again.errors
    assert len(decoded) == 1


def test_a_scan_that_cannot_be_kept_stops_nothing(sdbr, workspace, decoded):
    name = clip_in(workspace)
    (workspace / ".sdbr").mkdir()
    (workspace / ".sdbr" / "scans").write_text("no folder")
    for _ in range(2):
        assert sdbr("vid2vid", name, *DRY).code == 0
    assert len(decoded) == 2


def test_only_a_cap_that_is_too_tight_scans_thoroughly(sdbr, workspace, decoded):
    flags = ("vid2vid", noise_in(workspace, 12), *DRY, "--keyframes", "auto:fine")
    assert sdbr(*flags).code == 0
    for _ in range(2):
        ran = sdbr(*flags, "--max-cost", "0.32")
        assert "keyframe instead of 12" in ran.errors
    assert decoded == [12, 12]


def test_scans_are_counted_listed_and_pruned_with_the_cache(sdbr, workspace, decoded):
    name = clip_in(workspace)
    sdbr("vid2vid", name, *DRY)
    (path,) = kept(workspace)
    size = path.stat().st_size
    assert sdbr("cache").lines == ["0 pictures, 0.0 MB; 0 refusals cached; 1 clip scan, 0.0 MB"]
    (row,) = sdbr("cache", "list", "--json").lines
    assert json.loads(row) == {"key": path.stem, "scan": ".sdbr/scans/" + path.name}
    sdbr("cache", "prune", "--older-than", "1")
    assert kept(workspace)
    (told,) = sdbr("cache", "prune", "--all", "--json").lines
    assert json.loads(told) == {"removed": 0, "bytes": 0, "scans": 1, "scan_bytes": size}
    sdbr("vid2vid", name, *DRY)
    assert len(decoded) == 2
