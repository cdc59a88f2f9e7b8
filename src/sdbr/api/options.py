"""The keyword arguments of the API: the flags of the commands, under their names, with types.

What a flag does and where its values end is on the page of its command in docs/cli. None is the
same as leaving an argument out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from PIL.Image import Image

    PictureInput = str | os.PathLike[str] | Image

PathName = str | os.PathLike[str] | None
"""A path; a result is one, too."""
Usd = Decimal | float | str | None
"""US dollars."""
Numbers = float | str | Sequence[float] | None
"""A number; several, or a range such as "0.2..0.8..0.2", draw a result for each."""
Words = str | Sequence[str] | None
"""A word; several draw a result for each."""
EditKind = Literal["cutout", "erase", "inpaint", "outpaint", "recolor", "replace"]
"""What `edit` does to a picture: a command of `sdbr edit`."""
Seconds = float | Fraction | str | None
"""Seconds, or "hh:mm:ss"."""


class SessionOptions(TypedDict, total=False):
    """Where to work, whom to call and what to spend: for one call, or for all of a session."""

    workspace: PathName
    offline: bool
    allow_retired: bool
    region: str | None
    profile: str | None
    endpoint_url: str | None
    max_cost: Usd
    ask_above: Usd
    yes: bool
    fresh: bool
    on_filtered: str | None
    workers: int | None
    attempts: int | None
    timeout: float | None
    rpm: float | None
    quiet: bool
    verbose: bool


class CallOptions(SessionOptions, total=False):
    """What every call takes besides: the result's file, and the look that all models know.

    `family_flags` are those that only a family of models from another package has.
    """

    name: str | None
    output: PathName
    overwrite: bool
    provenance: bool | None
    sign: tuple[PathName, PathName] | None
    look: str | None
    model: Words
    family: str | None
    negative: str | None
    seed: Numbers
    style: Words
    family_flags: Mapping[str, str | int | float] | None


class SdxlOptions(TypedDict, total=False):
    """What SDXL alone takes."""

    steps: Numbers
    cfg_scale: Numbers
    sampler: Words
    clip_guidance: Words
    extras: str | Mapping[str, object] | None


class StillOptions(TypedDict, total=False):
    """How many pictures, and what their files are like."""

    count: int
    size: str | None
    width: int | None
    height: int | None
    format: Literal["png", "jpeg", "jpg", "webp"] | None
    quality: int | None


class PlacementOptions(TypedDict, total=False):
    """How an input is brought to a size and a color that the model takes."""

    fit: Literal["contain", "cover", "stretch", "none"] | None
    background: str | None


class InputOptions(PlacementOptions, total=False):
    """How an input is used, and what goes beside it."""

    strength: Numbers
    image_strength: float | None
    mask: PathName
    invert_mask: bool
    style_image: PathName


class FrameOptions(TypedDict, total=False):
    """Which frames of a clip to draw, and what keeps them steady."""

    start: Seconds
    end: Seconds
    duration: Seconds
    every: int
    fps: float | Fraction | str | None
    max_frames: int | None
    test_frames: int | None
    frame_format: Literal["png", "jpeg"]
    keep_frames: bool
    accept_cut: bool
    track: int | None
    at: Sequence[tuple[str | float, str]]
    direction: PathName
    plan: PathName
    reverse: bool
    ping_pong: bool
    seed_policy: Literal["fixed", "step", "random"]
    cluster: str | None
    protect: PathName
    only: PathName
    move_mask: bool
    keyframes: str
    unexplained: float
    steady: Literal["auto", "off", "filter"]
    max_flicker: float | None
    review: bool
    redraw: str | Sequence[int] | None
    init: Literal["from-source", "from-previous"]
    feedback: float
    keyframes_from: PathName
    export_keyframes: PathName


class Txt2imgOptions(CallOptions, StillOptions, SdxlOptions, total=False):
    """The keyword arguments of `txt2img`."""

    aspect: Words


class Img2imgOptions(CallOptions, StillOptions, InputOptions, SdxlOptions, total=False):
    """The keyword arguments of `img2img`."""

    aspect: Words
    composition_fidelity: Numbers
    style_strength: Numbers
    step_schedule_start: Numbers
    step_schedule_end: Numbers


class Img2gifOptions(CallOptions, InputOptions, FrameOptions, SdxlOptions, total=False):
    """The keyword arguments of `img2gif`."""

    motion: Literal["vary", "evolve", "ramp", "journey"] | None
    frames: int | None
    zoom: float | None
    pan: str | Sequence[float] | None
    rotate: float | None
    to_prompt: str | None
    to_image: PathName
    crossfade: int | None
    hold: Seconds
    loop: int | None
    dither: Literal["auto", "none", "bayer", "floyd", "sierra"] | None
    colors: int | None
    max_size: str | int | None
    width: int | None
    quality: int | None
    format: Literal["gif", "webp", "apng", "mp4"] | None


class Vid2vidOptions(CallOptions, InputOptions, FrameOptions, SdxlOptions, total=False):
    """The keyword arguments of `vid2vid`."""

    crf: int | None
    container: (
        Literal["mp4", "webm", "mov", "prores", "mkv", "gif", "webp", "apng", "frames"] | None
    )
    no_audio: bool
    otio: bool


class EditOptions(CallOptions, StillOptions, PlacementOptions, total=False):
    """The keyword arguments of `edit`; each kind of edit takes some of them."""

    mask: PathName
    invert_mask: bool
    grow_mask: Numbers
    style_image: PathName
    find: str | None
    left: Numbers
    right: Numbers
    up: Numbers
    down: Numbers
    creativity: Numbers


class UpscaleOptions(CallOptions, StillOptions, PlacementOptions, total=False):
    """The keyword arguments of `upscale`."""

    how: Literal["fast", "conservative", "creative"]
    prompt: str | None
    creativity: Numbers


OPTIONS = {
    **{"txt2img": Txt2imgOptions, "img2img": Img2imgOptions, "img2gif": Img2gifOptions},
    **{"vid2vid": Vid2vidOptions, "upscale": UpscaleOptions, "edit": EditOptions},
}
"""The keyword arguments of each function, by its name."""
