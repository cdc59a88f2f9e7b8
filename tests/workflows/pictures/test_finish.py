import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sdbr.media.formats import sniff
from sdbr.media.stills.fit import CropBox, Placement
from sdbr.request import Size
from sdbr.workflows.pictures.finish import file_bytes, suffix
from sdbr.workflows.pictures.job import Finish, Input, Job
from tests.material import CORE, SDXL, drawn, picture_file, request_for

FOX = request_for(CORE, seed=7, negative_prompt="rain")
PICTURE = replace(drawn(FOX), key="k" * 64, drawn_at="2026-11-22T10:00:00+00:00", request_id="r")
JOB = Job(FOX, Path("source/img"), "a-red-fox")


def finished(finish, picture=PICTURE):
    return file_bytes(replace(JOB, finish=finish), picture, "txt2img", "local")[0]


def pixels(data):
    return Image.open(BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_the_models_own_pixels_are_kept_where_nothing_has_to_change(format):
    data = picture_file(format)
    made = finished(Finish(format), replace(PICTURE, data=data, format=format))
    assert pixels(made) == pixels(data)
    assert made != data
    assert sniff(made).format == format


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_another_format_is_encoded_anew(format):
    assert sniff(finished(Finish(format))) == (format, (64, 64))


@pytest.mark.parametrize("size", [Size(100, 40), Size(40, 100), Size(64, 64)])
def test_a_size_is_met_exactly(size):
    assert sniff(finished(Finish("png", size=size))).size == size


def test_a_picture_in_the_shape_of_what_went_in_keeps_the_models_own_pixels():
    noise = BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(noise, "jpeg", quality=40)
    picture = replace(PICTURE, data=noise.getvalue(), format="jpeg", size=Size(64, 48))
    whole = Placement(Size(640, 480), Size(64, 48), CropBox(0, 0, 640, 480), CropBox(0, 0, 64, 48))
    made = finished(Finish("jpeg", placement=whole), picture)
    assert pixels(made) == pixels(noise.getvalue())


def test_what_was_put_around_the_picture_that_went_in_is_cut_off_what_comes_out():
    framed = Image.new("RGB", (96, 96), "red")
    framed.paste("navy", (16, 16, 80, 80))
    file = BytesIO()
    framed.save(file, "png")
    picture = replace(PICTURE, data=file.getvalue(), size=Size(96, 96))
    inside = Placement(Size(64, 64), Size(96, 96), CropBox(0, 0, 64, 64), CropBox(16, 16, 80, 80))
    made = finished(Finish("png", placement=inside), picture)
    assert sniff(made).size == Size(64, 64)
    assert pixels(made) == bytes((0, 0, 128)) * 64 * 64


def test_a_lower_quality_is_a_smaller_file():
    noise = BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(noise, "png")
    picture = replace(PICTURE, data=noise.getvalue())
    low, high = (finished(Finish("jpeg", quality=q), picture) for q in (10, 95))
    assert len(low) < len(high)


def test_the_same_picture_is_the_same_file():
    assert finished(Finish()) == finished(Finish())


def test_the_text_for_people_names_prompt_seed_model_and_settings():
    request = request_for(SDXL, seed=7, extras=(("cfg_scale", 7.5), ("steps", 30)))
    data = file_bytes(replace(JOB, request=request), PICTURE, "txt2img", "local")[0]
    told = Image.open(BytesIO(data)).info["parameters"]
    assert told.startswith("a red fox")
    for part in ("Steps: 30", "CFG scale: 7.5", "Seed: 7", "Size: 64x64", SDXL.id):
        assert part in told


def test_the_record_holds_all_that_is_needed_to_make_the_picture_again():
    from sdbr.workflows.provenance.write import as_json

    job = replace(
        JOB,
        inputs=(Input("init_image", "in.png", "0" * 64),),
        treatment=("turned by EXIF",),
        finish=Finish("jpeg", quality=80, size=Size(32, 32)),
    )
    told = json.loads(as_json(job, PICTURE, "img2img", "aws"))
    assert told["command"] == "img2img"
    assert told["request"]["prompt"] == "a red fox"
    assert told["request"]["negative_prompt"] == "rain"
    assert (told["seed"], told["key"], told["answered_by"]) == (7, "k" * 64, "aws")
    assert told["inputs"] == [{"role": "init_image", "name": "in.png", "sha256": "0" * 64}]
    assert told["finish"] == {"format": "jpeg", "quality": 80, "size": [32, 32]}


@pytest.mark.parametrize(
    ("format", "ending"), [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp")]
)
def test_each_format_has_its_usual_ending(format, ending):
    assert suffix(Finish(format)) == ending
