from PIL import Image, ImageChops

from sdbr.media.stills.encode import encode
from sdbr.media.stills.sheet import Labels, contact_sheet, pairs_sheet, thumbnail

RED, BLUE = Image.new("RGB", (400, 200), "red"), Image.new("RGB", (100, 300), "blue")


def colors(sheet: Image.Image) -> dict[tuple[int, int, int], int]:
    return {color: count for count, color in sheet.getcolors(1 << 24)}


def test_thumbnails_are_bounded_and_keep_their_aspect():
    counted = colors(contact_sheet([[RED, BLUE]], side=60))
    assert counted[(255, 0, 0)] == 60 * 30
    assert counted[(0, 0, 255)] == 20 * 60


def test_a_small_picture_is_not_enlarged():
    assert colors(contact_sheet([[Image.new("RGB", (9, 9), "red")]]))[(255, 0, 0)] == 81


def test_rows_run_down_and_columns_across():
    red, blue = RED.resize((50, 50)), BLUE.resize((50, 50))
    sheet = contact_sheet([[red, red], [blue, red]])
    middle = sheet.height // 2
    assert (0, 0, 255) not in colors(sheet.crop((0, 0, sheet.width, middle)))
    assert (0, 0, 255) in colors(sheet.crop((0, middle, sheet.width // 2, sheet.height)))


def test_labels_make_room_for_themselves():
    bare = contact_sheet([[RED]], side=300)
    named = contact_sheet([[RED]], Labels("title", ("column",), ("row",)), side=300)
    assert named.width > bare.width
    assert named.height > bare.height + 40
    assert colors(named)[(255, 0, 0)] == colors(bare)[(255, 0, 0)] == 300 * 150


def test_more_or_fewer_labels_than_pictures_do_no_harm():
    contact_sheet([[RED]], Labels("", ("a", "b", "c"), ("d", "e", "f")))
    contact_sheet([[RED, BLUE], [RED]], Labels("", ("a",), ()))


def test_a_gap_and_an_empty_sheet_are_drawn():
    assert min(contact_sheet([]).size) > 0
    assert min(contact_sheet([[]], Labels("title")).size) > 0
    assert contact_sheet([[None, RED]], side=40).width > 80


def test_what_is_transparent_shows_the_paper():
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert (255, 0, 0) not in colors(contact_sheet([[clear]]))


def test_many_pictures_make_a_sheet_that_still_opens():
    tile = Image.new("RGB", (220, 220), "red")
    sheet = contact_sheet([[tile] * 35] * 30)
    assert sheet.width > 5000
    assert sheet.width * sheet.height < 41_000_000


def test_pairs_are_named_before_and_after():
    plain = contact_sheet([(RED, BLUE)], Labels("t", ("before", "after")), 384)
    assert pairs_sheet([(RED, BLUE)], Labels("t")).tobytes() == plain.tobytes()


def test_a_thumbnail_is_opened_from_a_file(tmp_path):
    path = tmp_path / "large.jpg"
    path.write_bytes(encode(RED.resize((2000, 1000)), "jpeg"))
    assert thumbnail(path, 64).size == (64, 32)


def test_pictures_without_labels_have_the_same_margin_all_around():
    sheet = contact_sheet([[RED]], side=60)
    left, top, right, bottom = ImageChops.difference(
        sheet, Image.new("RGB", sheet.size, sheet.getpixel((0, 0)))
    ).getbbox()
    assert left == top == sheet.width - right == sheet.height - bottom
