"""Scans a clip, or remembers what an earlier scan of the same content found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from functools import cache, partial
from pathlib import Path

import sdbr
from sdbr.console import Console
from sdbr.media.clip import PICTURES_ALONE
from sdbr.media.libraries import versions as media_versions
from sdbr.media.open import Reader
from sdbr.motion.arrays import version as opencv_version
from sdbr.motion.cuts import Change
from sdbr.motion.keyframes import KeyframeRule, place_keyframes
from sdbr.motion.keyframes_stream import plan_from
from sdbr.motion.survey import FrameSurvey
from sdbr.store.scans import ScanStore
from sdbr.workflows.clips.footage import Footage, FrameInfo, expected_frames, streams, survey_clip
from sdbr.workflows.clips.selection import FrameSelection
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.prepare import file_digest
from sdbr.workflows.progress import Phase, RunProgress

_CODE = ("motion", "media", "workflows/clips")
"""Folders of the modules that decide what a scan finds."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What is to be scanned, and how. A `thorough` scan takes several times as long; keyframes
    can then be placed again."""

    source: ClipSource
    reader: Reader
    choice: FrameSelection
    rule: KeyframeRule
    thorough: bool = False

    def footage(self, background: str, store: ScanStore, seen: Callable[[], None]) -> Footage:
        """As `survey_clip`; content that was scanned with these settings is not decoded."""
        key = self._key(background)
        found = store.find(key)
        if found is not None:
            # Where that fails, whoever wrote it was no sdbr: it is scanned, and replaced.
            with suppress(ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
                return self._read(found, background)
        footage = survey_clip(self.reader, self.choice, self.rule, background, self.thorough, seen)
        store.keep(key, _written(footage, self.reader.notes))
        return footage

    def _key(self, background: str) -> str:
        """Names all that decides a scan: the content, what is wanted of it, and who scans."""
        # Where a file lies and what it is called changes none of its frames; the names in a folder
        # order them.
        clip, rule = replace(self.reader.clip, path=Path(), paths=(), notes=()), self.rule
        names = (
            [path.name for path in self.reader.clip.paths] if clip.kind in PICTURES_ALONE else []
        )
        looked = ("auto" if self.thorough else f"{rule.level}") if rule.word == "auto" else "cuts"
        content = [file_digest(path) for path in self.source.files]
        parts = (*content, *names, clip, self.choice, looked, background, _scanner())
        return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()

    def _read(self, found: bytes, background: str) -> Footage:
        """Raises ValueError, TypeError, KeyError or ArithmeticError for what no scan wrote."""
        rows = json.loads(found)
        frames = tuple(
            FrameInfo(number, Fraction(at), Fraction(lasts), str(digest), bool(opaque))
            for number, (at, lasts, digest, opaque) in enumerate(rows["frames"])
        )
        surveys = tuple(
            FrameSurvey(
                Change(float(error), float(color), float(motion), int(flash)),
                {int(far): float(share) for far, share in pair},
                {int(far): float(share) for far, share in alone},
                float(light),
            )
            for (error, color, motion, flash), pair, alone, light in rows["surveys"]
        )
        keyframes = tuple(int(number) for number in rows["keyframes"])
        rising = keyframes == tuple(sorted(set(keyframes)))
        if not rising or keyframes[0] != 0 or not keyframes[-1] < len(frames) == len(surveys):
            raise ValueError("these are no keyframes of these frames")
        if streams(self.rule, self.thorough):
            plan = plan_from(surveys, keyframes, self.rule)
        else:
            plan = place_keyframes(surveys, self.rule)
        for note in rows["said"]:
            self.reader.note(str(note))
        return Footage(self.reader.clip, self.choice, frames, surveys, plan, background)


def scan_clip(scan: Scan, background: str, store: Path, console: Console) -> tuple[Footage, float]:
    """Scan with a status line; the footage, and the seconds a frame took, 0 where it was known.

    `store` is the folder of what is remembered.
    """
    phase = f"analyzing {scan.source.name}"
    progress = RunProgress([Phase(phase, expected_frames(scan.reader.clip, scan.choice))])
    with console.status(progress.line):
        footage = scan.footage(background, ScanStore(store), partial(progress.step, phase))
    return footage, progress.pace(phase)


@cache
def _scanner() -> str:
    """Names the code that scans: what another version found may not be what this one would."""
    home = Path(sdbr.__file__).parent
    code = hashlib.sha256()
    # A frozen program has no source files, and no version of its code but its own.
    for folder in _CODE:
        for path in sorted((home / folder).rglob("*.py")):
            code.update(path.read_bytes())
    return f"{sdbr.__version__} {opencv_version()} {media_versions()} {code.hexdigest()}"


def _written(footage: Footage, said: Sequence[str]) -> bytes:
    frames = [[str(f.at), str(f.lasts), f.digest, f.opaque] for f in footage.frames]
    surveys = [
        [astuple(each.change), list(each.pair.items()), list(each.alone.items()), each.light]
        for each in footage.surveys
    ]
    rows = {"frames": frames, "surveys": surveys, "keyframes": footage.plan.keyframes, "said": said}
    return json.dumps(rows, separators=(",", ":")).encode()
