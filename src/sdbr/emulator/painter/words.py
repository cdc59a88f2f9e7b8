"""What a prompt means to the painter: a palette, a scene, subjects."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from sdbr.emulator.painter.chance import share
from sdbr.emulator.painter.color import Color, luminance, mix, parse, turned

WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class LandscapeColors:
    """Six colors: the sky from its top to the horizon, sun or moon, near ground, details."""

    top: Color
    middle: Color
    low: Color
    sun: Color
    near: Color
    accent: Color

    @property
    def dark(self) -> bool:
        """Whether it is night in this palette."""
        return luminance(self.top) < 28

    def ground(self, depth: float) -> Color:
        """The color of land, from the far (0, almost air) to the near (1)."""
        return mix(mix(self.low, self.middle, 0.55), self.near, depth)


@dataclass(frozen=True, slots=True)
class PromptMeaning:
    """A prompt as the painter reads it.

    `known` tells that it found anything it knows; `paintable`, that it knows a scene or a subject,
    or nothing but words for the light.
    """

    palette: LandscapeColors
    scenes: frozenset[str]
    subjects: tuple[str, ...]
    known: bool
    paintable: bool


@cache
def vocabulary() -> dict[str, Any]:
    """The whole of `vocabulary.toml`."""
    text = resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def tokens(prompt: str) -> tuple[str, ...]:
    """The words of a prompt in small letters, and each plural's singular."""
    found: list[str] = []
    for word in WORD.findall(prompt.lower()):
        found.append(word)
        if word.endswith("ies"):
            found.append(word[:-3] + "y")
        elif word.endswith("es"):
            found += [word[:-2], word[:-1]]
        elif word.endswith("s") and len(word) > 3:
            found.append(word[:-1])
    return tuple(found)


@cache
def _index(part: str) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for meaning, words in vocabulary()[part].items():
        for word in words:
            index[word] = (*index.get(word, ()), meaning)
    return index


def read(prompt: str, negative: str = "") -> PromptMeaning:
    """Read a prompt. What the negative prompt names is left out; its other words shift the hue."""
    words, unwanted = tokens(prompt), set(tokens(negative))
    wanted = tuple(word for word in words if word not in unwanted)
    scenes = _meanings("scenes", wanted) or ()
    subjects = _meanings("subjects", wanted)
    # Words that name a thing only hint at a light; a time of day or a weather goes before them.
    hints = vocabulary()["hints"]
    moods = _meanings("moods", tuple(word for word in wanted if word not in hints))
    moods += tuple(mood for mood in _meanings("moods", wanted) if mood not in moods)
    times = vocabulary()["times"]
    moods = tuple(sorted(moods, key=lambda mood: mood not in times))
    known = bool(scenes or subjects or moods)
    palette = _palette(moods or _fallback(words, known))
    for name, code in vocabulary()["colours"].items():
        if name in wanted:
            palette = _tinted(palette, parse(code))
    nudge = (share("hue", *words) - 0.5) * 14 + (share("not", *sorted(unwanted)) - 0.5) * (
        16 if unwanted else 0
    )
    paintable = bool(scenes or subjects or (moods and not _strange(wanted)))
    return PromptMeaning(_turned(palette, nudge), frozenset(scenes), subjects, known, paintable)


def _strange(words: tuple[str, ...]) -> bool:
    """Whether a word names something that the vocabulary has not."""
    light = _index("moods")
    plain = {*vocabulary()["colours"], *vocabulary()["plain"]}
    phrases = {word for pair in pairwise(words) if " ".join(pair) in light for word in pair}
    return any(word not in light and word not in plain | phrases for word in words)


def _meanings(part: str, words: tuple[str, ...]) -> tuple[str, ...]:
    index = _index(part)
    found: dict[str, None] = {}
    for at, word in enumerate(words):
        pair = f"{word} {words[at + 1]}" if at + 1 < len(words) else word
        for meaning in (*index.get(pair, ()), *index.get(word, ())):
            found.setdefault(meaning)
    return tuple(found)


def _fallback(words: tuple[str, ...], known: bool) -> tuple[str, ...]:
    names = vocabulary()["mild"] if known else sorted(vocabulary()["palettes"])
    return (names[int(share("palette", *words) * len(names))],)


def _palette(moods: tuple[str, ...]) -> LandscapeColors:
    palette = _named(moods[0])
    if len(moods) > 1:
        # The second mood lends its accent and a little of its air.
        second = _named(moods[1])
        palette = replace(
            palette,
            low=mix(palette.low, second.low, 0.15),
            accent=mix(palette.accent, second.accent, 0.5),
        )
    return palette


def _named(name: str) -> LandscapeColors:
    return LandscapeColors(*(parse(code) for code in vocabulary()["palettes"][name]))


def _tinted(palette: LandscapeColors, color: Color) -> LandscapeColors:
    return replace(
        palette,
        middle=mix(palette.middle, color, 0.45),
        low=mix(palette.low, color, 0.18),
        near=mix(palette.near, mix(color, (0, 0, 0), 0.6), 0.35),
        accent=mix(palette.accent, color, 0.8),
    )


def _turned(palette: LandscapeColors, degrees: float) -> LandscapeColors:
    return LandscapeColors(
        *(
            turned(getattr(palette, part), degrees)
            for part in ("top", "middle", "low", "sun", "near", "accent")
        )
    )
