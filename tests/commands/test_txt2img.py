import errno
import json
import os
import subprocess
import sys
import time
from decimal import Decimal

import pytest
from PIL import Image

from sdbr.emulator import Faults
from sdbr.generation import retrying
from sdbr.store import spend
from sdbr.store.ledger import Ledger

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


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retrying, "_FIRST_WAIT", 0.001)


def ledger_rows(workspace):
    return spend.sends(Ledger(workspace / ".sdbr" / "ledger.db"), "")


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
    assert "all paid for already = 0.00 USD" in again.errors


def test_without_a_seed_every_run_draws_another_picture(emulator, sdbr):
    paths = {sdbr("txt2img", "a red fox").lines[0] for _ in range(3)}
    assert len(paths) == 3
    assert all(received.body["seed"] > 0 for received in emulator.received)


def test_several_prompts_and_counts_come_in_order(emulator, sdbr):
    ran = sdbr("txt2img", "one", "two", "--count", "2", "--seed", "5")
    assert [path.stem.rpartition("-")[0] for path in ran.paths] == ["one", "one", "two", "two"]
    assert len(set(ran.lines)) == 4
    assert len(emulator.received) == 4


def test_prompts_come_from_stdin_and_files_one_a_line(emulator, sdbr, workspace):
    (workspace / "ideas.txt").write_text("\ufeffthree\r\n\n  four  \n")
    ran = sdbr("txt2img", "-", "--prompts", "ideas.txt", stdin=b"one\ntwo\n")
    assert [path.stem.rpartition("-")[0] for path in ran.paths] == ["one", "two", "three", "four"]
    assert {it.body["prompt"] for it in emulator.received} == {"one", "two", "three", "four"}


def test_any_prompt_gives_a_file_in_its_folder_and_is_sent_as_it_is(emulator, sdbr, workspace):
    arguments = ("txt2img", "--seed", "7", "--workers", "1", "--", *HARD_NAMES)
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


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "No prompt"),
        ([""], 2, "prompt is empty"),
        (["   "], 2, "prompt is empty"),
        (["x" * 20_000], 2, "20,000 characters"),
        (["a fox", "--model", "cor"], 2, "Did you mean core"),
        (["a fox", "--model", "structure"], 2, "Use --model core"),
        (["a fox", "--nonsense"], 2, "--nonsense"),
        (["a fox", "--size", "big"], 2, "--size"),
        (["a fox", "--size", "0x0"], 2, "--size"),
        (["a fox", "--aspect", "7:5"], 2, "--aspect"),
        (["a fox", "--model", "sdxl", "--aspect", "7:5"], 2, "--aspect"),
        (["a fox", "--steps", "30"], 2, "--steps"),
        (["a fox", "--seed", "0"], 2, "--seed"),
        (["a fox", "--seed", "x"], 2, "--seed"),
        (["a fox", "--seed", "1e99999999"], 2, "--seed"),
        (["a fox", "--max-cost", "1e99999999"], 2, "--max-cost"),
        (["{a|b}" * 40], 2, "Give fewer"),
        (["a fox", "--count", "0"], 2, "--count"),
        (["a fox", "--max-cost", "-1"], 2, "--max-cost"),
        (["a fox", "--max-cost", "nan"], 2, "--max-cost"),
        (["a fox", "--on-filtered", "x"], 2, "--on-filtered"),
        (["a fox", "--workers", "0"], 2, "--workers"),
        (["a fox", "--endpoint-url", "localhost"], 2, "no endpoint"),
        (["a fox", "--endpoint-url", "http://[::1"], 2, "no endpoint"),
        (["a fox", "--endpoint-url", "http://"], 2, "no endpoint"),
        (["a fox", "b", "-o", "x.png"], 2, "Give -o a folder"),
        (["a fox", "-o", "x.gif"], 2, ".png, .jpg or .webp"),
        (["a fox", "-o", "x.jpg", "--format", "png"], 2, "disagree"),
        (["--prompts", "missing.txt"], 3, "missing.txt"),
        (["a fox", "--region", "mars"], 4, "not an AWS region"),
        (["a fox", "--profile", "nobody"], 4, "no such AWS profile"),
        (["a fox", "--max-cost", "0.03"], 7, "--max-cost is 0.03"),
        (["a fox", "--count", "26"], 7, "--yes"),
    ],
)
def test_what_cannot_be_is_one_line_on_stderr_its_exit_code_and_no_request(
    emulator, sdbr, arguments, code, words
):
    ran = sdbr("txt2img", *arguments)
    assert ran.code == code, ran.errors
    assert words in ran.failure
    assert ran.data == b""
    assert emulator.received == ()


