"""How far a flow can be trusted, pixel by pixel.

A pixel is trusted where going there and back ends where it began, where both ends look alike,
and where the goal lies inside the frame. Its neighbours count as well, but not for a pixel that
looks like another thing: on plain ground any flow returns, and thin slices of what passes over it
would be left behind as streaks.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Flow, Frame, Plane, as_bytes, as_floats, luma, size_of
from sdbr.motion.exposure import exposed_alike
from sdbr.motion.flow import View, warped

# There and back may miss by this many pixels, and by this share of the way.
RETURN_PIXELS = 0.7
RETURN_SHARE = 0.04
# Levels of 255 by which the two ends may differ.
LIKENESS_LEVELS = 11.0
# From about so many on, no neighbour makes up for the difference.
UNLIKE_LEVELS = 40.0
# Grain is smoothed over this many pixels before the two ends are compared.
GRAIN_KERNEL = (3, 3)
KERNEL = (7, 7)


# (difference / LIKENESS_LEVELS) squared, for every difference in bytes.
_UNLIKENESS = as_floats((np.arange(256) / LIKENESS_LEVELS) ** 2)
_NO_OTHER_THING = as_floats(np.exp(-((np.arange(256) / UNLIKE_LEVELS) ** 4)))


def trust(out: Flow, back: Flow, here: View, there: View) -> Plane:
    """How far the flow `out` from `here` to `there` can be trusted, 0 to 1, height x width.

    `back` is the flow from `there` to `here`. A change of exposure between the two views does
    not count against it.
    """
    doubt = misses(out, back)
    seen = exposed_alike(as_bytes(warped(there.colour, out)), here.colour, doubt)
    doubt += unlikeness(here.colour, seen)
    np.negative(doubt, out=doubt)
    sure = as_floats(cv2.exp(doubt))
    sure[~inside(out)] = 0
    apart = luma(as_bytes(cv2.absdiff(here.colour, seen)))
    return as_floats(cv2.multiply(cv2.blur(sure, KERNEL), cv2.LUT(apart, _NO_OTHER_THING)))


def misses(out: Flow, back: Flow) -> Plane:
    """How badly a flow fails to return, squared: 1 where it misses by just as much as it may."""
    x, y = cv2.split(cv2.add(out, warped(back, out)))
    room = as_floats(cv2.magnitude(*cv2.split(out)))
    room *= RETURN_SHARE
    room += RETURN_PIXELS
    missed = as_floats(cv2.divide(cv2.magnitude(x, y), room))
    return as_floats(cv2.multiply(missed, missed))


def unlikeness(here: Frame, seen: Frame) -> Plane:
    """How much a view differs from another one warped to it, squared: 1 at `LIKENESS_LEVELS`."""
    wanted, given = (as_bytes(cv2.blur(each, GRAIN_KERNEL)) for each in (here, seen))
    return as_floats(cv2.LUT(luma(as_bytes(cv2.absdiff(wanted, given))), _UNLIKENESS))


def inside(flow: Flow) -> npt.NDArray[np.bool_]:
    """Where the flow's goal lies inside the frame."""
    width, height = size_of(flow)
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))
