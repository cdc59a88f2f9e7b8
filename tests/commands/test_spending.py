"""What a run may spend: what was told and agreed to, and not a cent more."""

import errno
import re
import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from sdbr.emulator import Faults
from sdbr.files import unwritable
from sdbr.workflows.pictures import draw
from tests.commands.clip_runs import clip_in
from tests.commands.money import ledger_rows
from tests.material import run_with_full_stdout

CORE_PRICE = Decimal("0.04")
TWENTY = ("txt2img", "a fox", "--count", "20", "--seed", "1")


def spent(emulator):
    """USD for which Bedrock may send a bill."""
    return CORE_PRICE * emulator.pictures_made


@pytest.mark.parametrize("fault", ["drop_after", "no_pictures", "html_page", "not_a_picture"])
def test_retries_spend_no_more_than_was_told_and_agreed_to(start_emulator, sdbr, fault):
    emulator = start_emulator(faults=Faults(**{fault: 0.5}, seed=3))
    ran = sdbr(*TWENTY, "--count", "30", "--yes")
    assert ran.code in (5, 7, 8)
    assert spent(emulator) <= Decimal("1.20")


def test_under_the_sum_that_is_not_asked_about_that_sum_is_the_cap(start_emulator, sdbr):
    emulator = start_emulator(faults=Faults(drop_after=0.6, seed=1))
    ran = sdbr(*TWENTY)
    assert ran.code == 7
    assert "over the 1.00 USD you agreed to" in ran.failure
    assert Decimal("0.90") < spent(emulator) <= Decimal("1.00")


def test_the_rest_is_told_and_drawn_by_the_next_run(start_emulator, sdbr, workspace):
    emulator = start_emulator(faults=Faults(drop_after="first:10"))
    assert sdbr(*TWENTY).code == 7
    made = emulator.pictures_made
    again = sdbr(*TWENTY)
    assert (again.code, len(again.paths)) == (0, 20)
    assert f"{made - 10} cached" in again.errors
    assert emulator.pictures_made == 30
    assert len(ledger_rows(workspace)) == 30


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("no_pictures", "contains no picture"),
        ("html_page", "an HTML page"),
        ("broken_json", "cannot be read"),
    ],
)
def test_three_answers_in_a_row_without_a_picture_end_the_run(start_emulator, sdbr, fault, what):
    emulator = start_emulator(faults=Faults(**{fault: 1.0}))
    ran = sdbr(*TWENTY, "--workers", "1", "--max-cost", "50")
    assert ran.code == 5
    assert what in ran.failure
    assert "third response in a row" in ran.failure
    assert len(emulator.received) == 3


def test_many_workers_send_no_more_than_are_under_way_when_the_third_comes(start_emulator, sdbr):
    emulator = start_emulator(faults=Faults(no_pictures=1.0), latency=0.1)
    assert sdbr(*TWENTY, "--workers", "8", "--max-cost", "50").code == 5
    assert len(emulator.received) <= 10


def test_offline_asks_for_no_consent_and_holds_a_cap_that_is_given(sdbr):
    many = ("txt2img", "a fox", "--count", "30", "--offline")
    assert sdbr(*many).code == 0
    assert sdbr(*many, "--seed", "5", "--max-cost", "0.40").code == 7


def test_equal_requests_are_the_same_picture_and_not_paid_for_already(sdbr, emulator):
    ran = sdbr("txt2img", "--each", "a fox", "a fox", "a fox", "--seed", "7")
    assert "3 pictures, 2 duplicated: 1 × 0.04 USD = 0.04 USD" in ran.errors
    assert len(emulator.received) == 1


