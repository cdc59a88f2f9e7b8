"""The plan of a landscape: where the horizon, the sun and the land stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdbr.emulator.painter.chance import stream
from sdbr.emulator.painter.words import LandscapeColors, PromptMeaning


@dataclass(frozen=True, slots=True)
class Scene:
    """One landscape. Lengths are in pixels; `unit` is what a thousandth of a square picture is."""

    width: int
    height: int
    reading: PromptMeaning
    key: str
    seed: int
    horizon: float
    sun: tuple[float, float]
    sun_radius: float

    @property
    def palette(self) -> LandscapeColors:
        """The colors of this scene."""
        return self.reading.palette

    @property
    def unit(self) -> float:
        """Pixels in a thousandth of the picture's mean side."""
        return float(np.sqrt(self.width * self.height)) / 1000

    def has(self, *names: str) -> bool:
        """Whether the prompt asks for any of these scenes."""
        return any(name in self.reading.scenes for name in names)

    def chance(self, part: str) -> np.random.Generator:
        """Random numbers for one part of the picture, from the prompt and the seed."""
        return stream(self.key, self.seed, part)


def plan(size: tuple[int, int], reading: PromptMeaning, key: str, seed: int) -> Scene:
    """Lay out a landscape of a prompt (`key`) and a seed."""
    width, height = size
    rng = stream(key, seed, "plan")
    side = float(rng.choice([-1, 1]))
    horizon = height * float(rng.uniform(0.56, 0.66))
    across = 0.5 + side * float(rng.uniform(0.06, 0.24))
    up = float(rng.uniform(0.28, 0.62))
    if reading.palette.dark or "city" in reading.scenes:
        up = float(rng.uniform(0.55, 0.75))
    radius = float(np.sqrt(width * height)) * float(rng.uniform(0.045, 0.085))
    return Scene(
        width, height, reading, key, seed, horizon, (width * across, horizon * (1 - up)), radius
    )
