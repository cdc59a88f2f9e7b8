"""Dense optical flow: where each pixel of one frame is in another.

The flow is found by dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse
Search", 2016) on small views of the frames. Every call makes its own search object, so all of
this may run in several threads at once; OpenCV lets go of Python's lock while it works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.errors import UsageProblem
from sdbr.motion.arrays import Flow, Frame, Luma, WidthHeight, as_floats, luma, shrunk, size_of


@dataclass(frozen=True, slots=True)
class FlowPreset:
    """How the search is set up: OpenCV's preset, and what differs from it where that is given.

    `finest` is the finest scale looked at, 0 for each pixel; `descents` are the steps of gradient
    descent for each patch and `smoothings` those of variational refinement, 1 and up.
    """

    kind: int
    finest: int | None = None
    descents: int | None = None
    smoothings: int | None = None


# At 1024x576 "fast" took 17 ms and was 0.55 pixels off, "medium" 88 ms and 0.30. At 640x360
# "finest" took 34 ms with OpenCV's 16 descents and 5 smoothings, and 20 ms with these: on five
# clips, what was filled with it was as like and as steady to a hundredth.
PRESETS = {
    "fast": FlowPreset(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "medium": FlowPreset(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "finest": FlowPreset(cv2.DISOPTICAL_FLOW_PRESET_FAST, finest=1, descents=8, smoothings=3),
}

# Below 12 pixels a side the search reads outside its arrays.
SMALLEST_SIDE = 32


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """How finely the flow is sought.

    `scale` is the size of the views beside the frames; a view's longer side has at most
    `longest` pixels, and at least `least` unless the frame has fewer. `preset` is one of
    `PRESETS`; a frame of `least` pixels or fewer has none to lose, and is sought "finest".
    """

    scale: float = 0.5
    longest: int = 640
    least: int = 320
    preset: str = "fast"

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            known = ", ".join(PRESETS)
            raise UsageProblem(f"{self.preset!r} is not a flow preset. Use one of {known}.")

    def preset_of(self, frame: WidthHeight) -> str:
        """The preset for frames of this size."""
        return "finest" if max(frame) <= self.least else self.preset


# A flow sought "fast" at half the size loses what moves fast: with it, people drawn every 4th frame
# were 0.83 as like as when every frame is drawn, now 0.88. It takes four times as long.
FILLING_FLOW = FlowOptions(scale=1.0, preset="finest")
_WAY, _EDGE = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP, cv2.BORDER_REPLICATE


@dataclass(frozen=True, slots=True)
class View:
    """A frame as the flow sees it: small, in color and as luma."""

    color: Frame
    gray: Luma

    @property
    def light(self) -> float:
        """The mean luma, in levels of 255."""
        return float(cv2.mean(self.gray)[0])


def view_size(frame: WidthHeight, options: FlowOptions) -> WidthHeight:
    """Width and height of the view of a frame of this size; each at least `SMALLEST_SIDE`."""
    longer = max(frame)
    scale = max(options.scale, min(1.0, options.least / longer))
    scale = min(scale, options.longest / longer)
    width, height = (max(SMALLEST_SIDE, round(side * scale)) for side in frame)
    return width, height


def view(frame: Frame, size: WidthHeight) -> View:
    """The view of a frame at this size."""
    color = shrunk(frame, size)
    return View(color, luma(color))


def find_flow(start: View, end: View, guess: Flow | None, preset: str) -> Flow:
    """The flow from one view to another, sought from a first guess where there is one."""
    setup = PRESETS[preset]
    search = cv2.DISOpticalFlow.create(setup.kind)
    if setup.finest is not None:
        search.setFinestScale(setup.finest)
    if setup.descents is not None:
        search.setGradientDescentIterations(setup.descents)
    if setup.smoothings is not None:
        search.setVariationalRefinementIterations(setup.smoothings)
    # The search works inside the array that it is given.
    begin = None if guess is None else guess.copy()
    return as_floats(search.calc(start.gray, end.gray, begin))  # type: ignore[arg-type]


def chain(first: Flow, then: Flow) -> Flow:
    """The flow that follows `first` and from where that leads follows `then`."""
    return first + as_floats(warp(then, first))


def warp(array: npt.NDArray[Any], flow: Flow) -> npt.NDArray[Any]:
    """The array as it looks from where the flow starts: each pixel fetched from its goal.

    Array and flow have one size; outside the array its edge goes on.
    """
    # OpenCV's own annotations forget that the second map may be None; an empty one is no map.
    fetched: npt.NDArray[Any] = cv2.remap(array, flow, None, _WAY, borderMode=_EDGE)  # type: ignore[call-overload]
    return fetched


def warp_by_planes(array: npt.NDArray[Any], flow: Flow) -> npt.NDArray[Any]:
    """As `warp`, for an array of any size: the flow grows one plane after the other.

    OpenCV takes a third of the time for a plane that it takes for a pair.
    """
    size, here = size_of(array), size_of(flow)
    planes = [
        cv2.resize(plane * np.float32(size[at] / here[at]), size, interpolation=cv2.INTER_LINEAR)
        for at, plane in enumerate(cv2.split(flow))
    ]
    return np.asarray(cv2.remap(array, planes[0], planes[1], _WAY, borderMode=_EDGE))


def resize_flow(flow: Flow, size: WidthHeight) -> Flow:
    """The same motion over an array of another size, in that array's pixels."""
    here = size_of(flow)
    if size == here:
        return flow
    across_down = np.array([size[0] / here[0], size[1] / here[1]], np.float32)
    # Row by row NumPy multiplies several times as fast as pair by pair.
    rows = flow.reshape(here[1], -1) * np.tile(across_down, here[0])
    return as_floats(cv2.resize(rows.reshape(flow.shape), size, interpolation=cv2.INTER_LINEAR))
