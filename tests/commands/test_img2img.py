import json
import re
from io import BytesIO

import pytest
from PIL import Image

from sdbr.emulator import Emulator, Faults
from tests.commands.moving_inputs import dance_in, photo_in


def wide_photo(folder, name="wide.jpg", size=(300, 200)):
    Image.new("RGB", size, "teal").save(folder / name)
    return name


def requests(emulator):
    return [record.body for record in emulator.received if record.number]


def test_a_picture_is_restyled_and_named_after_its_input(sdbr, emulator, workspace):
    ran = sdbr("img2img", wide_photo(workspace), "as a woodcut", "--seed", "7")
    assert ran.code == 0
    assert [str(path) for path in ran.paths] == ["generate/img/wide-7.png"]
    (body,) = requests(emulator)
    assert body["mode"] == "image-to-image"
    assert body["strength"] == 0.6
    assert "default strength 0.6" in ran.errors


@pytest.mark.parametrize("model", ["sd3", "sdxl", "sdxl-0.8"])
def test_a_3_to_2_photo_comes_back_3_to_2_whatever_size_the_model_takes(
    sdbr, start_emulator, workspace, model
):
    emulator = start_emulator(allow_retired=True)
    ran = sdbr("img2img", wide_photo(workspace), "a woodcut", "--model", model)
    assert ran.code == 0, ran.errors
    sent = requests(emulator)[0]
    assert sent.get("image") or sent.get("init_image")
    width, height = Image.open(workspace / ran.paths[0]).size
    assert abs(width / height - 1.5) < 0.05


@pytest.mark.usefixtures("emulator")
def test_what_moves_in_a_folder_is_told_and_not_passed_over_in_silence(sdbr, workspace):
    for name in ("a.mp4", "b.webm"):
        (workspace / name).write_bytes(b"")
    dance_in(workspace)
    wide_photo(workspace)
    ran = sdbr("img2img", ".", "a woodcut", "--seed", "7")
    assert [path.name for path in ran.paths] == ["dance-7.png", "wide-7.png"]
    assert ".: skipped 2 videos. For videos, use sdbr vid2vid." in ran.errors
    assert (
        "dance.gif: only the first frame is used. To restyle all frames, use sdbr img2gif."
        in ran.errors
    )


@pytest.mark.usefixtures("emulator")
def test_hidden_files_of_a_folder_are_left_out(sdbr, workspace):
    for name in ("a.jpg", ".b.jpg"):
        wide_photo(workspace, name)
    assert sdbr("img2img", ".", "ink", "--seed", "7").lines == ["generate/img/a-7.png"]


@pytest.mark.usefixtures("emulator")
def test_a_prompt_may_be_longer_than_any_file_name(sdbr, workspace):
    ran = sdbr("img2img", wide_photo(workspace), "old paper, " * 180, "--seed", "7")
    assert ran.lines == ["generate/img/wide-7.png"]
    wrong = sdbr("img2img", "old paper, " * 180, "x")
    assert (wrong.code, "does not exist" in wrong.failure) == (3, True)


def test_strength_means_the_same_for_every_model(sdbr, start_emulator, workspace):
    emulator = start_emulator(allow_retired=True)
    photo = wide_photo(workspace)
    for model in ("sd3.5", "sdxl", "structure"):
        assert sdbr("img2img", photo, "x", "--model", model, "--strength", "0.2").code == 0
    kept = [requests(emulator)[0]["strength"]]
    kept += [requests(emulator)[1]["image_strength"], requests(emulator)[2]["control_strength"]]
    assert kept == [0.2, 0.8, 0.8]


