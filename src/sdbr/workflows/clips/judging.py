"""Measuring a clip that is on disk, ours or not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from sdbr.errors import InputProblem
from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from sdbr.motion.keyframes import find_shots
from sdbr.motion.survey import survey
from sdbr.motion.warp_error import steadiness
from sdbr.workflows.clips.steadiness import Measured


def judge(clip: Path, against: Path | None) -> Measured:
    """The steadiness of each frame of `clip`, along the motion of `against` or its own.

    Pairs across a cut are left out. Raises InputProblem where the two do not have as many
    frames, or cannot be read.
    """
    source = against or clip
    shots = find_shots(survey(_pixels(source), compare=False))
    cuts = {shot.start for shot in shots}
    measured = Measured()
    pairs = zip(_pixels(source), _pixels(clip), strict=True)
    try:
        for number, (before, now) in enumerate(pairwise(pairs), start=1):
            if number not in cuts:
                measured.curve[number] = next(steadiness((before, now)))
    except ValueError:
        raise InputProblem(
            f"{clip} and {source} have different numbers of frames. Compare a clip with its source."
        ) from None
    return measured


def _pixels(path: Path) -> Iterator[Pixels]:
    return (np.ascontiguousarray(f.image[..., :3]) for f in open_reader(path).frames())
