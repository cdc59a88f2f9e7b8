import subprocess
import sys
import time

from sdbr.emulator import Faults
from tests.commands.money import ledger_rows


def test_some_refused_pictures_leave_the_others_and_exit_8_under_skip(start_emulator, sdbr):
    emulator = start_emulator(refuse_words=("wolf",))
    prompts = ("a fox", "a wolf", "a hare")
    ran = sdbr("txt2img", *prompts, "--each", "--on-filtered", "skip")
    assert ran.code == 8
    assert len(ran.lines) == 2
    assert "1 of 3 pictures is missing" in ran.failure
    assert len(emulator.received) == 3
    assert sdbr("txt2img", *prompts, "--each", "--on-filtered", "skip").code == 8


def test_a_mix_of_faults_loses_no_picture_and_no_row(start_emulator, sdbr, workspace):
    faults = Faults(throttle=0.2, error_500=0.1, cut_body=0.1, not_a_picture=0.05, seed=4)
    emulator = start_emulator(faults=faults)
    ran = sdbr("txt2img", "a fox", "--count", "24", "--seed", "1", "--max-cost", "9")
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
    assert b"Run the same command again to continue" in err
    paid = emulator.pictures_made
    assert 0 < paid == len(out.splitlines()) < 8
    assert not any(row["outcome"] == "open" for row in ledger_rows(workspace))
    ran = sdbr(*arguments)
    assert ran.code == 0
    assert emulator.pictures_made == 8
    assert set(out.decode().splitlines()) < set(ran.lines)


def test_whoever_stops_reading_the_paths_loses_nothing(emulator, workspace):
    command = f"{sys.executable} -m sdbr txt2img a b c d --each --workers 1 | head -n 1"
    ran = subprocess.run(command, shell=True, cwd=workspace, capture_output=True, timeout=60)
    assert ran.stdout.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr
    assert len(ledger_rows(workspace)) == len(emulator.received)


def test_with_every_stream_closed_it_still_draws(emulator, workspace):
    command = f"{sys.executable} -m sdbr txt2img 'a fox' --seed 7 <&- 2>&-"
    ran = subprocess.run(command, shell=True, cwd=workspace, stdout=subprocess.PIPE, timeout=60)
    assert ran.stdout == b"source/img/a-fox-7.png\n"
    assert len(emulator.received) == 1