def test_inputs_are_taken_from_folders_globs_and_pipes_in_natural_order(sdbr, emulator, workspace):
    for number in (10, 2, 1):
        wide_photo(workspace, f"p{number}.jpg", (64 + number, 64))
    names = ["p1-5.png", "p2-5.png", "p10-5.png"]
    for told in (["."], ["p*.jpg"], ["p1.jpg", "p2.jpg", "p10.jpg"]):
        ran = sdbr("img2img", *told, "a woodcut", "--seed", "5")
        assert [path.name for path in ran.paths] == names
    ran = sdbr("img2img", "-", "a woodcut", "--seed", "5", stdin=b"p1.jpg\np2.jpg\np10.jpg\n")
    assert [path.name for path in ran.paths] == names
    assert len(requests(emulator)) == 3


def test_names_with_spaces_quotes_and_line_breaks_go_through_a_chain(sdbr, emulator, workspace):
    names = ["a b.jpg", 'it\'s "x".jpg', "two\nlines.jpg"]
    for name in names:
        wide_photo(workspace, name, (64 + len(name), 64))
    ran = sdbr("img2img", "-", "x", "--seed", "5", stdin="\n".join(names).encode())
    assert [path.name for path in ran.paths] == ["a b-5.png", 'it\'s "x"-5.png', "two_lines-5.png"]
    again = sdbr("img2img", "-", "y", "--seed", "6", stdin="\0".join(names).encode())
    assert len(again.paths) == 3
    assert len(requests(emulator)) == 6


@pytest.mark.parametrize("prompt", ["a fox " * 60, "é" * 300, "x" * 5_000])
def test_a_prompt_that_is_too_long_to_be_a_files_name_is_a_prompt(
    sdbr, emulator, workspace, prompt
):
    ran = sdbr("img2img", photo_in(workspace), prompt)
    assert ran.code == 0, ran.errors
    assert [body["prompt"] for body in requests(emulator)] == [prompt]


@pytest.mark.parametrize("command", ["img2img", "img2gif", "vid2vid"])
def test_an_input_whose_name_is_too_long_to_be_one_does_not_exist(sdbr, emulator, command):
    ran = sdbr(command, "x" * 5_000, "a woodcut")
    assert ran.code == 3
    assert "does not exist" in ran.failure
    assert len(emulator.received) == 0


@pytest.mark.usefixtures("emulator")
def test_each_result_of_a_chain_knows_its_source(sdbr):
    drawn = sdbr("txt2img", "a fox", "--count", "2", "--seed", "3")
    restyled = sdbr("img2img", "-", "a woodcut", "--seed", "4", stdin=drawn.data)
    for path, source in zip(restyled.paths, drawn.paths, strict=True):
        (line,) = sdbr("inspect", str(path), "--json").lines
        (parent,) = json.loads(line)["sources"]
        assert parent["path"].endswith(str(source))
        assert parent["made"]["request"]["prompt"] == "a fox"


def test_a_sweep_draws_each_combination_with_the_same_seed_and_lays_out_a_sheet(
    sdbr, emulator, workspace
):
    ran = sdbr(
        "img2img", photo_in(workspace), "{oil|ink}", "--strength", "0.2..0.6..0.2", "--sheet"
    )
    assert ran.code == 0
    sent = [(body["prompt"], body["strength"]) for body in requests(emulator)]
    assert sorted(sent) == [(word, s) for word in ("ink", "oil") for s in (0.2, 0.4, 0.6)]
    assert len({body["seed"] for body in requests(emulator)}) == 1
    (sheet,) = (workspace / "generate" / "img").glob("*-sheet.png")
    assert Image.open(sheet).width > 320


def test_replay_gives_the_same_bytes_for_nothing_and_a_changed_flag_pays_once(
    sdbr, emulator, workspace
):
    (path,) = sdbr("img2img", photo_in(workspace), "a woodcut").paths
    before = path.read_bytes()
    assert sdbr("replay", str(path)).paths == [path]
    assert path.read_bytes() == before
    assert len(requests(emulator)) == 1
    assert sdbr("replay", str(path), "--strength", "0.3").code == 0
    assert requests(emulator)[1]["strength"] == 0.3
    assert requests(emulator)[1]["seed"] == requests(emulator)[0]["seed"]


