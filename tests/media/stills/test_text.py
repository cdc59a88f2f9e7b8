import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sdbr.media.stills.text import draw_line, wrap


def written(text: str, width: float = 10_000, most: int = 1) -> list[str]:
    return ["".join(piece for piece, _ in line.pieces) for line in wrap(text, 16, width, most)]


def test_text_is_wrapped_at_words_and_cut_with_an_ellipsis():
    lines = written("the quick brown fox jumps over the lazy dog " * 3, 120, 3)
    assert len(lines) == 3
    assert lines[:2] == ["the quick brown", "fox jumps over"]
    assert lines[2].endswith("…")
    assert all(line.width <= 120 for line in wrap("the quick brown fox " * 9, 16, 120, 3))


def test_a_word_wider_than_the_line_is_broken():
    lines = written("x" * 60, 120, 9)
    assert len(lines) > 1
    assert "".join(lines) == "x" * 60


def test_line_breaks_and_tabs_are_spaces():
    assert written("a\n\tb\r\nc") == ["a b c"]


def test_an_emoji_is_named_and_letters_lose_at_most_their_accents():
    (line,) = written("a 🦊 in Ŵales")
    assert line in ("a (fox face) in Ŵales", "a (fox face) in Wales", "a 🦊 in Ŵales")


@pytest.mark.parametrize(
    "text", ["👩🏽‍🚀", "🏳️‍🌈", "\ud800", "\x00\x07", "\ufffe", "日本語", "ثعلب", "e\u0301" * 50]
)
def test_no_text_is_too_odd_to_draw(text):
    draw = ImageDraw.Draw(Image.new("RGB", (300, 40)))
    for line in wrap("a" + text, 16, 280):
        draw_line(draw, (5, 25), line, "white")


@settings(deadline=None)
@given(st.text(max_size=60), st.floats(1, 300), st.integers(1, 4))
def test_any_text_keeps_to_its_lines(text, width, most):
    lines = wrap(text, 16, width, most)
    assert len(lines) <= most
    assert all(line.width <= width or len(line.pieces[0][0]) <= 2 for line in lines)
