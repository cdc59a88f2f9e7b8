import subprocess
import sys

CLOSED = "import sys; sys.stdin = None; from sdbr.cli import run; sys.exit(run(['trust']))"


def test_a_closed_stdin_is_no_terminal(workspace):
    (workspace / "sdbr.toml").write_text("max_cost = 100\n")
    told = subprocess.run(
        [sys.executable, "-c", CLOSED], cwd=workspace, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert "Add --yes" in told.stderr


def test_it_shows_what_a_file_decides_and_asks_nobody_without_a_terminal(sdbr, workspace):
    (workspace / "sdbr.toml").write_text("max_cost = 100\n[prices]\nultra = 0\n")
    told = sdbr("trust")
    assert told.code == 2
    assert "max_cost = 100\n  prices.ultra = 0\n" in told.errors
    assert "Add --yes" in told.errors
    assert sdbr("txt2img", "a fox").code == 2


def test_what_is_trusted_is_used_until_it_is_revoked(emulator, sdbr, workspace):
    (workspace / "sdbr.toml").write_text("max_cost = 0\n")
    assert sdbr("trust", "--yes").code == 0
    assert sdbr("txt2img", "a fox").code == 7
    assert sdbr("trust", "--revoke").code == 0
    assert sdbr("txt2img", "a fox").code == 2
    assert not emulator.received


def test_a_file_that_decides_nothing_needs_no_trust(sdbr, workspace):
    assert sdbr("trust").code == 3
    (workspace / "sdbr.toml").write_text("workers = 2\n")
    told = sdbr("trust")
    assert told.code == 0
    assert "no settings that need trust" in told.errors


def test_the_doctor_tells_it(sdbr, workspace):
    (workspace / "sdbr.toml").write_text("max_cost = 100\n")
    assert "sdbr trust --workspace" in sdbr("doctor", "--offline").data.decode()
