"""Several prompts: from arguments, from lists with flags of their own, from templates."""

import pytest
from PIL import Image

from tests.commands.money import ledger_rows


def drawn(emulator):
    return [(received.body["prompt"], received.body["seed"]) for received in emulator.received]


def test_unquoted_words_of_a_script_are_refused_before_anything_is_paid(emulator, sdbr, workspace):
    ran = sdbr("txt2img", "a", "fox", "in", "the", "snow")
    assert ran.code == 2
    assert 'in quotes: "a fox in the snow". For 5 pictures, add --each.' in ran.failure
    assert not emulator.received
    assert ledger_rows(workspace) == []


def test_a_file_behind_an_at_sign_is_no_prompt(emulator, sdbr, workspace):
    (workspace / "foxes.txt").write_text("a fox\n")
    ran = sdbr("txt2img", "@foxes.txt")
    assert ran.code == 2
    assert "use --prompts foxes.txt." in ran.failure
    assert not emulator.received
    assert sdbr("txt2img", "@home", "--dry-run").code == 0


def test_unquoted_words_at_a_terminal_are_one_picture(emulator, sdbr, monkeypatch):
    from sdbr.console import Console

    monkeypatch.setattr(Console, "terminal", property(lambda _: True))
    ran = sdbr("txt2img", "a", "fox", "in", "the", "snow", "--seed", "7")
    assert [path.name for path in ran.paths] == ["a-fox-in-the-snow-7.png"]
    assert drawn(emulator) == [("a fox in the snow", 7)]


def test_each_line_is_drawn_with_its_own_flags_before_those_of_the_command(
    emulator, sdbr, workspace
):
    (workspace / "ideas.txt").write_text("a fox --seed 5\nan owl\na jay --seed=1..2 -n 2\n")
    ran = sdbr("txt2img", "--prompts", "ideas.txt", "--seed", "9", "--workers", "1")
    assert ran.code == 0, ran.errors
    jays = [("a jay", seed) for seed in (1, 2, 3)]
    assert drawn(emulator) == [("a fox", 5), ("an owl", 9), *jays]


def test_a_table_is_drawn_with_its_columns(emulator, sdbr, workspace):
    (workspace / "ideas.csv").write_text("prompt,model,aspect\na fox,ultra,16:9\nan owl,,\n")
    ran = sdbr("txt2img", "--prompts", "ideas.csv", "--workers", "1")
    assert ran.code == 0, ran.errors
    assert [(it.model, it.body.get("aspect_ratio")) for it in emulator.received] == [
        ("stability.stable-image-ultra-v1:1", "16:9"),
        ("stability.stable-image-core-v1:1", None),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "a fox --sede 5",
            "line 2: No such option: --sede. Did you mean --seed? See `sdbr txt2img",
        ),
        ("a fox --strength 1", "line 2: No such option: --strength. It belongs to img2img, "),
        ("a fox --seed", "line 2: Option '--seed' requires an argument"),
        ("a fox --seed 5 in the snow", "line 2: Got unexpected extra arguments (in the snow)"),
        ("a fox --count 0", "line 2: Invalid --count: '0' is not a"),
        ("a fox --seed x", "line 2: --seed is 'x': use a number"),
        ("a fox --model cor", "line 2: Unknown model 'cor'. Did you mean core"),
        ("a fox --max-cost 9", "line 2: No such option: --max-cost. It applies to the whole run"),
        ("a fox --prompts x", "line 2: No such option: --prompts. It applies to the whole run"),
    ],
)
def test_a_flag_that_is_none_is_told_with_its_line_before_anything_is_paid(
    emulator, sdbr, workspace, line, words
):
    (workspace / "ideas.txt").write_text(f"an owl\n{line}\n")
    ran = sdbr("txt2img", "--prompts", "ideas.txt")
    assert ran.code == 2
    assert words in ran.failure
    assert not emulator.received


def test_wildcards_are_files_of_the_workspace(emulator, sdbr, workspace):
    (workspace / "wildcards").mkdir()
    (workspace / "wildcards" / "animal.txt").write_text("fox\nowl\n")
    ran = sdbr("txt2img", "an __animal__ by {day|night}", "--seed", "7", "--workers", "1")
    assert ran.code == 0, ran.errors
    animals, times = ("fox", "owl"), ("day", "night")
    expected = [(f"an {animal} by {time}", 7) for animal in animals for time in times]
    assert drawn(emulator) == expected


@pytest.mark.parametrize("flags", [("{fox}",), ("__animal__",), ("a fox", "--negative", "{rain")])
def test_what_looks_like_a_template_is_not_drawn_as_it_is(emulator, sdbr, flags):
    ran = sdbr("txt2img", *flags)
    assert ran.code in (2, 3)
    assert ran.failure
    assert not emulator.received


@pytest.mark.parametrize(
    "words",
    [
        ("img2gif", "a.png", "ink", "--to-prompt", "{oil", "--frames", "2"),
        ("img2gif", "a.png", "{ink}", "--frames", "2"),
        ("vid2vid", "a.png", "__ink__"),
        ("edit", "replace", "a.png", "a kite", "--find", "{ball}"),
    ],
)
def test_every_text_of_every_command_is_a_template(emulator, sdbr, workspace, words):
    Image.new("RGB", (64, 64)).save(workspace / "a.png")
    ran = sdbr(*words)
    assert ran.code in (2, 3)
    assert ran.failure
    assert not emulator.received


def test_what_is_searched_for_may_have_choices(emulator, sdbr, workspace):
    Image.new("RGB", (64, 64)).save(workspace / "a.png")
    ran = sdbr("edit", "replace", "a.png", "a kite", "--find", "{ball|\\{bat\\}}", "--seed", "7")
    assert ran.code == 0, ran.errors
    assert sorted(it.body["search_prompt"] for it in emulator.received) == ["ball", "{bat}"]
    assert sdbr("replay", str(ran.paths[1])).paths == ran.paths[1:]
    assert len(emulator.received) == 2


def test_a_prompt_with_braces_is_made_again_from_its_record(emulator, sdbr):
    (path,) = sdbr("txt2img", r"a poster: \{a|b\} \__x\__", "--seed", "7").paths
    assert drawn(emulator) == [("a poster: {a|b} __x__", 7)]
    assert sdbr("replay", str(path)).paths == [path]
    assert len(emulator.received) == 1


def test_lists_of_arguments_and_of_stdin_take_each(emulator, sdbr):
    ran = sdbr("txt2img", "--each", "one", "-", stdin=b"two\nthree\n")
    assert ran.code == 0, ran.errors
    assert sorted(prompt for prompt, _ in drawn(emulator)) == ["one", "three", "two"]
