import json
from decimal import Decimal

import pytest
from PIL import Image

from tests.commands.money import ledger_rows

HARD_NAMES = [
    "x" * 500,
    "a/b\\c: d|e*?<>",
    "../../etc/passwd",
    "\"quoted\" and 'single'",
    "two\nlines\tand a tab",
    "🦊🎨",
    "...",
    ".hidden",
    "CON",
    "nul.png",
    "-- --yes",
    "Ein Fuchs über den Dächern, 東京の夜, ночь",
    "%00 $(reboot) `id`",
    "e\u0301\u0302\u0303",
]


def test_one_prompt_is_one_request_and_one_file_whose_path_alone_is_on_stdout(
    emulator, sdbr, workspace
):
    ran = sdbr("txt2img", "a red fox", "--seed", "7")
    assert ran.code == 0
    assert ran.lines == ["source/img/a-red-fox-7.png"]
    assert len(emulator.received) == 1
    with Image.open(workspace / ran.paths[0]) as picture:
        assert picture.format == "PNG"
    assert "1 picture × 0.04 USD = 0.04 USD" in ran.errors
    assert "1 of 1 done, 0.04 USD spent (emulated)" in ran.errors


def test_the_same_command_again_sends_nothing_and_gives_the_same_path_and_file(
    emulator, sdbr, workspace
):
    first = sdbr("txt2img", "a red fox", "--seed", "7")
    before = (workspace / first.paths[0]).read_bytes()
    again = sdbr("txt2img", "a red fox", "--seed", "7")
    assert again.lines == first.lines
    assert (workspace / again.paths[0]).read_bytes() == before
    assert len(emulator.received) == 1
    assert "all cached = 0.00 USD" in again.errors


def test_without_a_seed_every_run_draws_another_picture(emulator, sdbr):
    paths = {sdbr("txt2img", "a red fox").lines[0] for _ in range(3)}
    assert len(paths) == 3
    assert all(received.body["seed"] > 0 for received in emulator.received)


def test_several_prompts_and_counts_come_in_order(emulator, sdbr):
    ran = sdbr("txt2img", "--each", "one", "two", "--count", "2", "--seed", "5")
    assert [path.stem.rpartition("-")[0] for path in ran.paths] == ["one", "one", "two", "two"]
    assert len(set(ran.lines)) == 4
    assert len(emulator.received) == 4


def test_prompts_come_from_stdin_and_files_one_a_line(emulator, sdbr, workspace):
    (workspace / "ideas.txt").write_text("\ufeffthree\r\n\n  four  \n")
    ran = sdbr("txt2img", "-", "--prompts", "ideas.txt", stdin=b"one\ntwo\n")
    assert [path.stem.rpartition("-")[0] for path in ran.paths] == ["one", "two", "three", "four"]
    assert {it.body["prompt"] for it in emulator.received} == {"one", "two", "three", "four"}


def test_any_prompt_gives_a_file_in_its_folder_and_is_sent_as_it_is(emulator, sdbr, workspace):
    arguments = ("txt2img", "--each", "--seed", "7", "--workers", "1", "--", *HARD_NAMES)
    ran = sdbr(*arguments)
    assert ran.code == 0, ran.errors
    assert [received.body["prompt"] for received in emulator.received] == HARD_NAMES
    assert len(set(ran.lines)) == len(HARD_NAMES)
    for path in ran.paths:
        assert str(path.parent) == "source/img"
        assert (workspace / path).is_file()
        assert not path.name.startswith((".", "-"))
        assert len(path.name) < 100
        assert path.stem.upper() not in ("CON", "NUL")
    assert sdbr(*arguments).lines == ran.lines
    assert len(emulator.received) == len(HARD_NAMES)


def test_two_prompts_with_the_same_name_do_not_overwrite_each_other(emulator, sdbr, workspace):
    first, second = (sdbr("txt2img", p, "--seed", "7").paths[0] for p in ("a fox!", "a fox?"))
    assert (first.name, second.name) == ("a-fox-7.png", "a-fox-7-2.png")
    assert (workspace / first).read_bytes() != (workspace / second).read_bytes()
    assert len(emulator.received) == 2


def test_a_file_of_the_users_is_never_overwritten(emulator, sdbr, workspace):
    target = workspace / "source" / "img" / "a-fox-7.png"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    assert sdbr("txt2img", "a fox", "--seed", "7").paths[0].name == "a-fox-7-2.png"
    assert target.read_bytes() == b"mine"
    ran = sdbr("txt2img", "a fox", "--seed", "7", "-o", str(target))
    assert ran.code == 2
    assert "--overwrite" in ran.failure
    assert target.read_bytes() == b"mine"
    assert len(emulator.received) == 1


def test_json_lines_say_what_was_made_and_what_it_cost(emulator, sdbr, workspace):
    arguments = ("txt2img", "a „fox“", "--count", "3", "--seed", "7", "--json")
    made = [json.loads(line) for line in sdbr(*arguments).lines]
    assert [entry["seed"] for entry in made] == [7, 8, 9]
    for entry in made:
        assert (workspace / entry["path"]).is_file()
        assert entry["prompt"] == "a „fox“"
        assert entry["model"] == "stability.stable-image-core-v1:1"
        assert (entry["price"], entry["cost"], entry["cached"]) == (0.04, 0.04, False)
        assert entry["emulated"] is True
    again = [json.loads(line) for line in sdbr(*arguments).lines]
    assert [(entry["cost"], entry["cached"]) for entry in again] == [(0.0, True)] * 3
    assert len(emulator.received) == 3


