"""Record what a fixed list of commands prints and writes; compare it with the code of today.

Usage: python dev/results.py record FILE.json [--media FOLDER] [--only WORD] [--jobs 2]
       python dev/results.py compare FILE.json [--media FOLDER] [--only WORD] [--jobs 2]

Each scenario of dev/result_commands.py runs offline in a workspace of its own, in processes of
their own, with the clock standing still (dev/frozen.py). Of each command are kept: its exit code,
what it printed, and the SHA-256 of each file that it wrote: of the bytes, and of what they decode
to. Masked is only what no clock explains: durations, ports, request ids, free disk space, and the
random ids of Matroska and WebM.
--media adds commands on real files, --only takes the scenarios whose name has that word, --tree
runs the code of another checkout. `compare` ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
from filelock import FileLock
from PIL import Image, ImageSequence
from result_commands import SCENARIOS, Scenario, on_media
from result_inputs import make_inputs

HERE = Path(__file__).resolve().parent
ROOT = Path(tempfile.gettempdir()) / "sdbr-results"
"""Always the same, because clips carry the path of what they were made from."""

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
_STILLS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".apng"}
_CLIPS = {".mp4", ".mov", ".mkv", ".webm"}
_MASKS = (
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r'("latency_ms": )\d+'), r"\1MS"),
    (re.compile(r"[\d.]+ GB free"), "SOME GB free"),
    (re.compile(r"\b(in|took|after) [\d.]+ (ms|s|min)\b"), r"\1 TIME"),
)
# SegmentUID, TrackUID, TagTrackUID, and the checksums over them.
_MATROSKA_IDS = re.compile(rb"\x73\xa4\x90.{16}|[\x73\x63]\xc5\x88.{8}|\xbf\x84.{4}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did: `files` has the digests of those that it wrote or changed."""

    command: str
    exit: int
    stdout: str
    stderr: str
    files: dict[str, str]


Outcomes = dict[str, list[Outcome]]


def record(scenarios: Sequence[Scenario], tree: Path, jobs: int) -> Outcomes:
    """Run all scenarios, some at once; one such run at a time on a machine."""
    with FileLock(f"{ROOT}.lock"):
        shutil.rmtree(ROOT, ignore_errors=True)
        inputs = ROOT / "inputs"
        inputs.mkdir(parents=True)
        make_inputs(inputs)
        with ThreadPoolExecutor(jobs) as pool:
            done = pool.map(lambda scenario: _play(scenario, inputs, tree), scenarios)
            outcomes = {each.name: told for each, told in zip(scenarios, done, strict=True)}
        shutil.rmtree(ROOT)
    return outcomes


def _play(scenario: Scenario, inputs: Path, tree: Path) -> list[Outcome]:
    workspace = ROOT / re.sub(r"\W+", "-", scenario.name)
    shutil.copytree(inputs, workspace)
    for file in scenario.files:
        shutil.copyfile(file, workspace / file.name)
    moment, known = NOON, _hold(workspace, NOON)
    outcomes, printed = [], b""
    for command in scenario.commands:
        moment += timedelta(minutes=1)
        ran = _run(command, workspace, tree, moment, printed)
        printed, before, known = ran.stdout, known, _hold(workspace, moment)
        files = {name: told for name, told in known.items() if before.get(name) != told}
        files |= dict.fromkeys(before.keys() - known.keys(), "gone")
        stdout, stderr = _masked(ran.stdout, workspace), _masked(ran.stderr, workspace)
        outcomes.append(Outcome(command, ran.returncode, stdout, stderr, files))
    shutil.rmtree(workspace)
    print(f"ran {scenario.name}", file=sys.stderr, flush=True)
    return outcomes


