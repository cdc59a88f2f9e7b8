import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.errors import InputProblem
from sdbr.workspace import Workspace, kept_name, natural_key, slug, write_unique


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("A red fox, at dusk!", "a-red-fox-at-dusk"),
        ("../../etc/passwd", "etc-passwd"),
        ("  -- --yes  ", "yes"),
        ("東京の夜", "東京の夜"),
        ("Ärger & Söhne", "ärger-söhne"),
        ("Ａ Ｂ", "a-b"),
        ("two\nlines", "two-lines"),
        ("under_score", "under-score"),
        ("🦊", "picture"),
        ("...", "picture"),
        ("", "picture"),
        ("\ud800", "picture"),
    ],
)
def test_a_prompt_becomes_a_name_of_its_words(text, stem):
    assert slug(text) == stem


@given(st.text(max_size=600))
def test_any_text_becomes_a_safe_and_short_name(text):
    stem = slug(text)
    assert 0 < len(stem) <= 60
    assert len(stem.encode()) <= 120
    assert not stem.startswith(("-", "."))
    assert not set(stem) & set('/\\:*?"<>|\0\n\r\t. ')
    assert slug(text) == stem


@given(st.text(max_size=300))
def test_an_inputs_name_is_kept_as_far_as_a_path_allows(text):
    name = kept_name(text)
    assert name
    assert len(name.encode("utf-8", "surrogatepass")) <= 180
    assert not name.startswith(".")
    assert not set(name) & set("/\\\0\n\r\t")


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "lpt9.tar", "aux ", "Prn .x", ".con"])
def test_no_result_is_called_as_a_device_of_windows(name):
    assert kept_name(name) == f"_{name.strip().lstrip('.')}"
    assert kept_name(f"x{name}") == f"x{name}".strip()


def test_frames_stand_in_the_order_of_their_numbers():
    names = ["frame10.png", "frame2.png", "Frame1.png", "frame2b.png", "10.png", "9.png", "a"]
    assert sorted(names, key=natural_key) == [
        *("9.png", "10.png", "a", "Frame1.png", "frame2.png", "frame2b.png", "frame10.png")
    ]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_can_be_ordered(names):
    assert sorted(sorted(names, key=natural_key)) == sorted(names)


def test_the_next_free_name_is_taken_and_nothing_is_overwritten(tmp_path):
    paths = [write_unique(data, tmp_path, "fox-7", ".png") for data in (b"a", b"b", b"c")]
    assert [path.name for path in paths] == ["fox-7.png", "fox-7-2.png", "fox-7-3.png"]
    assert [path.read_bytes() for path in paths] == [b"a", b"b", b"c"]


def test_the_same_picture_again_has_the_same_path(tmp_path):
    first = [write_unique(data, tmp_path, "fox-7", ".png") for data in (b"a", b"b")]
    again = [write_unique(data, tmp_path, "fox-7", ".png") for data in (b"b", b"a")]
    assert again == first[::-1]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_of_that_name_is_passed_over(tmp_path):
    (tmp_path / "fox.png").mkdir()
    assert write_unique(b"a", tmp_path, "fox", ".png").name == "fox-2.png"


def test_the_hidden_folder_is_made_on_first_use_and_kept_out_of_git(tmp_path):
    workspace = Workspace(tmp_path / "new")
    workspace.prepare(workspace.source_img)
    assert workspace.source_img.is_dir()
    assert (workspace.hidden / ".gitignore").read_bytes() == b"*\n"
    workspace.prepare()


def test_a_file_in_its_place_is_told_by_name(tmp_path):
    (tmp_path / ".sdbr").write_text("")
    with pytest.raises(
        InputProblem, match=r"Cannot write .*\.sdbr: a file with that name already exists"
    ):
        Workspace(tmp_path).prepare()
