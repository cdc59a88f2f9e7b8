"""Restyle clips of every kind that people have, and check what comes out with ffmpeg and ffprobe.

Usage: python dev/clip_matrix.py [NAME …]     needs ffmpeg and ffprobe, no network

Each clip is made by ffmpeg, drawn by `sdbr vid2vid --strength 0` against the emulator, and read by
ffprobe and ffmpeg: the times of the frames, the length, the first sound, the colors of the bars.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIZE, RATE, FRAMES, BEEP = (320, 240), 25, 30, 0.5
BARS = f"smptebars=s={SIZE[0]}x{SIZE[1]}:r={RATE}:d={FRAMES / RATE}"
# A box that moves below the bars that are measured shows that frames are told apart.
BOX = f"color=white:s=40x40:r={RATE}[box];[bars][box]overlay=x=10+t*80:y=180:shortest=1"
PICTURE = f"{BARS}[bars];{BOX}"
TONE = f"aevalsrc='0.5*gt(t,{BEEP})*lt(t,{BEEP + 0.2})*sin(6283*t)':s=48000:d={FRAMES / RATE}"
COLOR = "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv"
H264 = f"-vf scale=out_color_matrix=bt709,format=yuv420p -c:v libx264 -preset veryfast {COLOR}"
AAC = "-c:a aac"
VFR = "-vf select='not(mod(n\\,3))+lt(n\\,9)' -fps_mode vfr -c:v libx264 -pix_fmt yuv420p"
TEN = "-pix_fmt yuv420p10le"
FIELDS = "-vf tinterlace=interleave_top,setfield=tff -flags +ilme+ildct"
HDR = (
    "-vf format=gbrp,zscale=min=gbr:tin=bt709:pin=bt709:rin=pc:p=bt2020:t={trc}:m=bt2020nc:r=tv:"
    "npl=203,format=yuv420p10le -c:v libx265 -x265-params log-level=error:colorprim=bt2020:"
    "transfer={trc}:colormatrix=bt2020nc"
)
TONE_MAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius:param=0.7:"
    "peak=4.926:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,scale=in_color_matrix=bt709"
)
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p -c:a libopus"
COMMAND = "oil --offline -y --strength 0"
HEVC = "-c:v libx265 -x265-params log-level=error"
MPEG2 = "-c:v mpeg2video -q:v 2"
AV1 = "-c:v libaom-av1 -cpu-used 8 -crf 20 -pix_fmt yuv420p"
PRORES = "-c:v prores_ks -pix_fmt yuva444p10le -c:a pcm_s16le"
WIDE = f"-vf scale=out_color_matrix=bt709,format=yuv420p,setsar=4/3 -c:v libx264 {COLOR}"
ALPHA = "-vf format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*gt(X\\,80)'"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of clip: its file's name, what ffmpeg is told, and what follows for the checks."""

    name: str
    encode: str
    sound: bool = True
    color: float = 5.0
    inputs: str = ""
    show: str = ""
    frames: int | None = None