def test_a_mask_says_where_to_repaint_and_can_be_turned(sdbr, emulator, workspace):
    photo = photo_in(workspace)
    mask = Image.new("L", (64, 48))
    mask.paste(255, (0, 0, 20, 48))
    mask.save(workspace / "mask.png")
    for more in ([], ["--invert-mask"]):
        assert sdbr("edit", "inpaint", photo, "a kite", "--mask", "mask.png", *more).code == 0
    import base64

    white = []
    for body in requests(emulator):
        sent = Image.open(BytesIO(base64.b64decode(body["mask"]))).convert("L")
        white.append(sent.getpixel((2, 30)) > 128)
    assert white == [True, False]


@pytest.mark.parametrize(
    ("command", "model"),
    [
        (["upscale", "photo.png"], "stability.stable-fast-upscale-v1:0"),
        (["edit", "cutout", "photo.png"], "stability.stable-image-remove-background-v1:0"),
        (["edit", "outpaint", "photo.png", "--left", "20"], "stability.stable-outpaint-v1:0"),
        (
            ["edit", "replace", "photo.png", "a ball", "--find", "dog"],
            "stability.stable-image-search-replace-v1:0",
        ),
        (
            ["edit", "recolor", "photo.png", "red", "--find", "coat"],
            "stability.stable-image-search-recolor-v1:0",
        ),
    ],
)
def test_each_service_has_the_command_that_people_look_for(
    sdbr, emulator, workspace, command, model
):
    Image.new("RGB", (96, 96), "navy").save(workspace / "photo.png")
    assert sdbr(*command).code == 0
    (record,) = [record for record in emulator.received if record.number]
    assert record.model == model


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_told_and_nothing_is_sent(sdbr, emulator, workspace, content):
    (workspace / "broken.png").write_bytes(content)
    ran = sdbr("img2img", "broken.png", "x")
    assert ran.code == 3
    assert "broken.png" in ran.failure
    assert not emulator.received
    assert not list((workspace / "generate").rglob("*.png"))


@pytest.mark.parametrize("command", [("img2img",), ("img2gif", "--frames=2")])
def test_a_broken_picture_does_not_keep_the_others_from_being_drawn(
    sdbr, emulator, workspace, command
):
    names = [wide_photo(workspace, name) for name in ("a.jpg", "b.jpg", "c.jpg")]
    (workspace / "b.jpg").write_bytes((workspace / "b.jpg").read_bytes()[:300])
    ran = sdbr(*command, *names, "ink")
    assert ran.code == 8
    assert [path.name[0] for path in ran.paths] == ["a", "c"]
    assert re.search("1 of 3 [a-z]+ was not made. b.jpg is truncated", ran.failure)
    assert emulator.received


def test_what_was_not_drawn_is_told_beside_the_broken_pictures(sdbr, start_emulator, workspace):
    start_emulator(faults=Faults(filter_output="nth:1"))
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        wide_photo(workspace, name, (200, 200 + 20 * number))
    (workspace / "b.jpg").write_bytes(b"")
    ran = sdbr("img2img", "a.jpg", "b.jpg", "c.jpg", "ink", "--on-filtered=skip", "--workers=1")
    assert (ran.code, len(ran.lines)) == (8, 1)
    assert "1 of 3 pictures was not made. b.jpg" in ran.failure
    assert "1 of 2 pictures is missing" in ran.failure


def test_an_edit_leaves_the_colors_behind_transparency_to_the_flag(sdbr, workspace):
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(workspace / "clear.png")
    with Emulator(flicker=0) as emulator:
        ran = sdbr(
            *("img2img", "clear.png", "x", "--strength", "0", "--background", "#ff0000"),
            *("--offline",),
        )
        assert ran.code == 0
        assert not emulator.received
    red, green, _ = Image.open(ran.paths[0]).convert("RGB").getpixel((20, 20))
    assert red > 200 > green
