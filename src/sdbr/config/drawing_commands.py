"""The commands that draw, in the order of the help: a new one adds its name here."""

from __future__ import annotations

DRAWING = (
    "txt2img",
    "img2img",
    "img2gif",
    "vid2vid",
    "review",
    "upscale",
    "edit cutout",
    "edit erase",
    "edit inpaint",
    "edit outpaint",
    "edit recolor",
    "edit replace",
)
"""They stand first in `sdbr --help`, and each may have a default model in sdbr.toml."""