def _run(
    command: str, workspace: Path, tree: Path, moment: datetime, piped: bytes
) -> subprocess.CompletedProcess[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SDBR_", "XDG_"))}
    environment = kept | {
        "PYTHONPATH": str(tree / "src"),
        "HOME": str(workspace / ".home"),
        "SDBR_CONFIG": str(workspace / "settings.toml"),
        "SDBR_OFFLINE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "100",
        "TZ": "UTC",
    }
    clock = [sys.executable, str(HERE / "frozen.py"), moment.isoformat()]
    arguments = clock + shlex.split(command.removeprefix("| "))
    piped = piped if command.startswith("| ") else b""
    return subprocess.run(
        arguments, cwd=workspace, env=environment, input=piped, capture_output=True, check=False
    )


def _hold(workspace: Path, moment: datetime) -> dict[str, str]:
    """The digests of all files outside of hidden folders; new ones get the moment as their time."""
    digests = {}
    for path in sorted(path for path in workspace.rglob("*") if path.is_file()):
        # What stands at a whole minute was put there before.
        if path.stat().st_mtime_ns % 60_000_000_000:
            os.utime(path, (moment.timestamp(), moment.timestamp()))
        name = path.relative_to(workspace)
        if not name.parts[0].startswith("."):
            digests[str(name)] = _digest(path, workspace)
    return digests


def _digest(path: Path, workspace: Path) -> str:
    data = path.read_bytes()
    if path.suffix in {".html", ".json", ".csv", ".txt"}:
        data = _masked(data, workspace).encode()
    elif path.suffix in {".mkv", ".webm"}:
        data = _MATROSKA_IDS.sub(b"", data)
    told = f"bytes {hashlib.sha256(data).hexdigest()}"
    if path.suffix in _STILLS | _CLIPS:
        decoded = hashlib.sha256()
        for part in _frames(path) if path.suffix in _STILLS else _stream(path):
            decoded.update(part)
        told += f" decoded {decoded.hexdigest()}"
    return told


def _frames(path: Path) -> Iterator[bytes]:
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            yield f"{frame.size} {frame.info.get('duration')} {frame.info.get('loop')}".encode()
            yield frame.convert("RGBA").tobytes()


def _stream(path: Path) -> Iterator[bytes]:
    with av.open(str(path)) as container:
        for frame in container.decode():
            yield f"{frame.pts} {frame.time_base}".encode()
            if isinstance(frame, av.VideoFrame):
                yield frame.to_ndarray(format="rgb24").tobytes()
            elif isinstance(frame, av.AudioFrame):
                yield frame.to_ndarray().tobytes()


def _masked(data: bytes, workspace: Path) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"bytes {hashlib.sha256(data).hexdigest()}"
    text = text.replace(str(workspace), "WORKSPACE")
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def differences(before: Outcomes, now: Outcomes) -> Iterator[str]:
    """One text for each thing that is not as it was."""
    for name in dict.fromkeys([*before, *now]):
        if name not in before or name not in now:
            yield f"{name}: only {'now' if name in now else 'before'}"
            continue
        old, new = before[name], now[name]
        if [it.command for it in old] != [it.command for it in new]:
            yield f"{name}: the commands are others"
            continue
        for was, is_now in zip(old, new, strict=True):
            yield from (f"{name}: {was.command}\n  {what}" for what in _changes(was, is_now))


def _changes(was: Outcome, is_now: Outcome) -> Iterator[str]:
    if was.exit != is_now.exit:
        yield f"exit: {was.exit}, now {is_now.exit}"
    for stream, old, new in (
        ("stdout", was.stdout, is_now.stdout),
        ("stderr", was.stderr, is_now.stderr),
    ):
        if old != new:
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
            yield "\n    ".join([f"{stream}:", *list(lines)[2:]])
    for file in sorted(was.files.keys() | is_now.files.keys()):
        old, new = was.files.get(file, "not written"), is_now.files.get(file, "not written")
        if old != new:
            same = "decoded" in old and old.split()[2:] == new.split()[2:]
            yield f"{file}: {'other bytes, decoded the same' if same else f'{old}, now {new}'}"


def main() -> int:
    """Record or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("what", choices=["record", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tree", type=Path, default=HERE.parent)
    wish = parser.parse_args()
    every = SCENARIOS + (on_media(wish.media.resolve()) if wish.media else ())
    chosen = [scenario for scenario in every if wish.only in scenario.name]
    now = record(chosen, wish.tree.resolve(), wish.jobs)
    if wish.what == "record":
        plain = {name: [asdict(it) for it in told] for name, told in now.items()}
        wish.file.write_text(json.dumps(plain, indent=1) + "\n", "utf-8")
        return 0
    stored = json.loads(wish.file.read_text("utf-8"))
    before = {name: [Outcome(**it) for it in told] for name, told in stored.items()}
    if wish.only or not wish.media:
        before = {name: told for name, told in before.items() if name in now}
    found = list(differences(before, now))
    print("\n".join(found) or f"{sum(map(len, now.values()))} commands, no difference")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
