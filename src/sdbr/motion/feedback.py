"""Mixes the result of the frame before into what the model is given for the next one.

A model that starts from its own last answer keeps to it. The answer is moved along the source's
flow first, and only counts where that flow can be trusted.
"""

from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.arrays import Frame, as_bytes, shrunk, size_of, spread_out
from sdbr.motion.flow import DEFAULT_FLOW, FlowOptions, resized, view, view_size, warped
from sdbr.motion.matching import step, trust

# Of the result; the rest is the source, so that what a result got wrong fades from the init images:
# three frames on 0.3 cubed of it is left, 3 %.
SHARE = 0.3


def feed_back(
    before: tuple[Frame, Frame],
    frame: Frame,
    share: float = SHARE,
    options: FlowOptions = DEFAULT_FLOW,
) -> Frame:
    """The init image for a source frame, in that frame's size.

    `before` is the source frame before it and that frame's result, which may have another size;
    `share`, 0 to 1, is how much of the result comes in where the flow is trusted. Across a cut
    do not call it: there the frame alone is the init image.
    """
    size = view_size(size_of(frame), options)
    then, now = view(before[0], size), view(frame, size)
    whole = size_of(frame)
    taken = step(then, now, options.preset_of(whole))
    # Flow is sought on small views and grown; the pictures are fetched at their whole size.
    fetched = as_bytes(warped(shrunk(before[1], whole), resized(taken.back, whole)))
    part = spread_out(trust(taken.back, taken.there, now, then), whole) * np.float32(share)
    return as_bytes(cv2.blendLinear(frame, fetched, 1 - part, part))