def test_without_credentials_nothing_is_sent(emulator, sdbr, workspace, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 4
    assert "No AWS credentials found" in ran.failure
    assert emulator.received == ()
    assert ledger_rows(workspace) == []


def test_an_endpoint_that_cannot_be_reached_is_a_matter_of_service(emulator, sdbr, workspace):
    ran = sdbr("txt2img", "a fox", "--endpoint-url", "http://127.0.0.1:1")
    assert ran.code == 5
    assert "cannot be reached" in ran.failure
    assert emulator.received == ()
    assert ledger_rows(workspace) == []


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("access_denied", 4, "no access to Stable Image Core"),
        ("marketplace", 4, "aws-marketplace:Subscribe"),
        ("expired_token", 4, "aws sso login"),
        ("legacy", 4, "is legacy"),
        ("error_500", 5, "after 3 attempts"),
        ("throttle", 5, "throttles"),
        ("filter_prompt", 6, "refused the prompt"),
    ],
)
def test_each_trouble_of_the_service_has_its_exit_code_and_one_line(
    start_emulator, sdbr, workspace, fault, code, words
):
    emulator = start_emulator(faults=Faults(**{fault: 1.0}))
    ran = sdbr("txt2img", "a fox", "--attempts", "3")
    assert ran.code == code, ran.errors
    assert words in ran.failure
    assert ran.data == b""
    assert len(ledger_rows(workspace)) == len(emulator.received) == (3 if code == 5 else 1)
    assert not list(workspace.glob("source/img/*"))


def test_the_wrong_region_names_the_right_one(emulator, sdbr):
    ran = sdbr("txt2img", "a fox", "--region", "eu-west-1")
    assert ran.code == 4
    assert "Use --region us-west-2." in ran.failure
    assert len(emulator.received) == 1


def test_an_ended_model_names_its_successors_and_their_price(emulator, sdbr):
    ran = sdbr("txt2img", "a fox", "--model", "sdxl")
    assert ran.code == 4
    assert "ended on 2025-05-20. Use core (0.04 USD a picture)" in ran.failure
    assert emulator.pictures_made == 0


@pytest.mark.parametrize("blocked", [".sdbr", "source", "source/img"])
def test_where_files_cannot_be_written_nothing_is_sent(emulator, sdbr, workspace, blocked):
    path = workspace / blocked
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file in its place")
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 3, ran.errors
    assert "Cannot write" in ran.failure
    assert emulator.received == ()


@pytest.mark.parametrize("root", ["file/sub", "x" * 300])
def test_a_workspace_that_cannot_be_made_is_told_by_name(emulator, sdbr, workspace, root):
    (workspace / "file").write_text("")
    ran = sdbr("txt2img", "a fox", "--workspace", root)
    assert ran.code == 3, ran.errors
    assert root in ran.failure
    assert emulator.received == ()