def test_a_damaged_cache_is_not_told_as_paid_for(sdbr, emulator, workspace):
    many = ("txt2img", "a fox", "--count", "30", "--seed", "1")
    assert sdbr(*many, "--yes").code == 0
    for picture in (workspace / ".sdbr" / "cache").glob("??/*.png"):
        data = bytearray(picture.read_bytes())
        data[len(data) // 2] ^= 1
        picture.write_bytes(data)
    ran = sdbr(*many)
    assert ran.code == 7
    assert "30 pictures × 0.04 USD = 1.20 USD" in ran.errors
    assert len(emulator.received) == 30


def test_what_other_seeds_may_cost_is_told_and_agreed_to(start_emulator, sdbr):
    emulator = start_emulator(faults=Faults(filter_output=0.3, seed=2))
    many = (*TWENTY[:2], "--count", "30", "--seed", "1", "--on-filtered", "reseed:5")
    assert sdbr(*many).code == 7
    ran = sdbr(*many, "--yes")
    assert "up to 6.00 USD more for new seeds if the filter refuses" in ran.errors
    assert (ran.code, len(ran.paths)) == (0, 30)
    assert len(emulator.received) > 30


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGQUIT", "SIGUSR1"])
def test_a_signal_that_ends_a_process_loses_no_paid_picture(
    sdbr, sdbr_process, start_emulator, workspace, name
):
    emulator = start_emulator(latency=0.5)
    many = ("txt2img", "a fox", "--count", "20", "--seed", "1", "--workers", "8")
    process = sdbr_process(*many)
    _wait_for(emulator, 8)
    process.send_signal(getattr(signal, name))
    if name == "SIGHUP":
        process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert sdbr(*many).code == 0
    assert len(emulator.received) == 20
    assert {row["billed"] for row in ledger_rows(workspace)} == {"yes"}


def test_under_nohup_a_closed_terminal_changes_nothing(sdbr_process, start_emulator):
    emulator = start_emulator(latency=0.3)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = sdbr_process("txt2img", "a fox", "--count", "12", "--workers", "4")
    finally:
        signal.signal(signal.SIGHUP, before)
    _wait_for(emulator, 4)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 12


def test_a_reader_that_goes_is_told_what_is_kept_and_how_to_get_it(
    sdbr, sdbr_process, start_emulator
):
    emulator = start_emulator(latency=0.2)
    many = ("txt2img", "a fox", "--count", "5")
    process = sdbr_process(*many)
    process.stdout.close()
    errors = process.stderr.read().decode()
    assert (process.wait(timeout=60), len(emulator.received)) == (141, 5)
    assert "run the same command again: 5 pictures are cached and not charged again." in errors
    assert " of 5 done" not in errors
    assert len(sdbr(*many).paths) == len(emulator.received) == 5


def test_a_full_disk_under_stdout_loses_no_paid_picture(sdbr, emulator, workspace):
    many = ("txt2img", "a fox", "--count", "3", "--fresh")
    ran = run_with_full_stdout(many, workspace)
    assert ran.returncode == 9
    _price, spent, failure = ran.stderr.splitlines()
    assert spent == "0.12 USD spent (emulated)"
    assert failure == (
        "sdbr: Cannot write to stdout: no space left on device. Free some space, or redirect the "
        "output elsewhere. Then run the same command again without --fresh: 3 pictures are cached "
        "and not charged again."
    )
    assert (sdbr(*many[:-1]).code, len(emulator.received)) == (0, 3)


def _wait_for(emulator, requests):
    deadline = time.monotonic() + 30
    while emulator.max_in_flight_seen < requests and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("txt2img", "a fox", "--count", "5"), "covers 2 of 5 pictures."),
        (
            ("img2gif", "photo.png", "ink", "--frames", "4"),
            "covers 1 of 4 frames; a result needs all of its frames.",
        ),
        (
            ("vid2vid", "clip.mp4", "ink", "--keyframes", "every:4"),
            "covers 1 of 4 keyframes; a result needs all of its keyframes.",
        ),
    ],
)
def test_a_cap_below_the_price_says_with_it_what_it_pays_for(sdbr, workspace, command, words):
    Image.linear_gradient("L").convert("RGB").save(workspace / "photo.png")
    clip_in(workspace)
    for more in (("--dry-run",), ()):
        ran = sdbr(*command, "--offline", "--max-cost", "0.10", *more)
        assert f"The cap of 0.10 USD {words}" in ran.errors.partition(" = ")[2]
    enough = sdbr(*command, "--offline", "--max-cost", "0.40", "--dry-run")
    assert "The cap" not in enough.errors


@pytest.mark.usefixtures("emulator")
def test_a_cap_counts_what_is_still_to_be_paid(sdbr):
    many = ("txt2img", "a fox", "--count", "5", "--seed", "1", "--workers", "1")
    assert sdbr(*many, "--max-cost", "0.10").code == 7
    assert "The cap of 0.10 USD covers 2 of 3 pictures." in sdbr(*many, "--max-cost", "0.10").errors


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that takes no files")
@pytest.mark.parametrize(
    "command",
    [
        ("txt2img", "a fox", "-o", "/sys/x.png"),
        ("txt2img", "a fox", "-o", "/sys/kernel"),
        ("img2gif", "p.png", "a fox", "--frames", "2", "-o", "/sys/x.gif"),
    ],
)
def test_a_folder_that_takes_no_files_is_found_before_payment(sdbr, emulator, workspace, command):
    Image.new("RGB", (64, 64), "red").save(workspace / "p.png")
    ran = sdbr(*command)
    assert (ran.code, len(emulator.received)) == (3, 0)
    assert re.search(
        r"Cannot write /sys\S*: permission denied\. Choose another folder", ran.failure
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_picture_that_cannot_be_written_is_kept_and_had_for_free(
    sdbr, emulator, monkeypatch, number
):
    def fail(*_file):
        raise unwritable(Path("x.png"), OSError(number, ""))

    with monkeypatch.context() as broken:
        broken.setattr(draw, "write_unique", fail)
        ran = sdbr("txt2img", "a fox")
    assert ran.code == 3
    assert ran.failure.count("un the same command again") == 1
    assert "1 picture is cached and not charged again." in ran.failure
    assert (sdbr("txt2img", "a fox").code, len(emulator.received)) == (0, 1)
