"""Regions of a clip that come from its source, and what they cost: nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from sdbr.motion import faces
from sdbr.motion.faces import Face, FaceDetector
from sdbr.workflows.clips import regions
from tests.commands.clip_runs import frames, invocations
from tests.commands.test_transparent_clips import IMAGES
from tests.media.made_clips import Film, make_film, picture, psnr
from tests.motion.scenes import SIZE, pan

SEED = ("--seed", "7")
LEFT = (slice(None), slice(0, 40))
"""What is white in the masks of these tests."""
FAR = (slice(None), slice(48, None))
"""What lies beyond their soft edge."""


@pytest.fixture
def clip(workspace):
    film = Film(times=tuple(Fraction(i, 25) for i in range(9)), options={"crf": "10"})
    return make_film(workspace / "clip.mp4", film, pan(9, step=1, seed=2)).name


@pytest.fixture
def mask(workspace):
    return mask_in(workspace)


def mask_in(folder, name="mask.png", area=LEFT, size=SIZE):
    plane = np.zeros(size[::-1], np.uint8)
    plane[area] = 255
    Image.fromarray(plane).save(folder / name)
    return name


def written(path="generate/frames/clip", count=9):
    return [np.asarray(Image.open(f"{path}/{number + 1:06d}.png")) for number in range(count)]


def same(sources, results, area):
    return [np.array_equal(a[area], b[area]) for a, b in zip(sources, results, strict=True)]


@pytest.mark.parametrize("keyframes", ["every:4", "all"])
def test_a_protected_region_is_that_of_the_source_in_every_frame(
    sdbr, clip, mask, emulator, keyframes
):
    told = ("--protect", mask, "--keyframes", keyframes, "--crf", "8", "--yes")
    ran = sdbr("vid2vid", clip, "ink", *SEED, *told)
    assert ran.code == 0, ran.errors
    sources = [one.image for one in frames(clip)]
    assert all(same(sources, written(), LEFT))
    assert not any(same(sources, written(), FAR))
    film = [one.image for one in frames(ran.paths[0])]
    assert min(psnr(a[LEFT], b[LEFT]) for a, b in zip(sources, film, strict=True)) > 30
    assert max(psnr(a[FAR], b[FAR]) for a, b in zip(sources, film, strict=True)) < 20
    assert len(invocations(emulator)) == (3 if keyframes == "every:4" else 9)


def test_only_a_region_is_restyled(sdbr, clip, mask, emulator):  # noqa: ARG001
    sdbr("vid2vid", clip, "ink", *SEED, "--only", mask)
    sources = [one.image for one in frames(clip)]
    assert all(same(sources, written(), (slice(None), slice(40, None))))
    assert not any(same(sources, written(), (slice(None), slice(0, 30))))


def test_another_mask_makes_another_film_and_sends_nothing(sdbr, workspace, clip, mask, emulator):
    plain = sdbr("vid2vid", clip, "ink", *SEED)
    sent = len(invocations(emulator))
    first = sdbr("vid2vid", clip, "ink", *SEED, "--protect", mask)
    other = mask_in(workspace, "other.png", FAR)
    second = sdbr("vid2vid", clip, "ink", *SEED, "--protect", other)
    reverse = sdbr("vid2vid", clip, "ink", *SEED, "--only", other)
    results = [ran.paths[0] for ran in (plain, first, second, reverse)]
    assert len({path.read_bytes() for path in results}) == len(set(results)) == 4
    assert len(invocations(emulator)) == sent
    assert "0.00 USD" in second.errors


def test_the_same_command_again_makes_the_same_file(sdbr, clip, mask, emulator):  # noqa: ARG001
    told = ("vid2vid", clip, "ink", *SEED, "--protect", mask)
    first = sdbr(*told)
    before = first.paths[0].read_bytes()
    assert sdbr(*told).paths == first.paths
    assert first.paths[0].read_bytes() == before


def test_a_clip_of_masks_has_its_own_region_in_each_frame(sdbr, workspace, clip, emulator):  # noqa: ARG001
    (workspace / "masks").mkdir()
    areas = [(slice(8, 56), slice(4 * n, 4 * n + 30)) for n in range(9)]
    for number, area in enumerate(areas):
        mask_in(workspace / "masks", f"{number}.png", area)
    ran = sdbr("vid2vid", clip, "ink", *SEED, "--protect", "masks")
    assert ran.code == 0, ran.errors
    sources, results = [one.image for one in frames(clip)], written()
    for source, result, area in zip(sources, results, areas, strict=True):
        assert np.array_equal(source[area], result[area])
        assert not np.array_equal(source[FAR], result[FAR])


def test_with_part_of_the_clip_the_same_part_of_the_masks_is_used(
    sdbr,
    workspace,
    clip,
    emulator,  # noqa: ARG001
):
    (workspace / "masks").mkdir()
    for number in range(9):
        mask_in(workspace / "masks", f"{number}.png", LEFT if number >= 5 else FAR)
    ran = sdbr("vid2vid", clip, "ink", *SEED, "--protect", "masks", "--start", "0.2")
    assert ran.code == 0, ran.errors
    assert all(same([one.image for one in frames(clip)][5:], written(count=4), LEFT))


def test_a_mask_that_cannot_be_used_is_refused_before_anything_is_sent(
    sdbr, workspace, clip, emulator
):
    (workspace / "masks").mkdir()
    for number in range(8):
        mask_in(workspace / "masks", f"{number}.png")
    refused = {
        "masks": "masks has 8 frames, and clip.mp4 has 9. Use a mask with one frame per frame.",
        mask_in(workspace, "wide.png", size=(96, 32)): "wide.png is 96x32, but the frames are",
        mask_in(workspace, "black.png", (slice(0), slice(0))): "black.png is all black.",
        "missing.png": "'missing.png' does not exist.",
    }
    for mask, why in refused.items():
        ran = sdbr("vid2vid", clip, "ink", "--protect", mask)
        assert ran.code == 3
        assert why in ran.errors
        assert ran.errors.count("\n") == 1
    assert sdbr("vid2vid", clip, "ink", "--protect", "masks", "--move-mask").code != 0
    assert "--move-mask needs a still mask" in sdbr("vid2vid", clip, "ink", "--move-mask").errors
    assert not invocations(emulator)


def test_a_small_mask_is_scaled_to_the_clip(sdbr, workspace, clip, emulator):  # noqa: ARG001
    small = mask_in(workspace, "small.png", (slice(None), slice(0, 20)), size=(80, 48))
    sdbr("vid2vid", clip, "ink", *SEED, "--protect", small)
    assert all(same([one.image for one in frames(clip)], written(), (slice(None), slice(0, 38))))


def test_a_mask_that_moves_follows_what_it_covers(sdbr, workspace, emulator):
    images = pan(9, step=3, seed=4)
    film = Film(times=tuple(Fraction(i, 25) for i in range(9)), options={"crf": "8"})
    clip = make_film(workspace / "clip.mp4", film, images).name
    area = (slice(40, 90), slice(70, 120))
    mask = mask_in(workspace, area=area)
    sdbr("vid2vid", clip, "ink", *SEED, "--protect", mask, "--move-mask")
    sources, results = [one.image for one in frames(clip)], written()
    assert np.array_equal(sources[0][area], results[0][area])
    same_at = (sources[8] == results[8]).all(axis=2)
    shift = np.nonzero(same_at[65])[0].mean() - 95
    assert abs(abs(shift) - 24) < 3
    assert len(invocations(emulator)) > 0


def test_a_text_in_a_protected_region_is_still_there(sdbr, workspace, emulator):  # noqa: ARG001
    font, images = ImageFont.load_default(16), []
    for one in pan(9, step=2, seed=3):
        image = Image.fromarray(one)
        ImageDraw.Draw(image).text((12, 70), "SDBR 42", font=font, fill="yellow")
        images.append(np.asarray(image))
    film = Film(times=tuple(Fraction(i, 25) for i in range(9)), options={"crf": "8"})
    clip = make_film(workspace / "clip.mp4", film, images).name
    area = (slice(66, 96), slice(0, 100))
    ran = sdbr("vid2vid", clip, "ink", "--protect", mask_in(workspace, area=area))
    film = [one.image[area].astype(float).ravel() for one in frames(ran.paths[0])]
    sources = [one.image[area].astype(float).ravel() for one in frames(clip)]
    assert min(np.corrcoef(*both)[0, 1] for both in zip(sources, film, strict=True)) > 0.98


def test_what_is_transparent_in_the_source_is_so_in_a_protected_region(
    sdbr,
    workspace,
    emulator,  # noqa: ARG001
):
    film = Film("qtrle", "argb", tags={})
    clip = make_film(workspace / "clip.mov", film, IMAGES).name
    ran = sdbr(
        "vid2vid",
        clip,
        "ink",
        "--protect",
        mask_in(workspace, size=(96, 64)),
        "--container",
        "apng",
    )
    assert ran.code == 0, ran.errors
    results = [one.image for one in frames(ran.paths[0])]
    for source, result in zip((one.image for one in frames(clip)), results, strict=True):
        assert np.array_equal(source[LEFT], result[LEFT])


def test_an_upscaled_clip_has_the_region_in_its_size(sdbr, workspace, emulator):  # noqa: ARG001
    film = Film(times=tuple(Fraction(i, 25) for i in range(2)))
    images = [picture(number, 128, 96) for number in range(2)]
    clip = make_film(workspace / "clip.mp4", film, images).name
    mask = mask_in(workspace, area=(slice(None), slice(0, 60)), size=(128, 96))
    ran = sdbr("vid2vid", clip, "--model", "upscale-fast", "--protect", mask, "--yes")
    assert ran.code == 0, ran.errors
    result, source = frames(ran.paths[0])[1].image, Image.fromarray(frames(clip)[1].image)
    large = np.asarray(source.resize(result.shape[1::-1], Image.Resampling.LANCZOS))
    left = (slice(None), slice(0, 200))
    assert result.shape[1] == 512
    assert psnr(result[left], large[left]) > 30


def test_a_replay_and_an_inspection_know_the_mask(sdbr, clip, mask, emulator):
    first = sdbr("vid2vid", clip, "ink", *SEED, "--protect", mask, "--keyframes", "every:4")
    told = sdbr("inspect", str(first.paths[0])).lines
    assert any(line.strip().startswith("protect: ") and line.endswith(mask) for line in told)
    before, sent = first.paths[0].read_bytes(), len(invocations(emulator))
    again = sdbr("replay", str(first.paths[0]))
    assert again.paths == first.paths, again.errors
    assert again.paths[0].read_bytes() == before
    assert len(invocations(emulator)) == sent


@pytest.fixture
def faces_found(monkeypatch):
    """A detector that finds one face in the first six frames."""
    asked = []

    def find(_, frame):
        asked.append(frame.mean())
        return (Face(0.3, 0.35, 0.3),) if len(asked) <= 6 else ()

    monkeypatch.setattr(regions, "has_detector", lambda: True)
    monkeypatch.setattr(FaceDetector, "find", find)
    monkeypatch.setattr(regions, "_SEARCHED", 1)
    monkeypatch.setattr(faces, "_HOLD", 0)
    return asked


def test_protected_faces_are_those_of_the_source_and_no_face_keeps_nothing(
    sdbr, clip, emulator, faces_found
):
    told = ("vid2vid", clip, "ink", *SEED, "--protect", "faces")
    ran = sdbr(*told)
    assert "clip.mp4: faces in 6 of 9 frames" in ran.errors.replace("clip:", "clip.mp4:")
    face = (slice(46, 66), slice(40, 56))
    sources = [one.image for one in frames(clip)]
    assert same(sources, written(), face) == [True] * 6 + [False] * 3
    sent = len(invocations(emulator))
    assert sdbr(*told).paths == ran.paths
    assert len(faces_found) == 9, "found faces are remembered"
    assert sdbr("replay", str(ran.paths[0])).paths == ran.paths
    assert len(invocations(emulator)) == sent


def test_without_a_detector_faces_are_refused_in_one_line(sdbr, clip, emulator, monkeypatch):
    monkeypatch.setattr(regions, "has_detector", lambda: False)
    ran = sdbr("vid2vid", clip, "ink", "--protect", "faces")
    assert ran.code == 2
    assert ran.errors.count("\n") == 1
    assert "pip install 'sdbr[faces]'" in ran.errors
    assert not invocations(emulator)


def test_a_still_picture_has_no_frames_to_protect(sdbr, workspace, mask, emulator):
    Image.new("RGB", (96, 64), "red").save(workspace / "photo.png")
    ran = sdbr("img2gif", "photo.png", "ink", "--protect", mask)
    assert ran.code == 2
    assert "--protect only works for clips" in ran.errors
    assert not invocations(emulator)


def test_a_trial_shows_the_protected_region(sdbr, clip, mask, emulator):  # noqa: ARG001
    told = ("vid2vid", clip, "ink", *SEED, "--test-frames", "1")
    plain = sdbr(*told)
    before = np.asarray(Image.open(plain.paths[0])).astype(int)
    kept = sdbr(*told, "--protect", mask)
    after = np.asarray(Image.open(kept.paths[0])).astype(int)
    assert before.shape == after.shape
    assert (before != after).any()
