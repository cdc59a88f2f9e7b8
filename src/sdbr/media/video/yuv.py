"""Between RGB arrays and the YUV of video, with the right matrix, range and rounding."""

from __future__ import annotations

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from sdbr.media import hdr
from sdbr.media.clip import Pixels
from sdbr.media.color_codes import BT709, BT2020, is_hdr, is_wide
from sdbr.request import Size

# Without all three flags a round trip darkens by one to two levels; with them a frame of 1080
# lines takes 26 ms, not 1.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
_KEEP = Interpolation.BILINEAR | _EXACT
_SCALE = Interpolation.BICUBIC | _EXACT
# The H.273 numbers of the matrices that swscale knows; 2 is "not said".
_UNSAID = 2
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
# Film of so many lines that does not say its matrix would be off by 7.8 levels on the mean in
# BT.601.
_HD_LINES = 720
# What swscale makes white of in RGB of 16 bits; 65535 would be half a level off.
_WHITE_OF_YUV = 255 * 256
LIMITED_RANGE = 1


def has_alpha(frame: VideoFrame) -> bool:
    """Tell whether the decoded frame's pixel format carries transparency."""
    return any(component.is_alpha for component in frame.format.components)


def to_rgb(frame: VideoFrame, size: Size, reformatter: VideoReformatter) -> Pixels:
    """Return the decoded frame as RGB, or RGBA where it has alpha, scaled to `size`.

    A frame that does not say its matrix is BT.709 from 720 lines up and BT.601 below. HDR film and
    film in a wide gamut is brought to BT.709.
    """
    matrix = matrix_of(frame)
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    wide, alpha = is_wide(frame.color_trc, frame.color_primaries), has_alpha(frame)
    # Planar: swscale's way to packed RGB of 16 bits overflows in saturated colors.
    deep, flat = ("gbrap16le", "rgba") if alpha else ("gbrp16le", "rgb24")
    scaled = reformatter.reformat(
        frame,
        width=size.width,
        height=size.height,
        format=deep if wide else flat,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=ColorRange.JPEG if full or frame.format.is_rgb else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=_KEEP if size == (frame.width, frame.height) else _SCALE,
    )
    if wide:
        return _in_bt709(scaled, 65535 if frame.format.is_rgb else _WHITE_OF_YUV)
    return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


def _in_bt709(frame: VideoFrame, white: int) -> Pixels:
    green, blue, red, *alpha = (_plane(frame, number) for number in range(len(frame.planes)))
    image = hdr.in_bt709((red, green, blue), frame.color_trc, frame.color_primaries, white)
    return np.dstack([image, (alpha[0] >> 8).astype(np.uint8)]) if alpha else image


def _plane(frame: VideoFrame, number: int) -> hdr.Depth:
    plane = frame.planes[number]
    values = np.frombuffer(bytes(plane), np.dtype("<u2"))
    return values.reshape(plane.height, plane.line_size // 2)[:, : plane.width]


def matrix_of(frame: VideoFrame) -> Colorspace:
    """Return the matrix of the frame's YUV: what it says, or what its height suggests."""
    if frame.colorspace == _UNSAID:
        if is_hdr(frame.color_trc) or frame.color_primaries == BT2020:
            return Colorspace.BT2020
        return Colorspace.ITU709 if frame.height >= _HD_LINES else Colorspace.ITU601
    return _MATRICES.get(frame.colorspace, Colorspace.ITU601)


def to_yuv(image: Pixels, size: Size, reformatter: VideoReformatter, format: str) -> VideoFrame:
    """Return an RGB or RGBA image, scaled to `size`, as a frame in BT.709, limited range.

    Alpha is not changed.
    """
    given = "rgba" if image.shape[2] == 4 else "rgb24"
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format=given)
    scaled = reformatter.reformat(
        frame,
        width=size.width,
        height=size.height,
        format=format,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=_KEEP if size == (frame.width, frame.height) else _SCALE,
    )
    # ProRes has them in each frame's header, where players look first.
    scaled.color_primaries = scaled.color_trc = BT709
    return scaled