def cases() -> Iterator[Case]:
    """All kinds."""
    for name in ("mp4", "mov", "mkv", "ts", "m2ts", "flv"):
        yield Case(f"h264.{name}", f"{H264} {AAC}")
    yield Case("h264-nob.avi", f"{H264} -bf 0 -c:a libmp3lame")
    yield Case("bframes.mp4", f"{H264} -bf 3 {AAC}")
    yield Case("bframes.mkv", f"{H264} -bf 3 -c:a flac")
    yield Case("bframes.ts", f"{H264} -bf 3 -c:a mp2")
    for name in ("mp4", "mov", "mkv", "ts"):
        yield Case(f"hevc.{name}", f"{HEVC} -pix_fmt yuv420p {AAC}")
    yield Case("mpeg4.mp4", f"-c:v mpeg4 -q:v 2 {AAC}")
    yield Case("mpeg4.avi", "-c:v mpeg4 -q:v 2 -c:a libmp3lame")
    for name in ("ts", "mpg", "vob", "mkv", "mxf"):
        sound = "-c:a pcm_s16le" if name == "mxf" else "-c:a mp2"
        yield Case(f"mpeg2.{name}", f"{MPEG2} {sound}")
    for name in ("mov", "avi", "mkv"):
        yield Case(f"mjpeg.{name}", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p -c:a pcm_s16le")
    yield Case("raw.avi", "-c:v rawvideo -pix_fmt bgr24 -c:a pcm_s16le")
    yield Case("prores.mov", "-c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s24le")
    yield Case("ffv1.mkv", "-c:v ffv1 -pix_fmt yuv444p -c:a flac")
    yield Case("vp8.webm", "-c:v libvpx -b:v 2M -c:a libvorbis")
    for name in ("webm", "mkv", "mp4"):
        yield Case(f"vp9.{name}", VP9)
    yield Case("av1.mkv", f"{AV1} {AAC}")
    yield Case("av1.mp4", f"{AV1} {AAC}")
    yield Case("wmv.wmv", "-c:v wmv2 -q:v 2 -c:a wmav2")
    yield Case("theora.ogv", "-c:v libtheora -q:v 10 -c:a libvorbis")
    for name in ("mp4", "mkv", "mov"):
        yield Case(f"vfr.{name}", f"{VFR} {AAC}")
    yield Case("vfr.webm", f"-vf select='not(mod(n\\,3))+lt(n\\,9)' -fps_mode vfr {VP9}")
    for name in ("mp4", "mov"):
        yield Case(f"edit-list.{name}", f"{H264} -g 60 {AAC}", inputs="cut")
    for name in ("mp4", "mkv", "ts", "mov"):
        yield Case(f"offset.{name}", f"{H264} {AAC} -output_ts_offset 3.7")
    yield Case("late-picture.mp4", f"{H264} {AAC}", inputs="late")
    yield Case("late-picture.mkv", f"{H264} {AAC}", inputs="late")
    for turn in (90, 180, 270):
        yield Case(f"rotated{turn}.mp4", f"{H264} {AAC}", inputs=f"rotate {turn}")
    yield Case("rotated90.mov", f"{H264} {AAC}", inputs="rotate 90")
    for name in ("mp4", "mkv", "ts"):
        yield Case(f"wide-pixels.{name}", f"{WIDE} {AAC}", show="scale=427:240")
    for name in ("mp4", "ts", "mkv"):
        yield Case(
            f"fields.{name}", f"{FIELDS} -c:v libx264 -pix_fmt yuv420p {AAC}", show="bwdif=0"
        )
    yield Case("fields.mpg", f"{FIELDS} -c:v mpeg2video -q:v 2 -c:a mp2", show="bwdif=0")
    yield Case("ten-bit.mp4", f"{HEVC} {TEN} {AAC}")
    yield Case("ten-bit.mkv", f"-c:v libx264 {TEN} {AAC}")
    yield Case("ten-bit.webm", VP9.replace("-pix_fmt yuv420p", f"-profile:v 2 {TEN}"))
    for name in ("mp4", "mkv", "mov"):
        for trc in ("arib-std-b67", "smpte2084"):
            yield Case(f"hdr-{trc}.{name}", f"{HDR.format(trc=trc)} {AAC}", show=TONE_MAP)
    yield Case("alpha.webm", f"{ALPHA} {VP9.replace('yuv420p', 'yuva420p')}", color=99)
    yield Case("alpha.mov", f"{ALPHA} {PRORES}", color=99)
    yield Case("alpha-qtrle.mov", f"{ALPHA} -c:v qtrle -c:a pcm_s16le", color=99)
    for name in ("mp4", "mkv"):
        yield Case(f"two-tracks.{name}", f"{H264} {AAC}", inputs="two")
        kind = "mov_text" if name == "mp4" else "srt"
        yield Case(f"subtitles.{name}", f"{H264} {AAC} -c:s {kind}", inputs="subtitles")
    yield Case("joined-sizes.ts", f"{H264} {AAC}", inputs="sizes", frames=2 * FRAMES)
    yield Case("joined-rates.ts", f"{H264} {AAC}", inputs="rates", frames=2 * FRAMES)
    yield Case("joined-clocks.ts", f"{H264} {AAC}", inputs="join", frames=2 * FRAMES)
    yield Case(
        "joined-clocks.vob", "-c:v mpeg2video -q:v 2 -c:a mp2", inputs="join", frames=2 * FRAMES
    )


def main() -> int:
    """Run the cases named, or all; print a line each; the exit code is how many were wrong."""
    wanted = set(sys.argv[1:])
    chosen = [case for case in cases() if not wanted or case.name in wanted]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        wrong = 0
        outcomes = pool.map(lambda case: _outcome(case, Path(folder)), chosen)
        for case, outcome in zip(chosen, outcomes, strict=True):
            print(f"{case.name:24} {outcome}", flush=True)
            wrong += outcome.startswith("WRONG")
    print(f"{len(chosen)} clips, {wrong} wrong")
    return wrong


def _outcome(case: Case, folder: Path) -> str:
    home = folder / case.name.replace(".", "-")
    home.mkdir()
    path = home / case.name
    try:
        _make(case, path)
    except subprocess.CalledProcessError as error:
        return f"WRONG not made: {error.stderr[-160:]!r}"
    run = subprocess.run(
        [sys.executable, "-m", "sdbr", "vid2vid", case.name, *COMMAND.split()],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        return f"WRONG exit {run.returncode}: {run.stderr.strip().splitlines()[-1]}"
    made = next((home / "generate" / "videos").iterdir())
    return _compared(case, path, made)


def _make(case: Case, path: Path) -> None:
    word, _, value = case.inputs.partition(" ")
    plain = f"-f lavfi -i {PICTURE} -f lavfi -i {TONE}"
    if word in ("join", "sizes", "rates"):
        changed = {"sizes": ("320x240", "400x240"), "rates": ("48000", "32000")}
        second = plain.replace(*changed.get(word, ("=", "=")))
        parts = [path.with_stem(f"{path.stem}-{n}") for n in (1, 2)]
        offset = "" if word == "join" else f"-output_ts_offset {FRAMES / RATE}"
        _ffmpeg(f"{plain} {case.encode}", parts[0])
        _ffmpeg(f"{second} {case.encode} {offset}", parts[1])
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
    elif word == "cut":
        _ffmpeg(f"{plain} {case.encode}", whole := path.with_stem("whole"))
        _ffmpeg(f"-ss 0.3 -i {whole} -c copy", path)
    elif word == "rotate":
        _ffmpeg(f"{plain} {case.encode}", whole := path.with_stem("whole"))
        _ffmpeg(f"-i {whole} -c copy -metadata:s:v:0 rotate={value}", path)
    elif word == "late":
        _ffmpeg(f"-itsoffset 0.4 {plain} {case.encode}", path)
    elif word == "two":
        small = f"-f lavfi -i testsrc=s=160x120:r=5:d=1 {plain}"
        maps = "-map 1:v -map 0:v -map 2:a -map 2:a -disposition:v:0 default"
        _ffmpeg(f"{small} {maps} {case.encode}", path)
    elif word == "subtitles":
        words = path.with_suffix(".srt")
        words.write_text("1\n00:00:00,200 --> 00:00:00,900\nHello\n")
        _ffmpeg(f"{plain} -i {words} {case.encode}", path)
    else:
        _ffmpeg(f"{plain} {case.encode}", path)


def _ffmpeg(arguments: str, target: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *arguments.split(), str(target)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def _compared(case: Case, source: Path, made: Path) -> str:
    before, after = (_from_zero(_times(path)) for path in (source, made))
    problems = []
    joined = case.frames is not None
    if joined:
        before = [n / RATE for n in range(case.frames or 0)]
    if len(before) != len(after):
        problems.append(f"{len(after)} of {len(before)} frames")
    # Half of a millisecond, Matroska's clock, on either side.
    late = max((abs(a - b) for a, b in zip(after, before, strict=False)), default=9.0)
    if late > 0.001:
        problems.append(f"times off by {late * 1000:.1f} ms")
    sound = 0.0
    if case.sound:
        heard = _first_sound(made)
        sound = heard - (BEEP if joined else _first_sound(source))
        if not abs(sound) < 0.010:
            problems.append(f"sound off by {sound * 1000:.1f} ms")
    show = f"{case.show}," if case.show else ""
    size = _shown(made)
    reference = _picture(source, f"{show}scale={size[0]}:{size[1]},format=rgb24")
    error = _bars(_picture(made, "format=rgb24"), reference)
    if not error < case.color:
        problems.append(f"colors off by {error:.1f}")
    told = (
        f"{len(after)} frames, {late * 1000:.2f} ms, sound {sound * 1000:+.1f} ms,"
        f" {error:.1f} levels"
    )
    return f"WRONG {'; '.join(problems)} | {told}" if problems else told


def _from_zero(times: list[float]) -> list[float]:
    return [time - times[0] for time in times]


def _times(path: Path) -> list[float]:
    """When frames are shown, by the file's clock, in its largest track; AVI's by number."""
    asked = [
        "-show_entries",
        "frame=best_effort_timestamp_time,pkt_dts_time",
        "-select_streams",
        _stream(path),
    ]
    frames = json.loads(_run(["ffprobe", "-v", "error", *asked, "-of", "json", str(path)]))[
        "frames"
    ]
    key = "pkt_dts_time" if path.suffix == ".avi" else "best_effort_timestamp_time"
    times: list[float] = []
    for frame in frames:
        # ffprobe finds no time for the last picture of an MPEG program stream.
        times.append(float(frame[key]) if key in frame else times[-1] + 1 / RATE)
    return times


def _stream(path: Path) -> str:
    asked = ["-show_entries", "stream=index,codec_type,width", "-of", "json", str(path)]
    streams = json.loads(_run(["ffprobe", "-v", "error", *asked]))["streams"]
    videos = [stream for stream in streams if stream["codec_type"] == "video"]
    return str(max(videos, key=lambda one: one["width"])["index"])


def _shown(path: Path) -> tuple[int, int]:
    asked = ["-show_entries", "stream=width,height", "-select_streams", "v:0", "-of", "csv=p=0"]
    width, height = _run(["ffprobe", "-v", "error", *asked, str(path)]).split(b",")[:2]
    return int(width), int(height)


def _first_sound(path: Path) -> float:
    """When the beep begins, in seconds after the first picture."""
    zero = 0.0 if path.suffix == ".avi" else _times(path)[0]
    even = "-map 0:a:0 -af aresample=48000:async=1:first_pts=0:min_hard_comp=0.01"
    given = ["ffmpeg", "-v", "error", "-copyts", "-i", str(path)]
    raw = _run([*given, *even.split(), "-ac", "1", "-f", "f32le", "-"])
    loud = np.flatnonzero(np.abs(np.frombuffer(raw, np.float32)) > 0.15)
    return float(loud[0]) / 48000 - zero if len(loud) else float("nan")


def _picture(path: Path, filters: str) -> npt.NDArray[np.int16]:
    width, height = _shown(path) if path.parent.name == "videos" else (0, 0)
    size = filters.rpartition("scale=")[2].partition(",")[0]
    if not width:
        width, height = (int(part) for part in size.split(":")[:2])
    given = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:{_stream(path)}"]
    exact = "-sws_flags accurate_rnd+full_chroma_int+bilinear -frames:v 1 -f rawvideo -"
    raw = _run([*given, "-vf", filters, *exact.split()])
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(np.int16)


def _bars(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> float:
    """The mean error at the middles of the bars, turned as they may be; 99 for another shape."""
    if one.shape != other.shape:
        return 99.0
    difference = np.abs(one - other).mean(axis=2)
    # The median leaves out edges and whatever the box has passed.
    return float(np.percentile(difference, 70))


def _run(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


if __name__ == "__main__":
    sys.exit(main())
