"""A plain card with the prompt's words, where the painter does not know how to paint them."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from sdbr.emulator.painter.chance import share
from sdbr.emulator.painter.color import luminance, mix, turned, whole
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.words import LandscapeColors

Font = ImageFont.FreeTypeFont

NO_FONT = "(no font here has these words)"
NOTE = "emulated: no model drew this"
INK = (34, 32, 40)
# Sides in pixels: below these, words and small print would be a smear and are left out.
SMALLEST, LEGIBLE = 48, 256
# Pillow's own font draws ASCII, the same on every machine. Of these, named as Linux, macOS and
# Windows name them, the first that is there and has all of a text draws what it cannot.
SYSTEM_FONTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc"),
    *("Arial Unicode.ttf", "PingFang.ttc", "arial.ttf", "msyh.ttc", "malgun.ttf", "YuGothM.ttc"),
)
LONGEST = 600  # Characters of a prompt: more would be too small to read.
LEADING = 1.3
_NO_GLYPH = "\U0010fffe"


def word_card(order: Order, colors: LandscapeColors) -> Image.Image:
    """The words of an order on paper tinted by its prompt and seed, with what else it asks for."""
    light = mix(colors.low, colors.sun, 0.5)
    light = mix(light, (255, 255, 255), 0.3 + 0.5 * (1 - luminance(light) / 255))
    paper = turned(light, (share("card", order.prompt, order.seed) - 0.5) * 90)
    card = Image.new("RGB", order.size, whole(paper))
    side = min(order.size)
    if side < SMALLEST:
        return card
    draw = ImageDraw.Draw(card)
    edge = side // 24
    room = card.width - 4 * edge, round(card.height * 0.56)
    _write(draw, (card.width // 2, round(card.height * 0.42)), order.prompt, room, side // 7, INK)
    if side < LEGIBLE:
        return card
    frame = (edge, edge, card.width - 1 - edge, card.height - 1 - edge)
    draw.rectangle(frame, outline=whole(mix(paper, colors.accent, 0.7)), width=max(1, side // 160))
    room = card.width - 4 * edge, round(card.height * 0.16)
    place = card.width // 2, round(card.height * 0.84)
    _write(draw, place, _caption(order), room, side // 28, whole(mix(paper, INK, 0.75)))
    return card


def _caption(order: Order) -> str:
    asked = [f"seed {order.seed}"]
    if order.style:
        asked.append(order.style)
    if order.negative:
        asked.append(f"without {order.negative}")
    return f"{', '.join(asked)}\n{NOTE}"


def _write(
    draw: ImageDraw.ImageDraw,
    center: tuple[int, int],
    text: str,
    room: tuple[int, int],
    size: int,
    ink: tuple[int, int, int],
) -> None:
    """Write a text around a point, as large as it fits into `room` (pixels), at most `size`."""
    text, face = _readable(text[:LONGEST])
    for pixels in _sizes(size):
        font = _font(face, pixels)
        lines = [part for line in text.split("\n") for part in _wrapped(line, font, room[0])]
        high = round(pixels * LEADING)
        if len(lines) * high <= room[1] and max(map(font.getlength, lines)) <= room[0]:
            break
    kept = lines[: max(1, room[1] // high)]
    if len(kept) < len(lines):
        kept[-1] = f"{kept[-1][:-3]}..."
    top = center[1] - high * (len(kept) - 1) / 2
    for at, line in enumerate(kept):
        draw.text((center[0], top + at * high), line, ink, font, anchor="mm")


def _sizes(largest: int) -> list[int]:
    """The sizes to try, in pixels, down to a quarter of the largest."""
    smallest = max(6, largest // 4)
    return [*range(largest, smallest, -max(1, largest // 12)), smallest]


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    """The text in lines of at most `width` pixels, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _readable(text: str) -> tuple[str, str]:
    """The text as a font can write it, and the font's name: nothing for Pillow's own."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text, ""
    for name in SYSTEM_FONTS:
        if _has(name, text):
            return text, name
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(it for it in plain if not unicodedata.combining(it))
    written = "".join(it if it.isascii() else "?" for it in plain)
    return (written if any(map(str.isalnum, written)) else NO_FONT), ""


def _has(name: str, text: str) -> bool:
    try:
        font = _font(name, 20)
    except OSError:
        return False
    missing = bytes(font.getmask(_NO_GLYPH))
    return all(it.isspace() or bytes(font.getmask(it)) != missing for it in text)


@cache
def _font(name: str, pixels: int) -> Font:
    font = ImageFont.truetype(name, pixels) if name else ImageFont.load_default(pixels)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