def test_a_dry_run_sends_nothing_writes_nothing_and_prints_the_exact_bodies(
    emulator, sdbr, workspace
):
    arguments = ("txt2img", "a fox", "--seed", "7", "--negative", "rain", "--aspect", "16:9")
    ran = sdbr(*arguments, "--count", "2", "--dry-run", "--json")
    assert ran.code == 0
    assert "No request was sent." in ran.errors
    assert emulator.received == ()
    assert list(workspace.iterdir()) == []
    planned = [json.loads(line) for line in ran.lines]
    sdbr(*arguments, "--count", "2", "--workers", "1")
    assert [plan["body"] for plan in planned] == [received.body for received in emulator.received]
    head, *rest = sdbr(*arguments, "--dry-run").lines
    assert head == "POST /model/stability.stable-image-core-v1:1/invoke"
    assert json.loads("\n".join(rest)) == planned[0]["body"]


def test_a_dash_as_output_gives_the_pictures_bytes_and_writes_no_file(emulator, sdbr, workspace):
    ran = sdbr("txt2img", "a fox", "-o", "-")
    assert ran.code == 0
    assert ran.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert ran.data.endswith(b"IEND\xaeB`\x82")
    assert not list(workspace.glob("source/**/*.png"))
    assert sdbr("txt2img", "--each", "a fox", "b", "-o", "-").code == 2
    assert len(emulator.received) == 1


def test_json_and_the_picture_itself_do_not_both_go_to_stdout(emulator, sdbr):
    ran = sdbr("txt2img", "a fox", "-o", "-", "--json")
    assert (ran.code, ran.data) == (2, b"")
    assert "Leave out --json" in ran.failure
    assert not emulator.received
    assert sdbr("txt2img", "a fox", "-o", "-", "--json", "--dry-run").data.startswith(b"{")


@pytest.mark.parametrize(
    ("to", "format"), [("fox.png", "PNG"), ("fox.JPG", "JPEG"), ("new/fox.webp", "WEBP")]
)
def test_an_output_file_is_written_in_the_format_of_its_ending(
    emulator, sdbr, workspace, to, format
):
    assert sdbr("txt2img", "a fox", "--seed", "7", "-o", to).lines == [to]
    with Image.open(workspace / to) as picture:
        assert picture.format == format
    assert sdbr("txt2img", "a fox", "--seed", "7", "-o", to).code == 0
    assert len(emulator.received) == 1


def test_the_cap_is_kept_exactly_and_the_same_command_goes_on(emulator, sdbr, workspace):
    arguments = ("txt2img", "a fox", "--count", "10")
    ran = sdbr(*arguments, "--max-cost", "0.20")
    assert ran.code == 7
    assert "5 of 10 pictures are missing" in ran.failure
    assert emulator.pictures_made == len(ran.lines) == 5
    again = sdbr(*arguments, "--max-cost", "0.20")
    assert again.code == 0, again.errors
    assert emulator.pictures_made == 10
    assert [line for line in again.lines if line in ran.lines] == ran.lines
    assert len(list(workspace.glob("source/img/*.png"))) == 10
    assert sum(row["price"] for row in ledger_rows(workspace)) == Decimal("0.40")


def test_with_yes_a_dear_run_is_drawn(emulator, sdbr):
    assert len(sdbr("txt2img", "a fox", "--count", "26", "--yes", "-q").lines) == 26
    assert len(emulator.received) == 26


def test_quiet_says_nothing_when_all_is_well(emulator, sdbr):
    ran = sdbr("txt2img", "a fox", "-q")
    assert (ran.code, ran.errors) == (0, "")
    assert len(emulator.received) == 1


def test_seeds_counted_past_the_largest_begin_again(sdbr, emulator):
    ran = sdbr("txt2img", "a fox", "--seed", "4294967294", "--count", "2", "--workers", "1")
    assert ran.code == 0, ran.errors
    assert [record.body["seed"] for record in emulator.received] == [4294967294, 1]


@pytest.mark.parametrize(
    "flags", [("caf\udce9",), ("a fox", "--negative", "caf\udce9"), ("a\nb \udcff fox",)]
)
def test_words_that_are_no_utf_8_are_told_and_not_drawn(sdbr, emulator, flags):
    ran = sdbr("txt2img", *flags)
    assert ran.code == 3
    assert "not valid UTF-8 text" in ran.failure
    assert not emulator.received


def test_a_list_of_prompts_as_powershell_writes_it_is_drawn_as_it_was_meant(
    sdbr, emulator, workspace
):
    (workspace / "prompts.txt").write_bytes("N\u00f6rdlicher Fuchs\r\n".encode("utf-16"))
    assert sdbr("txt2img", "--prompts", "prompts.txt").code == 0
    assert emulator.received[0].body["prompt"] == "N\u00f6rdlicher Fuchs"


@pytest.mark.usefixtures("emulator")
def test_a_size_that_the_model_does_not_draw_is_said_to_be_resampled_once(sdbr):
    ran = sdbr("txt2img", "a fox", "--size", "300x300", "--count", "3")
    assert [Image.open(path).size for path in ran.paths] == [(300, 300)] * 3
    assert ran.errors.count("resized to --size 300x300.") == 1
    assert "resampled" not in sdbr("txt2img", "a fox").errors
