"""What scanning a clip costs before its price is known, against decoding it.

    python dev/benchmarks/scan.py FOLDER [SECONDS]

FOLDER holds clips of different scenes; from them a film of 1920x1080 is made, 60 s long unless
said. `sdbr vid2vid FILM x --dry-run` is then measured against `ffmpeg -threads 1 -i FILM -f null
-`: processor time, memory, the time to the first sign of progress on a terminal, from Ctrl-C to the
end, and the whole of a second command on the same film.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from contextlib import suppress
from pathlib import Path

from runs import SDBR, alternately, folder_in, machine, run, table

SECONDS, RATE, SCENES = 60, 25, 6
ROUNDS = 1
RUNNING = 4.0
"""Seconds after which Ctrl-C is pressed."""


def film(folder: Path, seconds: int, target: Path) -> Path:
    """Write a film of scenes from the folder's clips, each as long, with hard cuts."""
    clips = sorted(folder.glob("*.mp4"), key=lambda path: path.stat().st_size)[-SCENES:]
    each = seconds / len(clips)
    inputs = [
        part for clip in clips for part in ("-stream_loop", "-1", "-t", f"{each}", "-i", clip)
    ]
    shaped = (
        f"[{n}:v]scale=1920:1080,setsar=1,fps={RATE},trim=duration={each},setpts=PTS-STARTPTS[v{n}]"
        for n in range(len(clips))
    )
    joined = "".join(f"[v{n}]" for n in range(len(clips)))
    graph = f"{';'.join(shaped)};{joined}concat=n={len(clips)}[out]"
    encoding = (
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-g",
        "250",
        "-pix_fmt",
        "yuv420p",
        "-map",
        "[out]",
    )
    command = ("ffmpeg", "-loglevel", "error", "-y", *inputs, "-filter_complex", graph)
    subprocess.run((*command, *encoding, target), check=True)
    return target


def dry_run(clip: Path, root: Path) -> tuple[str, ...]:
    flags = ("--offline", "--dry-run", "--workspace", str(root))
    return (*SDBR, "vid2vid", str(clip), "x", *flags)


def first_sign(command: tuple[str, ...]) -> tuple[float, float]:
    """Seconds to the first word on a terminal, and from Ctrl-C to the end."""
    ours, theirs = pty.openpty()
    # A terminal of no columns gets no status line.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        os.read(ours, 1024)
        shown = time.perf_counter() - began
        # Whoever draws on a terminal waits once nobody reads.
        threading.Thread(target=_read_all, args=(ours,), daemon=True).start()
        time.sleep(RUNNING)
        process.send_signal(signal.SIGINT)
        pressed = time.perf_counter()
        process.wait()
        return shown, time.perf_counter() - pressed


def _read_all(terminal: int) -> None:
    with suppress(OSError):
        while os.read(terminal, 1024):
            pass


def main() -> None:
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        clip = film(Path(sys.argv[1]), seconds, root / "film.mp4")
        decode = (
            "ffmpeg",
            "-loglevel",
            "error",
            "-threads",
            "1",
            "-i",
            str(clip),
            "-f",
            "null",
            "-",
        )
        decoded, first = alternately(
            ROUNDS, lambda: run(decode), lambda: run(dry_run(clip, folder_in(root)))
        )
        shown, stopped = first_sign(dry_run(clip, folder_in(root)))
        known = folder_in(root)
        run(dry_run(clip, known))
        again = run(dry_run(clip, known))
    frames = seconds * RATE
    rows = []
    for name, took in (("ffmpeg", decoded), ("first command", first), ("the next", again)):
        times = (f"{1000 * took.cpu / frames:.1f}", f"{took.cpu / decoded.cpu:.2f}")
        rows.append((name, *times, f"{took.wall:.1f}", f"{took.memory:.0f}"))
    table(("", "CPU ms a frame", "of ffmpeg's", "wall s", "memory MB"), rows)
    print(f"{shown:.1f} s to the first progress; {stopped:.1f} s from Ctrl-C to the end")


if __name__ == "__main__":
    main()
