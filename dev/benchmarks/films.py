"""Whole films restyled, against the time that the calls alone would take.

    python dev/benchmarks/films.py CLIP [time] [memory]

CLIP is lengthened to 10 s. time: every frame drawn by 16 workers at 2 s a picture: the ideal is
frames × latency / workers. Beside it few keyframes, and the loop of the tutorials, a call after
the other, measured on eight frames. The emulator paints each picture once, in a run before the
measured one, so that what it takes on the same processors is what a server far away would not:
sockets and files' bytes. memory: the peak of a clip ten times as long as another, nothing waited
for.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from footage import lengthened
from PIL import Image
from runs import SDBR, Took, emulator, folder_in, machine, run, table

from sdbr.emulator import Emulator
from sdbr.media.clip import TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer

LATENCY, WORKERS, LOOPED = 2.0, 16, 8
LENGTH, SHORT = 250, 300
MODEL = "stability.sd3-5-large-v1:0"
PROMPT = "watercolour"
KEPT_BYTES = 8_000_000_000


def serve() -> None:
    """Answer with each picture painted once; the environment that leads here goes to stdout."""
    with Emulator(latency=LATENCY, keeps=KEPT_BYTES) as emulator:
        print(json.dumps(emulator.environment()), flush=True)
        sys.stdin.read()


@contextmanager
def gallery() -> Iterator[dict[str, str]]:
    command = (sys.executable, __file__, "--serve")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def sdbr(clip: Path, root: Path, where: dict[str, str], *flags: str) -> Took:
    arguments = ("--seed", "1", "--yes", "--workers", str(WORKERS), *flags)
    command = (*SDBR, "vid2vid", str(clip), PROMPT, *arguments)
    return run((*command, "--workspace", str(folder_in(root))), where)


def drawn(clip: Path, root: Path, where: dict[str, str], *flags: str) -> int:
    """How many frames such a run has just paid for; paints them on the way."""
    folder = folder_in(root)
    command = (*SDBR, "vid2vid", str(clip), PROMPT, "--seed", "1", "--yes", "--json", *flags)
    told = subprocess.run(
        (*command, "--workspace", str(folder)),
        check=True,
        capture_output=True,
        env={**where, "PATH": ""},
    )
    return len(json.loads(told.stdout)["keyframes"])


def loop(clip: Path, where: dict[str, str], target: Path) -> float:
    """Seconds a frame of the tutorials' loop: decode, call, wait, put into the film."""
    import boto3

    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=where["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"],
        region_name=where["AWS_REGION"],
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    began = time.perf_counter()
    with av.open(str(clip)) as film, open_writer(target, open_reader(clip).clip.timing) as writer:
        for number, frame in enumerate(film.decode(video=0)):
            if number == LOOPED:
                break
            sent = BytesIO()
            frame.to_image().save(sent, "PNG")
            told = {"prompt": PROMPT, "mode": "image-to-image", "strength": 0.6, "seed": 1}
            body = json.dumps({**told, "image": base64.b64encode(sent.getvalue()).decode()})
            answer = client.invoke_model(modelId=MODEL, body=body)
            picture = base64.b64decode(json.loads(answer["body"].read())["images"][0])
            with Image.open(BytesIO(picture)) as image:
                pixels = av.VideoFrame.from_image(image).to_ndarray(format="rgb24")
            writer.add(TimedFrame(pixels, Fraction(number, 25), Fraction(1, 25)))
    return (time.perf_counter() - began) / LOOPED


def restyling(clip: Path, root: Path) -> None:
    frames = sum(1 for _ in open_reader(clip).frames())
    print(f"{frames} frames; {WORKERS} workers, {LATENCY:g} s a picture\n")
    rows = []
    with gallery() as where:
        for name, flags in (
            ("every frame drawn", ("--keyframes", "all", "--steady", "off")),
            ("every frame drawn and filtered", ("--keyframes", "all")),
            ("keyframes, motion between", ()),
        ):
            count = drawn(clip, root, where, *flags)
            took, ideal = sdbr(clip, root, where, *flags), count * LATENCY / WORKERS
            measures = (f"{took.wall:.1f}", f"{ideal:.1f}", f"{took.wall / ideal:.2f}")
            cpu = (f"{1000 * took.cpu / frames:.0f}", f"{took.memory:.0f}")
            rows.append((name, count, *measures, *cpu))
        seconds = loop(clip, where, root / "loop.mp4") * frames
    ideal = frames * LATENCY / WORKERS
    rows.append(
        ("a loop", frames, f"{seconds:.0f}", f"{ideal:.1f}", f"{seconds / ideal:.1f}", "", "")
    )
    table(("", "calls", "wall s", "ideal s", "ratio", "CPU ms a frame", "memory MB"), rows)


def memory(clip: Path, root: Path) -> None:
    rows = []
    with emulator("--picture-side", "256") as where:
        for frames in (SHORT, 10 * SHORT):
            lengthy = lengthened(clip, frames, root / f"{frames}.mp4")
            took = sdbr(lengthy, root, where, "--keyframes", "all", "--steady", "off", "-q")
            rows.append((frames, f"{took.memory:.0f}", f"{took.wall:.0f}"))
            lengthy.unlink()
    table(("frames", "memory MB", "wall s"), rows)


def main() -> None:
    if sys.argv[1] == "--serve":
        serve()
        return
    wanted = sys.argv[2:] or ["time", "memory"]
    print(machine())
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        if "time" in wanted:
            restyling(lengthened(Path(sys.argv[1]), LENGTH, root / "ten.mp4"), root)
        if "memory" in wanted:
            memory(Path(sys.argv[1]), root)


if __name__ == "__main__":
    main()
