from fractions import Fraction
from types import SimpleNamespace

import numpy as np

from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.stills.open import open_picture
from sdbr.media.writer import open_writer
from sdbr.workflows.report import cards

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]


def test_the_drawn_keyframes_of_a_clip_stand_side_by_side(tmp_path):
    path, pace = tmp_path / "clip.webp", FrameTiming(Fraction(10), Fraction(1, 10))
    with open_writer(path, pace) as writer:
        for number, color in enumerate(COLORS):
            picture = np.full((64, 64, 3), color, np.uint8)
            writer.add(TimedFrame(picture, Fraction(number, 10), Fraction(1, 10)))
    made = []
    context = SimpleNamespace(media=SimpleNamespace(made=lambda _, make: made.append(make())))
    html = cards._keyframes(SimpleNamespace(path=path), SimpleNamespace(keyframes=[2, 4]), context)
    assert "Generated keyframes: 2, 4" in html
    image = open_picture(made[0]).image
    shown = [image.getpixel((image.width * part // 4, image.height // 2)) for part in (1, 3)]
    assert np.abs(np.subtract(shown, [COLORS[1], COLORS[3]])).max() < 60
