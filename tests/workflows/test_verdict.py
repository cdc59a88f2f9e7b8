"""What is said of pictures and animations: something where there is something to say."""

import json
import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from sdbr.request import Blob, ImageRequest, Model
from sdbr.workflows.verdict import Verdicts, animation_verdict, picture_verdict

MODEL = Model("m", "m", "stable_image", "M", ("image-to-image",))
MEDIA = os.environ.get("SDBR_TEST_MEDIA")


def scene(shift=0, shade=0):
    image = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
    ImageDraw.Draw(image).ellipse((40 + shift, 60, 140 + shift, 160), fill=(200, 40 + shade, 40))
    return image


def png(image):
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def over(image, strength=0.05):
    blob = None if image is None else Blob.of(png(image))
    return ImageRequest(MODEL, "ink", init_image=blob, strength=strength)


@pytest.mark.parametrize(
    ("result", "source", "word"),
    [
        (scene(), None, ""),
        (Image.new("RGB", (320, 240), "black"), None, "one color"),
        (Image.new("RGBA", (320, 240), (9, 90, 200, 0)), scene(), "one color"),
        (Image.new("RGB", (320, 240), "red"), Image.new("RGB", (64, 64), "red"), ""),
        (scene(shade=8), scene(), "nearly the input"),
        (ImageChops.invert(scene()), scene(), ""),
        (scene(shift=90), scene(), ""),
    ],
)
def test_a_word_is_said_of_a_picture_that_shows_nothing_or_nothing_new(result, source, word):
    assert picture_verdict(png(result), over(source))[0] == word


def test_a_model_that_takes_no_strength_is_not_told_to_raise_it():
    assert picture_verdict(png(scene()), over(scene(), strength=None))[0] == ""


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", png(scene())[:200]])
def test_what_cannot_be_read_has_no_verdict_and_no_error(data):
    assert picture_verdict(data, over(None)) == ("", None)


def test_pictures_of_several_seeds_that_are_the_same_are_told_once():
    verdicts, small = Verdicts(), picture_verdict(png(scene()), over(None))[1]
    other = picture_verdict(png(scene(90)), over(None))[1]
    words = [verdicts.add("", one, key, None) for one, key in ((small, "a"), (small, "a"))]
    assert [*words, *verdicts.lines()] == ["", ""]
    assert verdicts.add("", other, "b", None) == ""
    assert verdicts.add("", small, "c", None) == "nearly the same as another"
    assert list(verdicts.lines()) == [
        "1 of 4 pictures is nearly the same as another. Change the prompt, not the seed alone."
    ]


@pytest.fixture
def files(tmp_path):
    def write(*images):
        paths = [tmp_path / f"{number}.png" for number in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            image.save(path)
        return paths

    return write


def test_an_animation_that_stands_still_or_jumps_says_so(files):
    moving = [scene(shift) for shift in range(0, 160, 10)]
    assert list(animation_verdict(files(*moving, *moving[-2:0:-1]), loops=True)) == []
    assert list(animation_verdict(files(*moving), loops=False)) == []
    (jumps,) = animation_verdict(files(*moving), loops=True)
    assert "jumps where it begins again. --ping-pong" in jumps
    (still,) = animation_verdict(files(scene(), scene(), scene()), loops=True)
    assert "all frames are the same" in still
    blank = Image.new("RGB", (64, 64), "blue")
    assert "one color" in " ".join(animation_verdict(files(blank, blank), loops=True))


def test_the_command_says_it_and_tells_it_as_json(sdbr, workspace):
    scene().save(workspace / "photo.png")
    words = ("img2img", "photo.png", "ink", "--strength", "0.01,0.6", "--seed", "5", "--offline")
    ran = sdbr(*words, "--json")
    assert [json.loads(line)["verdict"] for line in ran.lines] == ["nearly the input", ""]
    assert "1 of 2 pictures is nearly the input at strength 0.01. Raise --strength." in ran.errors
    assert "nearly" not in sdbr(*words, "--quiet").errors


@pytest.mark.skipif(MEDIA is None, reason="needs SDBR_TEST_MEDIA")
@pytest.mark.parametrize(
    "name", ["chelsea-451x300.png", "harbour-4608x1976.jpg", "cmyk-100x100.jpg"]
)
@pytest.mark.parametrize("command", ["img2img", "img2gif"])
def test_nothing_is_said_of_real_photos_as_they_usually_become(sdbr, command, name):
    photo = str(Path(str(MEDIA)) / "photos" / name)
    more = ("--frames", "4") if command == "img2gif" else ("--count", "2")
    ran = sdbr(command, photo, "as a woodcut", "--seed", "5", "--offline", "--json", *more)
    assert {json.loads(line)["verdict"] for line in ran.lines} == {""}
