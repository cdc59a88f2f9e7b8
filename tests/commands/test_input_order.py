"""What is taken for the input and what for the prompt, and pictures that come on stdin."""

import io

import pytest
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.files import read_stdin


@pytest.fixture
def photo(workspace):
    Image.linear_gradient("L").convert("RGB").save(workspace / "photo.png")
    return "photo.png"


@pytest.mark.parametrize("command", [("img2img",), ("edit", "inpaint", "--mask=photo.png")])
def test_a_prompt_of_several_words_may_stand_before_its_picture(emulator, sdbr, photo, command):
    ran = sdbr(*command, "as a woodcut", photo)
    assert ran.code == 0, ran.errors
    assert [received.body["prompt"] for received in emulator.received] == ["as a woodcut"]


def test_a_prompt_may_stand_before_a_folder(emulator, sdbr, photo, workspace):
    (workspace / "in").mkdir()
    (workspace / photo).rename(workspace / "in" / photo)
    assert sdbr("img2img", "as a woodcut", "in").code == 0
    assert len(emulator.received) == 1


def test_one_word_before_a_picture_is_told_the_order(emulator, sdbr, photo):
    ran = sdbr("img2img", "woodcut", photo)
    assert ran.code == 2
    assert 'Put the prompt last: photo.png "woodcut".' in ran.failure
    assert not emulator.received


@pytest.mark.parametrize("first", ["my phto.png", "photo.png", "-"])
def test_a_name_before_a_picture_is_no_prompt(emulator, sdbr, photo, first):
    ran = sdbr("img2img", first, photo)
    assert ran.code == 2
    assert "No prompt" in ran.failure
    assert not emulator.received


def test_a_prompt_without_quotes_is_told_to_have_them(emulator, sdbr, photo):
    ran = sdbr("img2img", photo, "as", "a", "woodcut")
    assert ran.code == 3
    assert (
        "'as' does not exist. Check the path. Put a prompt of several words in quotes."
        in ran.failure
    )
    assert not emulator.received


@pytest.mark.parametrize("command", [("inspect",), ("upscale",), ("edit", "cutout")])
def test_a_missing_file_alone_is_no_prompt_without_quotes(sdbr, command):
    ran = sdbr(*command, "phto")
    assert ran.code == 3
    assert ran.failure.endswith("'phto' does not exist. Check the path.")


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("cutout", "Leave it out."),
        ("erase", "Leave it out."),
        ("outpaint", "Put it after --prompt."),
    ],
)
def test_a_prompt_that_an_edit_does_not_take_is_told_where_to_go(
    emulator, sdbr, photo, kind, instead
):
    ran = sdbr("edit", kind, photo, "a room")
    assert ran.code == 2
    assert f"edit {kind} takes no prompt argument: 'a room'. {instead}" in ran.failure
    assert not emulator.received


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_on_stdin_is_drawn_over(emulator, sdbr, format):
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, format)
    ran = sdbr("img2img", "-", "as a woodcut", "--seed", "7", stdin=file.getvalue())
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == ["stdin-7.png"]
    assert sdbr("replay", str(ran.paths[0])).paths == ran.paths
    assert len(emulator.received) == 1


@pytest.mark.usefixtures("emulator")
def test_an_animation_on_stdin_is_restyled(sdbr):
    file, frames = io.BytesIO(), [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    ran = sdbr("img2gif", "-", "ink", "--keyframes", "all", stdin=file.getvalue())
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == ["stdin.gif"]


@pytest.mark.parametrize("piped", [b"", b"\n"])
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("img2img", "-", "x"), "paths, one per line, or the bytes of one picture"),
        (("vid2vid", "-", "x"), "paths, one per line, or the bytes of one picture"),
        (("inspect", "-"), "paths, one per line, or the bytes of one picture"),
        (("txt2img", "-"), "prompts, one per line,"),
    ],
)
def test_an_empty_pipe_is_told_what_to_pipe(emulator, sdbr, arguments, wanted, piped):
    ran = sdbr(*arguments, stdin=piped)
    assert (ran.code, ran.failure) == (3, f"sdbr: stdin is empty. Pipe {wanted} into -.")
    assert not emulator.received


def test_a_closed_stdin_is_an_empty_one(monkeypatch):
    monkeypatch.setattr("sdbr.files.sys.stdin", None)
    with pytest.raises(InputProblem, match="stdin is empty"):
        read_stdin(1, "paths")


def test_a_list_of_names_that_begins_as_a_bitmap_does_is_a_list(emulator, sdbr, workspace):
    Image.new("RGB", (64, 64)).save(workspace / "BM over forty characters long to look real.png")
    ran = sdbr("img2img", "-", "ink", stdin=b"BM over forty characters long to look real.png\n")
    assert ran.code == 0, ran.errors
    assert len(emulator.received) == 1


@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypmp42\0\0\0\0", b"\x1a\x45\xdf\xa3\0\0"])
def test_a_video_on_stdin_is_told_to_be_saved(sdbr, head):
    ran = sdbr("vid2vid", "-", "ink", stdin=head + bytes(64))
    assert ran.code == 3
    assert "stdin contains a video. Save it to a file" in ran.failure


def test_each_command_names_an_input_of_its_own_kind(sdbr):
    assert 'for example: clip.mp4 "as a woodcut"' in sdbr("vid2vid").failure
    assert 'for example: photo.jpg "as a woodcut"' in sdbr("img2img").failure
    assert 'before the prompt: clip.mp4 "in ink"' in sdbr("vid2vid", "in ink").failure
