"""Read by mypy alone: what editors and type checkers see of `import sdbr`.

Each ignored line is an error that mypy must find; one that it does not find is an error, too.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import assert_type

from PIL import Image

import sdbr


def use() -> None:
    fox = sdbr.txt2img("a fox", seed=7, model="core")
    assert_type(fox, sdbr.Results)
    assert_type(fox[0].path, Path)
    assert_type(fox.image, Image.Image)
    assert_type(fox.cost, Decimal | None)
    assert_type(sdbr.estimate(sdbr.txt2img, "a fox", count=4), sdbr.Estimate)
    sdbr.img2img([fox, fox[0], fox.image, "photo.jpg"], "in ink", strength=[0.2, 0.4], fit="cover")
    assert_type(sdbr.edit(fox, "recolor", "red", find="the car"), sdbr.Results)
    sdbr.edit(fox, "remove")  # type: ignore[arg-type]
    sdbr.txt2img("a fox", sed=7)  # type: ignore[call-arg]
    sdbr.txt2img("a fox", count="4")  # type: ignore[arg-type]
    sdbr.img2img(fox, "in ink", fit="covr")  # type: ignore[arg-type]
    sdbr.estimate(sdbr.txt2img, "a fox", cuont=4)  # type: ignore[call-arg]
    session = sdbr.Session(workspace="album", max_cost=3, offlin=True)  # type: ignore[call-arg]
    assert_type(session.upscale(fox).path, Path)
