from dataclasses import replace
from pathlib import Path

import pytest

from sdbr.errors import UsageProblem
from sdbr.workflows.names import template_of
from sdbr.workflows.outputs import check_free, format_of
from sdbr.workflows.pictures.draw import job_targets
from sdbr.workflows.pictures.finish import file_bytes
from sdbr.workflows.pictures.job import Job
from tests.material import CORE, drawn, request_for

FOX = request_for(CORE, seed=7)
JOB = Job(FOX, Path("source/img"), name="{prompt}-{seed}")
KEY = "k" * 64


@pytest.mark.parametrize(
    ("told", "to", "format"),
    [
        (None, None, "png"),
        ("jpg", None, "jpeg"),
        (None, "x.JPG", "jpeg"),
        (None, "x.webp", "webp"),
        ("webp", "folder/", "webp"),
        ("jpeg", "x.jpg", "jpeg"),
        (None, "-", "png"),
    ],
)
def test_the_format_is_as_told_or_by_the_ending(told, to, format):
    assert format_of(told, to) == format


def test_a_format_and_an_ending_that_disagree_are_refused():
    with pytest.raises(UsageProblem, match="contradict each other"):
        format_of("png", "x.jpg")


def test_without_an_output_files_go_to_the_tree_under_the_chosen_name():
    (job,) = job_targets([JOB], None, None)
    assert (job.folder, job.target, job.file_stem(7)) == (JOB.folder, None, "a-red-fox-7")
    called = template_of("My Fox 2", [], over_input=False, seedless=False)
    assert job_targets([replace(JOB, name=called)], None, None)[0].file_stem(7) == "my-fox-2-7"


@pytest.mark.parametrize("to", ["out/", "out", "deep/out"])
def test_a_folder_takes_any_number_of_pictures(to):
    assert [job.folder for job in job_targets([JOB, JOB], to, None)] == [Path(to)] * 2


def test_a_folder_that_is_there_may_have_a_dot_in_its_name(tmp_path):
    (tmp_path / "v1.png").mkdir()
    assert job_targets([JOB], str(tmp_path / "v1.png"), None)[0].folder == tmp_path / "v1.png"


@pytest.mark.parametrize("to", ["x.png", "-"])
def test_a_file_and_stdout_take_one_picture(to):
    assert len(job_targets([JOB], to, None)) == 1
    with pytest.raises(UsageProblem, match="2 pictures cannot be written to"):
        job_targets([JOB, JOB], to, None)


@pytest.mark.parametrize("to", ["x.gif", "x.mp4", "x.txt"])
def test_an_ending_that_is_no_picture_is_refused(to):
    with pytest.raises(UsageProblem, match=r"use a name that ends in \.png, \.jpg or \.webp"):
        job_targets([JOB], to, None)


@pytest.mark.parametrize("content", [b"", b"mine", None])
def test_what_stands_at_a_target_is_kept_unless_it_is_the_same_picture(tmp_path, content):
    picture = replace(drawn(FOX), key="other")
    target = tmp_path / "x.png"
    target.write_bytes(
        file_bytes(JOB, picture, "txt2img", "local")[0] if content is None else content
    )
    with pytest.raises(UsageProblem, match=r"exists. Add --overwrite"):
        check_free(target, KEY, overwrite=False)
    check_free(target, KEY, overwrite=True)
    target.write_bytes(file_bytes(JOB, replace(picture, key=KEY), "txt2img", "local")[0])
    check_free(target, KEY, overwrite=False)
