"""Draw text of any script into a picture, with Pillow's own font and those of the system."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont

# Fonts with many scripts, as Linux, macOS and Windows name their files; the first that has a
# glyph is taken. Color emoji fonts come in one size only and are not among them.
_SYSTEM_FONTS = (
    *("NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc"),
    *("Arial Unicode.ttf", "PingFang.ttc", "Apple Symbols.ttf"),
    *("arial.ttf", "msyh.ttc", "malgun.ttf", "YuGothM.ttc", "seguisym.ttf", "seguiemj.ttf"),
)
_NO_GLYPH = "\U0010fffe"
_INVISIBLE = ("Cc", "Cf", "Cs", "Mn", "Me", "Sk")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, in pieces that one font each can draw; `width` in pixels."""

    pieces: tuple[tuple[str, Font], ...]
    width: float


def line_height(size: int) -> int:
    """The distance of two baselines in pixels."""
    return round(size * 1.3)


def wrap(text: str, size: int, width: float, most: int = 2) -> list[Line]:
    """Break text into at most `most` lines of at most `width` pixels; "…" ends what is cut."""
    words = "".join(map(_spell, unicodedata.normalize("NFC", text[:2000]))).split()
    lines: list[str] = []
    while words and len(lines) < most:
        taken = _count_fitting(words, size, width)
        # A word wider than the line is broken, not left out.
        line = " ".join(words[:taken]) if taken else _cut(words[0], size, width)
        rest = [] if taken else [words[0][len(line) :]]
        words = [word for word in rest if word] + words[taken or 1 :]
        lines.append(line)
    if words and lines:
        lines[-1] = _cut(lines[-1] + " " + " ".join(words), size, width, "…")
    return [_line(line, size) for line in lines]


def draw_line(draw: ImageDraw.ImageDraw, at: tuple[float, float], line: Line, color: str) -> None:
    """Draw a line whose baseline begins at `at`."""
    x, y = at
    for text, font in line.pieces:
        draw.text((x, y), text, color, font, anchor="ls")
        x += font.getlength(text)


def _count_fitting(words: list[str], size: int, width: float) -> int:
    count = 0
    while count < len(words) and _line(" ".join(words[: count + 1]), size).width <= width:
        count += 1
    return count


def _cut(text: str, size: int, width: float, end: str = "") -> str:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _line(text[:middle].rstrip() + end, size).width <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + end


def _line(text: str, size: int) -> Line:
    groups = groupby(text, key=lambda character: _index(character) or 0)
    pieces = tuple(("".join(group), _fonts(size)[index]) for index, group in groups)
    return Line(pieces, sum(font.getlength(piece) for piece, font in pieces))


def _spell(character: str) -> str:
    """The character itself where a font has it, else a plain letter, a name or a question mark."""
    if character.isspace():
        return " "
    if _index(character) is not None:
        return character
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return ""
    plain = unicodedata.normalize("NFKD", character)[0]
    if plain.isascii():
        return plain
    name = unicodedata.name(character, "").lower()
    return f"({name})" if category == "So" and name else "?"


@cache
def _index(character: str) -> int | None:
    """Which of the fonts has a glyph for the character."""
    if character == " " or (character.isascii() and character.isprintable()):
        return 0
    for index, font in enumerate(_fonts(20)):
        if bytes(font.getmask(character)) not in (b"", bytes(font.getmask(_NO_GLYPH))):
            return index
    return None


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    found = [ImageFont.load_default(size)]
    for name in _SYSTEM_FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(font for font in found if isinstance(font, ImageFont.FreeTypeFont))
