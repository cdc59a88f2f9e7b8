"""The OpenTimelineIO file of a clip: read back, it says what the plan and the result say."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import av
import opentimelineio
import pytest

from sdbr.emulator.faults import Faults
from tests.commands.clip_runs import clip_in, frames, invocations
from tests.commands.test_vid2vid_calls import noise_in
from tests.media.made_clips import Film, make_film
from tests.motion.scenes import pan

RATE = Fraction(30000, 1001)
SEED = ("--seed", "7")
EVERY = ("--keyframes", "every:4")


def two_shots_in(folder: Path, timecode: str = "01:00:59;28") -> str:
    """Write two shots of nine frames at 29.97 frames a second; the label's minute drops two."""
    with av.open(str(folder / "clip.mov"), "w") as container:
        container.metadata["timecode"] = timecode
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for image in (frame for seed in (2, 3) for frame in pan(9, step=1, seed=seed)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return "clip.mov"


def read(path: Path) -> opentimelineio.schema.Timeline:
    return opentimelineio.adapters.read_from_file(str(path))


def markers(timeline: opentimelineio.schema.Timeline) -> list[tuple[int, str, float]]:
    """The frame from 1, the kind of keyframe and the media's time of each marker."""
    return [
        (
            marker.metadata["sdbr"]["frame"],
            marker.metadata["sdbr"]["keyframe"],
            marker.marked_range.start_time.value,
        )
        for clip in timeline.video_tracks()[0]
        for marker in clip.markers
    ]


@pytest.mark.parametrize("container", ["prores", "mov", "mp4", "mkv"])
def test_shots_are_clips_and_keyframes_are_markers_from_the_start_timecode(
    sdbr, workspace, container
):
    told = (two_shots_in(workspace), "ink", "--offline", *EVERY, "--container", container)
    ran = sdbr("vid2vid", *told, "--otio", "--json")
    assert ran.code == 0, ran.errors
    result = Path(json.loads(ran.lines[0])["path"])
    timeline = read(result.with_suffix(".otio"))
    start = timeline.global_start_time
    assert start.rate == float(RATE)
    assert start.to_timecode() == "01:00:59;28"
    (track,) = timeline.tracks
    spans = [clip.source_range for clip in track]
    assert [(span.start_time - start).value for span in spans] == [0, 9]
    assert [span.duration.value for span in spans] == [9, 9]
    assert spans[1].start_time.to_timecode() == "01:01:00;09"
    keyframes = json.loads(ran.lines[0])["keyframes"]
    assert keyframes == [1, 5, 9, 10, 14, 18]
    assert markers(timeline) == [(n, "drawn", start.value + n - 1) for n in keyframes]
    for clip in track:
        assert clip.media_reference.target_url == result.resolve().as_uri()
        assert clip.media_reference.available_range.duration.value == len(frames(result)) == 18


def test_what_a_keyframe_is_can_be_told_from_its_marker(sdbr, emulator, workspace):
    name = noise_in(workspace, 12)
    told = ("vid2vid", name, "ink", *SEED, "--keyframes", "every:11", "--yes")
    paths = sdbr(*told, "--export-keyframes", "painted").paths
    paths[0].unlink()
    ran = sdbr(*told, "--keyframes-from", "painted", "--otio", "--json")
    assert ran.code == 0, ran.errors
    kinds = [kind for _, kind, _ in markers(read(workspace / "generate" / "videos" / "clip.otio"))]
    assert kinds == ["drawn", "extra", "extra", "supplied"]
    assert len(invocations(emulator)) == 3


def test_a_refused_keyframe_is_marked_as_such(sdbr, start_emulator, workspace):
    start_emulator(faults=Faults(filter_output="nth:4"))
    told = ("--keyframes", "all", "--workers", "1")
    ran = sdbr("vid2vid", clip_in(workspace), "ink", *told, "--otio", "--yes")
    assert "1 frame refused" in ran.errors
    assert markers(read(ran.paths[0].with_suffix(".otio"))) == [(4, "refused", 3)]


def test_a_part_of_a_clip_begins_with_its_own_timecode(sdbr, workspace):
    told = (two_shots_in(workspace), "ink", "--offline", "--start", "0.2")
    ran = sdbr("vid2vid", *told, "--container", "prores", "--otio")
    timeline = read(ran.paths[0].with_suffix(".otio"))
    assert timeline.global_start_time.to_timecode() == "01:01:00;06"
    assert timeline.duration().value == len(frames(ran.paths[0])) == 12


def test_sound_lies_on_a_track_of_its_own(sdbr, workspace):
    ran = sdbr("vid2vid", clip_in(workspace, sounds=["aac"]), "ink", "--offline", "--otio")
    picture, sound = read(ran.paths[0].with_suffix(".otio")).tracks
    assert (picture.kind, sound.kind) == ("Video", "Audio")
    assert picture.duration() == sound.duration() == opentimelineio.opentime.RationalTime(10, 25)


def test_a_variable_rate_keeps_exact_times_between_the_frames_of_a_whole_rate(sdbr, workspace):
    times = tuple(Fraction(number, 25) for number in (0, 1, 2, 5, 6, 10, 11, 13))
    make_film(workspace / "clip.mp4", Film(times=times))
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--offline", "--keyframes", "every:3", "--otio")
    timeline = read(ran.paths[0].with_suffix(".otio"))
    assert timeline.duration().rate == round(timeline.duration().rate)
    seconds = [at / timeline.duration().rate for _, _, at in markers(timeline)]
    assert seconds == pytest.approx([float(times[n]) for n in (0, 3, 6, 7)])


def test_the_file_of_somebody_else_stays(sdbr, emulator, workspace):
    told = ("vid2vid", clip_in(workspace), "ink", *SEED, "-o", "cut.mov", "--otio")
    (workspace / "cut.otio").write_text("{}")
    ran = sdbr(*told)
    assert ran.code == 2
    assert "cut.otio already exists. Add --overwrite, or choose another name." in ran.errors
    assert not invocations(emulator)
    assert sdbr(*told, "--overwrite").code == 0
    assert sdbr(*told).code == 0
    assert read(workspace / "cut.otio").name == "cut"


def test_the_flag_changes_neither_the_result_nor_what_is_paid(sdbr, emulator, workspace):
    told = ("vid2vid", clip_in(workspace), "ink", *SEED)
    first = sdbr(*told)
    sent = len(invocations(emulator))
    assert sdbr(*told, "--otio").paths == first.paths
    assert len(invocations(emulator)) == sent


@pytest.mark.parametrize("kind", ["gif", "frames"])
def test_only_a_video_has_one(sdbr, emulator, workspace, kind):
    ran = sdbr("vid2vid", clip_in(workspace), "ink", "--container", kind, "--otio")
    assert ran.code == 2
    assert "--otio is for videos. Use --container prores, mov, mp4, mkv or webm." in ran.errors
    assert not invocations(emulator)


def test_without_the_library_one_line_says_how_to_install_it(
    sdbr, emulator, workspace, monkeypatch
):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    ran = sdbr("vid2vid", clip_in(workspace), "ink", "--otio")
    assert ran.code == 2
    assert "--otio needs OpenTimelineIO. Install it: pip install 'sdbr[otio]'" in ran.errors
    assert not invocations(emulator)
