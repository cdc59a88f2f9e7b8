import errno
import os
import subprocess
import sys

import pytest

from sdbr.emulator import Faults
from tests.commands.money import ledger_rows


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
        (["a fox", "--seed", "-1"], 2, "--seed"),
        (["a fox", "--seed", "x"], 2, "--seed"),
        (["a fox", "--seed", "1e99999999"], 2, "--seed"),
        (["a fox", "--max-cost", "1e99999999"], 2, "--max-cost"),
        (["{a|b}" * 40], 2, "Use fewer"),
        (["a fox", "--count", "0"], 2, "--count"),
        (["a fox", "--max-cost", "-1"], 2, "--max-cost"),
        (["a fox", "--max-cost", "nan"], 2, "--max-cost"),
        (["a fox", "--on-filtered", "x"], 2, "--on-filtered"),
        (["a fox", "--workers", "0"], 2, "--workers"),
        (["a fox", "--endpoint-url", "localhost"], 2, "not a valid endpoint"),
        (["a fox", "--endpoint-url", "http://[::1"], 2, "not a valid endpoint"),
        (["a fox", "--endpoint-url", "http://"], 2, "not a valid endpoint"),
        (["--each", "a fox", "b", "-o", "x.png"], 2, "Use -o with a folder"),
        (["a fox", "-o", "x.gif"], 2, ".png, .jpg or .webp"),
        (["a fox", "-o", "x.jpg", "--format", "png"], 2, "contradict each other"),
        (["--prompts", "missing.txt"], 3, "missing.txt"),
        (["a fox", "--region", "mars"], 4, "not an AWS region"),
        (["a fox", "--profile", "nobody"], 4, "AWS profile 'nobody' does not exist"),
        (["a fox", "--max-cost", "0.03"], 7, "over --max-cost 0.03"),
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
    assert ran.failure == (
        "sdbr: Cannot reach http://127.0.0.1:1. Start the emulator with `sdbr emulate --port 1`, "
        "or choose another --endpoint-url. Gave up after 3 attempts."
    )
    assert ran.errors.count("Start the emulator") == 1
    assert emulator.received == ()
    assert ledger_rows(workspace) == []


@pytest.mark.usefixtures("emulator")
def test_a_variable_that_names_an_endpoint_without_an_answer_is_told(sdbr, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://localhost:1")
    failure = sdbr("txt2img", "a fox").failure
    assert "http://localhost:1, named by AWS_ENDPOINT_URL_BEDROCK_RUNTIME. " in failure
    assert "`sdbr emulate --port 1`, or unset AWS_ENDPOINT_URL_BEDROCK_RUNTIME." in failure


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("access_denied", 4, "no access to Stable Image Core"),
        ("marketplace", 4, "aws-marketplace:Subscribe"),
        ("expired_token", 4, "aws sso login"),
        ("legacy", 4, "is a legacy model"),
        ("error_500", 5, "after 3 attempts"),
        ("throttle", 5, "throttled"),
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
    assert "retired on 2025-05-20. Use core (0.04 USD per picture)" in ran.failure
    assert emulator.pictures_made == 0


def test_without_credentials_for_bedrock_no_price_is_told(sdbr):
    ran = sdbr("txt2img", "a fox", "--region", "us-west-2")
    assert (ran.code, "No AWS credentials found" in ran.failure) == (4, True)
    assert "USD" not in ran.errors


@pytest.mark.parametrize("where", [("--offline",), ("--region", "us-west-2")])
def test_an_ended_model_is_refused_before_its_price(sdbr, monkeypatch, where):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    ran = sdbr("txt2img", "a fox", "--model", "sdxl", *where)
    assert ran.code == 4
    assert "retired on 2025-05-20. Use " in ran.failure
    assert "picture ×" not in ran.errors


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
    ran = sdbr("txt2img", "--each", "one", "two", "three")
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
