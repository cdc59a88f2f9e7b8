"""What results are called: templates, sweeps, and results that are made again."""

import pytest
from PIL import Image


@pytest.fixture
def photo(workspace):
    Image.linear_gradient("L").convert("RGB").save(workspace / "photo.png")
    return "photo.png"


def named(ran):
    assert ran.code == 0, ran.errors
    return [path.name for path in ran.paths]


@pytest.mark.usefixtures("emulator")
def test_a_sweep_puts_its_values_into_the_names(sdbr, photo):
    sweep = ("img2img", photo, "ink", "--seed", "7", "--strength", "0.2,0.4")
    expected = ["photo-7-strength-0.2.png", "photo-7-strength-0.4.png"]
    assert named(sdbr(*sweep)) == expected
    assert named(sdbr(*sweep)) == expected
    assert named(sdbr("img2img", photo, "{oil|ink}", "--seed", "7")) == [
        "photo-7-oil.png",
        "photo-7-ink.png",
    ]


@pytest.mark.usefixtures("emulator")
def test_two_sweeps_into_one_folder_can_be_told_apart(sdbr):
    fox = ("txt2img", "a {red|blue} fox", "--seed", "7", "-o", "out/")
    first = named(sdbr(*fox, "--aspect", "1:1,16:9"))
    second = named(sdbr(*fox, "--negative", "{rain|snow}"))
    assert first == [
        *("a-red-fox-7-1x1.png", "a-red-fox-7-16x9.png"),
        *("a-blue-fox-7-1x1.png", "a-blue-fox-7-16x9.png"),
    ]
    assert second[0] == "a-red-fox-7-negative-rain.png"
    assert len({*first, *second}) == 8


@pytest.mark.usefixtures("emulator")
def test_a_template_names_pictures_by_its_fields(sdbr, photo):
    words = ("img2img", photo, "ink", "--strength", "0.2,0.4", "--seed", "7")
    assert named(sdbr(*words, "--name", "{prompt}-{seed}-{strength}")) == [
        "ink-7-0.2.png",
        "ink-7-0.4.png",
    ]
    assert named(sdbr(*words, "--name", "{number} {input} by {model}")) == [
        "1 photo by sd3.5.png",
        "2 photo by sd3.5.png",
    ]
    assert named(sdbr(*words, "--name", "Mine")) == [
        "mine-7-strength-0.2.png",
        "mine-7-strength-0.4.png",
    ]


@pytest.mark.usefixtures("emulator")
def test_what_a_template_does_not_tell_apart_is_numbered_and_nothing_is_overwritten(sdbr):
    ran = sdbr("txt2img", "a fox", "--count", "3", "--name", "{prompt}")
    assert named(ran) == ["a-fox.png", "a-fox-2.png", "a-fox-3.png"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{sed}", "--name contains {sed}, which is not a field"),
        ("{model}/{seed}", "Set the folder with -o"),
        ("foxes/red", "Set the folder with -o"),
        ("{seed", "write fields as {seed}"),
    ],
)
@pytest.mark.parametrize("command", [("txt2img", "a fox"), ("vid2vid", "dance.gif", "ink")])
def test_a_name_that_cannot_be_is_refused_before_anything_is_sent(
    emulator, sdbr, workspace, command, name, words
):
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(workspace / "dance.gif", save_all=True, append_images=frames[1:])
    ran = sdbr(*command, "--name", name)
    assert ran.code == 2
    assert words in ran.failure
    assert not emulator.received


@pytest.mark.usefixtures("photo")
@pytest.mark.parametrize(
    "command",
    [
        ("txt2img", "a fox", "-o", "fox.png"),
        ("txt2img", "a fox", "-o", "-"),
        ("img2gif", "photo.png", "ink", "-o", "fox.webp"),
        ("vid2vid", "photo.png", "ink", "-o", "fox.mp4"),
    ],
)
def test_one_file_has_one_name(emulator, sdbr, command):
    ran = sdbr(*command, "--name", "owl")
    assert ran.code == 2
    assert f"--output {command[-1]}, which is a file." in ran.failure
    assert not emulator.received


@pytest.mark.usefixtures("emulator")
def test_a_folder_and_a_name_go_together(sdbr):
    (path,) = sdbr("txt2img", "a fox", "-o", "out/", "--name", "owl", "--seed", "7").paths
    assert path.as_posix() == "out/owl-7.png"


def test_a_picture_from_words_has_no_input_to_be_called_by(emulator, sdbr):
    ran = sdbr("txt2img", "a fox", "--name", "{input}")
    assert "{input}, which is not a field. Use prompt, seed, model," in ran.failure
    assert not emulator.received


@pytest.mark.usefixtures("emulator")
def test_a_list_may_name_each_of_its_pictures(sdbr, workspace):
    rows = "prompt,name,seed\na fox,first,5\nan owl,{prompt} {seed},6\na jay,,7\n"
    (workspace / "ideas.csv").write_text(rows)
    ran = sdbr("txt2img", "--prompts", "ideas.csv")
    assert named(ran) == ["first-5.png", "an-owl 6.png", "a-jay-7.png"]


@pytest.mark.usefixtures("emulator")
def test_a_picture_made_again_keeps_its_name_and_another_prompt_names_it_anew(sdbr):
    (path,) = sdbr("txt2img", "a red fox", "--seed", "7").paths
    assert sdbr("replay", str(path)).paths == [path]
    assert named(sdbr("replay", str(path), "--prompt", "a blue owl")) == ["a-blue-owl-7.png"]
    changed = sdbr("replay", str(path), "--aspect", "16:9")
    assert named(changed) == ["a-red-fox-7-16x9.png"]
    assert sdbr("replay", str(changed.paths[0])).paths == changed.paths
    assert named(sdbr("replay", str(path), "--name", "again")) == ["again-7.png"]


@pytest.mark.usefixtures("emulator")
def test_a_restyled_picture_made_again_with_another_prompt_says_so(sdbr, photo):
    ran = sdbr("img2img", photo, "ink", "--seed", "7", "--strength", "0.2,0.4")
    again = sdbr("replay", str(ran.paths[0]), "--prompt", "oil", "--strength", "0.6")
    (name,) = named(again)
    assert name == "photo-7-strength-0.6-oil.png"


@pytest.mark.usefixtures("emulator")
def test_a_template_is_filled_anew_when_its_result_is_made_again(sdbr, photo):
    template = ("--name", "{prompt}-{strength}")
    (path,) = sdbr("img2img", photo, "ink", *template, "--strength", "0.2").paths
    assert path.name == "ink-0.2.png"
    assert named(sdbr("replay", str(path), "--prompt", "oil")) == ["oil-0.2.png"]
    assert sdbr("replay", str(path)).paths == [path]


@pytest.mark.usefixtures("emulator")
def test_an_animation_is_called_by_its_template_also_when_made_again(sdbr, photo):
    words = ("img2gif", photo, "ink", "--frames", "2", "--seed", "7")
    (path,) = sdbr(*words, "--name", "{input}-{prompt}-{seed}").paths
    assert path.name == "photo-ink-7.gif"
    assert sdbr("replay", str(path)).paths == [path]
    assert named(sdbr("replay", str(path), "--prompt", "oil")) == ["photo-oil-7.gif"]
    (plain,) = sdbr(*words).paths
    assert plain.name == "photo.gif"
    assert named(sdbr("replay", str(plain), "--prompt", "oil")) == ["photo-oil.gif"]
