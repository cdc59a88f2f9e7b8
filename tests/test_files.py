import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from sdbr.errors import InputProblem, UnwritableFile
from sdbr.files import (
    check_writable,
    part_file,
    plain_write_errors,
    sweep,
    unfinished,
    write_new,
    write_whole,
)


def left_over(folder):
    return [path.name for path in folder.rglob("*.part")]


def test_a_file_is_written_with_the_folders_above_it(tmp_path):
    write_whole(tmp_path / "a" / "b" / "c.png", b"data")
    assert (tmp_path / "a" / "b" / "c.png").read_bytes() == b"data"
    assert left_over(tmp_path) == []


def test_a_file_is_replaced_in_one_step(tmp_path):
    target = tmp_path / "x"
    for data in (b"old", b"newer"):
        write_whole(target, data)
        assert target.read_bytes() == data


def test_a_new_file_is_written_once_and_never_replaced(tmp_path):
    target = tmp_path / "x"
    assert write_new(target, b"first")
    assert not write_new(target, b"second")
    assert target.read_bytes() == b"first"
    assert left_over(tmp_path) == []


def test_a_link_that_leads_nowhere_is_not_replaced(tmp_path):
    target = tmp_path / "x"
    target.symlink_to(tmp_path / "nowhere")
    assert not write_new(target, b"data")
    assert target.is_symlink()


def test_one_of_many_that_want_the_same_name_gets_it(tmp_path):
    won, start = [], threading.Barrier(8)

    def write(number):
        start.wait(20)
        if write_new(tmp_path / "x", bytes([number])):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(won) == 1
    assert (tmp_path / "x").read_bytes() == bytes(won)
    assert left_over(tmp_path) == []


def test_without_hard_links_a_new_file_is_still_not_replaced(tmp_path, monkeypatch):
    def unable(*_):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", unable)
    assert write_new(tmp_path / "x", b"first")
    assert not write_new(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == b"first"


@pytest.mark.parametrize("write", [write_whole, write_new])
def test_a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, write
):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "old").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputProblem, match=r"the disk is full. Free some space"):
        write(tmp_path / ("old" if write is write_whole else "new"), b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "words"),
    [("x" * 300, "name is too long"), ("file/x", "file"), ("folder", "is a folder")],
)
def test_what_cannot_be_written_is_told_with_its_path_and_what_to_do(tmp_path, name, words):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputProblem, match="Cannot write") as refused:
        write_whole(tmp_path / name, b"data")
    assert words in str(refused.value)
    assert left_over(tmp_path) == []


def test_a_name_that_is_too_long_to_be_looked_at_is_told_as_well(tmp_path):
    with pytest.raises(InputProblem, match="name is too long"):
        write_new(tmp_path / ("x" * 300), b"data")


def test_any_other_trouble_keeps_the_systems_words(tmp_path):
    with pytest.raises(InputProblem, match="Too many open files"), plain_write_errors(tmp_path):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


KILLED = """
import os, sys
from pathlib import Path
from sdbr.files import part_file, whole_folder
with part_file(Path(sys.argv[1], "a.png")), whole_folder(Path(sys.argv[1], "b"), lambda _: True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_holds_is_not(tmp_path):
    foreign = tmp_path / ".sdbr-notes"
    foreign.write_bytes(b"half")
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    with part_file(tmp_path / "c.png") as ours:
        sweep(tmp_path)
        assert len(list(tmp_path.iterdir())) == 4
        other.kill()
        other.communicate()
        sweep(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {foreign.name, Path(ours.name).name}


def test_a_file_that_was_swept_before_it_was_locked_is_made_anew(tmp_path):
    made = []

    def make(path):
        path.touch()
        made.append(path)
        if len(made) == 1:
            sweep(tmp_path)

    with unfinished(tmp_path / "a.png", make) as path:
        assert [path.exists() for path in made] == [False, True]
        assert path == made[1]


def test_a_folder_is_made_and_tried_and_nothing_stays_in_it(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_a_folders_place_is_told_by_name(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(UnwritableFile, match=r"Cannot write .*/a/b: part of the path is a file"):
        check_writable(tmp_path / "a" / "b")


def test_a_full_disk_is_found_by_writing(tmp_path, monkeypatch):
    def full(**_place):
        return open("/dev/full", "wb")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(UnwritableFile, match="the disk is full"):
        check_writable(tmp_path)