def test_on_a_full_disk_nothing_is_sent(emulator, sdbr, workspace, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    ran = sdbr("txt2img", "one", "two", "three")
    assert ran.code == 3
    assert "the disk is full" in ran.failure
    assert emulator.received == ()
    assert ledger_rows(workspace) == []


def test_a_limit_on_file_size_is_met_before_anything_is_sent(emulator, workspace):
    limited = (
        "import resource, sys; from sdbr.cli import run;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000));"
        "sys.exit(run(['txt2img', 'a fox']))"
    )
    ran = subprocess.run([sys.executable, "-c", limited], cwd=workspace, capture_output=True)
    assert ran.returncode == 3, ran.stderr
    assert b"Cannot write" in ran.stderr
    assert emulator.received == ()


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
    assert "Nothing was sent." in ran.errors
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
    assert sdbr("txt2img", "a fox", "b", "-o", "-").code == 2
    assert len(emulator.received) == 1


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


def test_some_refused_pictures_leave_the_others_and_exit_8_under_skip(start_emulator, sdbr):
    emulator = start_emulator(refuse_words=("wolf",))
    prompts = ("a fox", "a wolf", "a hare")
    ran = sdbr("txt2img", *prompts, "--on-filtered", "skip")
    assert ran.code == 8
    assert len(ran.lines) == 2
    assert "1 of 3 pictures are missing" in ran.failure
    assert len(emulator.received) == 3
    assert sdbr("txt2img", *prompts, "--on-filtered", "skip").code == 8


def test_a_mix_of_faults_loses_no_picture_and_no_row(start_emulator, sdbr, workspace):
    faults = Faults(throttle=0.2, error_500=0.1, cut_body=0.1, not_a_picture=0.05, seed=4)
    emulator = start_emulator(faults=faults)
    ran = sdbr("txt2img", "a fox", "--count", "24", "--seed", "1", "--yes")
    assert ran.code == 0, ran.errors
    assert len(set(ran.lines)) == 24
    assert all((workspace / path).is_file() for path in ran.paths)
    rows = ledger_rows(workspace)
    assert len(rows) == len(emulator.received) > 24
    assert sum(row["billed"] == "yes" for row in rows) == emulator.pictures_made


def test_two_processes_with_the_same_command_pay_once(start_emulator, sdbr_process):
    emulator = start_emulator(latency=0.5)
    arguments = ("txt2img", "a fox", "--count", "2", "--seed", "7")
    both = [sdbr_process(*arguments) for _ in range(2)]
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert told[0][0] == told[1][0]
    assert len(emulator.received) == 2


def test_a_killed_run_leaves_its_open_sends_and_the_next_one_ends_with_the_same_files(
    start_emulator, sdbr, sdbr_process, workspace
):
    emulator = start_emulator(faults=Faults(stall="after:3"))
    arguments = ("txt2img", "a fox", "--count", "6", "--workers", "2")
    process = sdbr_process(*arguments)
    deadline = time.monotonic() + 60
    while len(emulator.received) < 3 or len(ledger_rows(workspace)) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    rows = ledger_rows(workspace)
    assert sorted(row["outcome"] for row in rows) == ["open", "open", *["picture"] * 3]
    assert {row["billed"] for row in rows if row["outcome"] == "open"} == {"perhaps"}
    made = {received.body["seed"] for received in emulator.received if received.made}
    again = start_emulator()
    ran = sdbr(*arguments)
    assert ran.code == 0, ran.errors
    assert len(again.received) == 3
    assert made | {received.body["seed"] for received in again.received} == {
        int(path.stem.rpartition("-")[2]) for path in ran.paths
    }
    assert len(list(workspace.glob("source/img/*.png"))) == 6


def test_ctrl_c_waits_for_what_is_under_way_and_the_same_command_goes_on(
    start_emulator, sdbr, sdbr_process, workspace
):
    emulator = start_emulator(latency=0.3)
    arguments = ("txt2img", "a fox", "--count", "8", "--workers", "2")
    process = sdbr_process(*arguments)
    deadline = time.monotonic() + 60
    while not emulator.received:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(2)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Run the same command again to go on" in err
    paid = emulator.pictures_made
    assert 0 < paid == len(out.splitlines()) < 8
    assert not any(row["outcome"] == "open" for row in ledger_rows(workspace))
    ran = sdbr(*arguments)
    assert ran.code == 0
    assert emulator.pictures_made == 8
    assert set(out.decode().splitlines()) < set(ran.lines)


def test_whoever_stops_reading_the_paths_loses_nothing(emulator, workspace):
    command = f"{sys.executable} -m sdbr txt2img a b c d --workers 1 | head -n 1"
    ran = subprocess.run(command, shell=True, cwd=workspace, capture_output=True, timeout=60)
    assert ran.stdout.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr
    assert len(ledger_rows(workspace)) == len(emulator.received)


def test_with_every_stream_closed_it_still_draws(emulator, workspace):
    command = f"{sys.executable} -m sdbr txt2img 'a fox' --seed 7 <&- 2>&-"
    ran = subprocess.run(command, shell=True, cwd=workspace, stdout=subprocess.PIPE, timeout=60)
    assert ran.stdout == b"source/img/a-fox-7.png\n"
    assert len(emulator.received) == 1


def test_seeds_counted_past_the_largest_begin_again(sdbr, emulator):
    ran = sdbr("txt2img", "a fox", "--seed", "4294967294", "--count", "2", "--workers", "1")
    assert ran.code == 0, ran.errors
    assert [record.body["seed"] for record in emulator.received] == [4294967294, 1]
