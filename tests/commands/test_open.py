import os
import shutil
import sys

import pytest

NOISE = "xdg-open: no method available for opening"

pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="they open files by other means"
)


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    """Puts an `xdg-open` with this body first on PATH, or leaves none there."""

    def install(body):
        programs = tmp_path / "programs"
        programs.mkdir()
        monkeypatch.setenv("PATH", str(programs))
        if body is not None:
            opener = programs / "xdg-open"
            opener.write_text(f"#!{shutil.which('sh', path=os.defpath)}\n{body}\n", "utf-8")
            opener.chmod(0o755)

    return install


def lines_of(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.decode().splitlines(), err.decode().splitlines()


@pytest.mark.parametrize("body", [None, f"echo '{NOISE}' >&2; exit 3"])
@pytest.mark.usefixtures("emulator")
def test_without_a_viewer_open_says_one_line(desktop, sdbr_process, body):
    desktop(body)
    _, errors = lines_of(sdbr_process("txt2img", "a fox", "--open", "--count", "2"))
    said = [line for line in errors if "open" in line]
    assert said == [
        "--open: no program on this machine can show the result. Open it from the path above."
    ]
    assert NOISE not in errors


@pytest.mark.usefixtures("emulator")
def test_open_shows_each_result(desktop, sdbr_process, workspace):
    desktop(f'echo "$1" >> {workspace}/opened')
    paths, errors = lines_of(sdbr_process("txt2img", "a fox", "--open", "--count", "2"))
    assert (workspace / "opened").read_text("utf-8").splitlines() == paths
    assert not any("--open" in line for line in errors)


@pytest.mark.usefixtures("emulator")
def test_a_report_that_nothing_can_show_says_so_too(desktop, sdbr, sdbr_process):
    assert sdbr("txt2img", "a fox").code == 0
    desktop(None)
    _, errors = lines_of(sdbr_process("report", "--open"))
    assert [line[:7] for line in errors] == ["--open:"]
