import signal
import time
from fractions import Fraction

import av
import pytest

from tests.commands.clip_runs import clip_in

FLAGS = ("--seed", "7", "--keyframes", "all", "--steady", "off", "--workers", "1", "--yes")
PLAYS = "Preview of the finished part: "


def frames_of(path):
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except (av.FFmpegError, OSError):
        return 0  # Not begun.


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_what_was_finished_before_the_end_plays_until_the_clip_is_whole(
    sdbr, sdbr_process, start_emulator, workspace, end
):
    start_emulator(latency=0.1)
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(20)))
    preview = workspace / "generate" / "videos" / "clip.preview.mp4"
    process = sdbr_process("vid2vid", "clip.mp4", "ink", *FLAGS)
    deadline = time.monotonic() + 30
    while (seen := frames_of(preview)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(end)
    _, err = process.communicate(timeout=60)
    assert 2 <= seen <= frames_of(preview) < 20
    told = f"{PLAYS}{preview.relative_to(workspace)}"
    assert (told in err.decode()) == (end == signal.SIGINT)
    ran = sdbr("vid2vid", "clip.mp4", "ink", *FLAGS)
    assert ran.code == 0, ran.errors
    assert [path.name for path in preview.parent.iterdir()] == ["clip.mp4"]
    assert PLAYS not in ran.errors


def test_a_file_that_stands_in_the_preview_s_place_stays_and_the_clip_is_written(sdbr, workspace):
    clip_in(workspace)
    theirs = workspace / "generate" / "videos" / "clip.preview.mp4"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *FLAGS, "--offline")
    assert (ran.code, ran.paths[0].name) == (0, "clip.mp4")
    assert theirs.read_bytes() == b"theirs"
