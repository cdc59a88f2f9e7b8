import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

import sdbr
from sdbr.api import options
from sdbr.api.call import flags_of
from sdbr.commands import edit
from sdbr.console import Console
from sdbr.emulator import Faults
from tests.commands.clip_runs import invocations
from tests.material import picture_file

COMMANDS = ("txt2img", "img2img", "img2gif", "vid2vid", "upscale")
CORE = {"model": "core"}

pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture
def photo(workspace):
    (workspace / "photo.png").write_bytes(picture_file(size=(64, 48)))
    return workspace / "photo.png"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_flag_of_a_command_is_a_keyword_of_its_function(command):
    flags = flags_of(import_module(f"sdbr.commands.{command}").command)
    typed = getattr(options, f"{command.capitalize()}Options").__annotations__
    assert set(typed) - {"family_flags"} == set(flags)
    assert set(typed) < set(signature(getattr(sdbr, command)).parameters)


def test_each_flag_of_an_edit_is_a_keyword_of_edit():
    flags = {
        name
        for kind in get_args(options.EditKind)
        for name in flags_of(import_module(f"sdbr.commands.edit.{kind}").command)
    }
    typed = set(options.EditOptions.__annotations__) - {"family_flags"}
    # What to generate beyond the edges is the prompt, as of any other edit.
    assert typed == flags - {"prompt"}
    assert {path.stem for path in Path(edit.__file__).parent.glob("[a-z]*.py")} == set(
        get_args(options.EditKind)
    )


def test_each_edit_is_a_call(emulator, photo):
    mask = photo.parent / "mask.png"
    Image.new("L", (64, 64), 255).save(mask)
    Image.new("RGB", (64, 64), "red").save(photo)
    calls = {
        "cutout": ((), {}),
        "erase": ((), {"mask": mask}),
        "inpaint": (("a cat",), {"mask": mask}),
        "outpaint": (("a stormy sky",), {"left": 100}),
        "recolor": (("bright red",), {"find": "the car"}),
        "replace": (("a bus",), {"find": "the car"}),
    }
    for kind, (words, more) in calls.items():
        result = sdbr.edit(photo, kind, *words, **more)
        assert (result.path.parent.name, result.request.prompt) == ("img", "".join(words))
    assert sdbr.estimate(sdbr.edit, photo, "cutout", fresh=True).sends == 1
    assert len(invocations(emulator)) == 6


def test_an_edit_that_is_none_and_an_argument_of_another_are_told(photo):
    with pytest.raises(sdbr.UsageProblem, match="kind is 'remove': use cutout, erase, inpaint"):
        sdbr.edit(photo, "remove")
    with pytest.raises(sdbr.UsageProblem, match="edit erase takes no prompt"):
        sdbr.edit(photo, "erase", "the car")
    with pytest.raises(sdbr.UsageProblem, match=r"^find is required\.$"):
        sdbr.edit(photo, "recolor", "red")
    with pytest.raises(TypeError, match="edit erase got an unexpected keyword argument 'find'"):
        sdbr.edit(photo, "erase", find="the car")


@pytest.mark.usefixtures("emulator")
def test_a_call_returns_the_file_that_it_wrote_and_what_is_known_of_it(workspace):
    fox = sdbr.txt2img("a fox", seed=7, **CORE)
    assert fox.path == workspace / "source" / "img" / "a-fox-7.png"
    assert (fox.image.size, fox.size) == ((64, 48), (64, 48))
    assert (fox.seed, fox.cost) == (7, Decimal("0.04"))
    assert (fox.request.prompt, fox.request.model.title) == ("a fox", "Stable Image Core 1.1")
    assert fox.details["emulated"] is True
    assert Path(fox).read_bytes() == fox.path.read_bytes()


@pytest.mark.usefixtures("emulator")
def test_results_are_printed_in_one_short_line(workspace, monkeypatch):
    first = "source/img/a-fox-1.png"
    fox = sdbr.txt2img("a fox", seed=1, **CORE)
    assert f"{fox}" == repr(fox[0]) == f"Result({first}, 64x48, seed 1, 0.04 USD)"
    foxes = sdbr.txt2img("a fox", seed=1, count=5, **CORE)
    others = "source/img/a-fox-2.png, source/img/a-fox-3.png"
    assert repr(foxes) == f"Results(5 files, 0.16 USD: {first}, {others}, 2 more)"
    assert repr(foxes[:2]) == f"Results(2 files, 0.04 USD: {first}, source/img/a-fox-2.png)"
    assert repr(foxes[:0]) == "Results(0 files, 0.00 USD)"
    monkeypatch.chdir(workspace / "source" / "img")
    assert repr(foxes[0]).startswith("Result(a-fox-1.png, ")
    monkeypatch.chdir(Path(__file__).parent)
    assert repr(fox).startswith(f"Result({workspace / first}, ")


def test_a_call_and_the_command_pay_for_a_picture_once(emulator, sdbr):
    import sdbr as api

    assert sdbr("txt2img", "a fox", "--seed", "7", "--model", "core").code == 0
    again = api.txt2img("a fox", seed=7, **CORE)
    assert (emulator.pictures_made, again.cost) == (1, 0)


@pytest.mark.usefixtures("emulator")
def test_several_prompts_and_values_draw_a_result_each():
    drawn = sdbr.txt2img(["a fox", "an owl"], seed=[1, 2], **CORE)
    assert [(one.request.prompt, one.seed) for one in drawn] == [
        ("a fox", 1),
        ("a fox", 2),
        ("an owl", 1),
        ("an owl", 2),
    ]
    assert drawn.cost == Decimal("0.16")
    with pytest.raises(
        ValueError, match=r"There are 4 results. Choose one, for example results\[0\]"
    ):
        _ = drawn.path
    assert [one.seed for one in drawn[1:3]] == [2, 1]


@pytest.mark.usefixtures("emulator")
def test_pictures_go_in_as_paths_as_results_and_as_pillow_images(photo):
    fox = sdbr.txt2img("a fox", seed=7, **CORE)
    given = [photo, str(photo), fox[0], Image.new("CMYK", (64, 64))]
    drawn = sdbr.img2img(given, "as a woodcut", strength=0.5, seed=1)
    assert [one.source.name for one in drawn] == ["photo.png"] * 2 + ["a-fox-7.png", "image.png"]
    assert sdbr.img2img(fox, "as a woodcut", seed=1).source == fox.path


@pytest.mark.usefixtures("emulator")
def test_a_still_comes_to_life_and_a_clip_is_restyled(photo):
    alive = sdbr.img2gif(photo, "as a woodcut", frames=3, seed=1)
    assert alive.image.n_frames == 3
    clip = sdbr.vid2vid(alive, "in ink", seed=1, keyframes="all", keep_frames=False)
    assert (clip.path.suffix, clip.image.mode) == (".mp4", "RGB")
    assert len(sdbr.vid2vid([photo, photo], "in ink", fps=5, seed=1)) == 1
    assert sdbr.upscale(photo).size == (64, 48)


def test_prompts_over_time_are_pairs(emulator, photo):
    clip = sdbr.vid2vid([photo] * 3, "ink", fps=5, seed=1, at=[(0.4, "oil"), ("0:00.2", "wax")])
    assert {record.body["prompt"] for record in invocations(emulator)} == {"ink", "wax", "oil"}
    assert (clip.cost, emulator.pictures_made) == (Decimal("0.24"), 3)


def test_an_estimate_sends_nothing_and_is_what_the_call_costs(emulator, photo):
    told = sdbr.estimate(sdbr.txt2img, "a fox", count=3, **CORE)
    assert (told.pictures, told.cost) == (3, Decimal("0.12"))
    assert str(told).startswith("3 pictures × 0.04 USD = 0.12 USD")
    assert sdbr.estimate(sdbr.img2gif, photo, "in ink", frames=5).sends == 5
    assert emulator.received == ()
    assert sdbr.txt2img("a fox", count=3, **CORE).cost == told.cost
    with pytest.raises(TypeError, match="takes a function of sdbr"):
        sdbr.estimate(print, "a fox")
    with pytest.raises(ValueError, match="so there is no estimate"):
        _ = sdbr.txt2img("a fox", **CORE).estimate


def test_a_price_above_what_was_agreed_raises_and_nobody_is_asked(emulator, monkeypatch):
    monkeypatch.setattr(Console, "terminal", True)
    with pytest.raises(sdbr.OverBudget, match=r"Add yes=True, or max_cost=2\.00\."):
        sdbr.txt2img("a fox", count=50, **CORE)
    monkeypatch.setenv("SDBR_YES", "1")
    with pytest.raises(sdbr.OverBudget):
        sdbr.txt2img("a fox", count=50, yes=False, **CORE)
    assert emulator.received == ()
    assert len(sdbr.txt2img("a fox", count=50, max_cost=2, **CORE)) == 50


def test_a_session_caps_what_calls_in_several_threads_spend_together(start_emulator):
    emulator = start_emulator(latency=0.05)
    session = sdbr.Session(max_cost="0.12")
    ready = threading.Barrier(8)

    def draw(seed):
        ready.wait()
        try:
            return session.txt2img("a fox", seed=seed, **CORE).seed
        except sdbr.OverBudget as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(draw, range(1, 9)))
    assert emulator.pictures_made == 3
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 3
    assert session.spent == Decimal("0.12")
    refused = next(outcome for outcome in outcomes if isinstance(outcome, str))
    assert "This session has spent 0." in refused
    assert refused.endswith("of 0.12 USD.")


def test_a_session_gives_its_options_to_each_call_and_a_call_may_have_its_own(workspace):
    session = sdbr.Session(workspace="album", offline=True, max_cost=0.5)
    assert session.txt2img("a fox", seed=1, **CORE).path.parent == workspace / "album/source/img"
    other = session.txt2img("a fox", seed=1, workspace=workspace / "other", **CORE)
    assert other.path.parent == workspace / "other/source/img"
    dear = sdbr.estimate(session.txt2img, "a fox", count=9, **CORE)
    assert dear.cost == Decimal("0.36")
    with pytest.raises(sdbr.OverBudget, match=r"max_cost=0\.04\. .* spent 0\.12 of 0\.5"):
        session.txt2img("an owl", seed=[1, 2], max_cost="0.04", **CORE)
    with pytest.raises(TypeError, match="unexpected keyword argument 'model'"):
        sdbr.Session(model="core")
    with pytest.raises(sdbr.UsageProblem, match="max_cost: 'much' is not an amount"):
        sdbr.Session(max_cost="much")


def test_what_was_made_before_a_failure_is_told(start_emulator):
    start_emulator(refuse_words=("wolf",))
    with pytest.raises(sdbr.PartlyDone, match="1 of 3 pictures is missing") as caught:
        sdbr.txt2img(["a fox", "a wolf", "a hare"], on_filtered="skip", **CORE)
    assert len(caught.value.made) == 2
    assert all(path.is_file() for path in caught.value.made)
    with pytest.raises(sdbr.Refused):
        sdbr.txt2img("a wolf", **CORE)


def test_a_passing_fault_is_tried_again(start_emulator):
    emulator = start_emulator(faults=Faults(throttle="first:2"))
    assert sdbr.txt2img("a fox", attempts=5, **CORE).path.is_file()
    assert len(emulator.received) == 3


@pytest.mark.usefixtures("emulator")
def test_a_wrong_argument_is_refused_in_the_words_of_python(photo):
    with pytest.raises(TypeError, match=r"'sed'\. Did you mean 'seed'"):
        sdbr.txt2img("a fox", sed=1)
    with pytest.raises(TypeError, match="'json'"):
        sdbr.txt2img("a fox", json=True)
    with pytest.raises(sdbr.UsageProblem, match=r"^strength is 3.*: use a number from 0 to 1"):
        sdbr.img2img(photo, "in ink", strength=3)
    with pytest.raises(
        sdbr.UsageProblem, match=r"^workers: '99' is not a whole number from 1 to 64"
    ):
        sdbr.txt2img("a fox", workers=99)
    with pytest.raises(sdbr.UsageProblem, match="means stdin"):
        sdbr.img2img("-", "in ink")
    with pytest.raises(sdbr.UsageProblem, match="output is '-'"):
        sdbr.txt2img("a fox", output="-")
    with pytest.raises(sdbr.InputProblem, match=r"'missing\.png' does not exist"):
        sdbr.img2img("missing.png", "in ink")


@pytest.mark.usefixtures("emulator")
def test_nothing_is_printed_unless_it_is_asked_for(capfd):
    sdbr.txt2img("a fox", seed=1, **CORE)
    assert capfd.readouterr() == ("", "")
    sdbr.txt2img("a fox", seed=2, quiet=False, **CORE)
    out, err = capfd.readouterr()
    assert (out, "0.04 USD" in err) == ("", True)


@pytest.mark.usefixtures("emulator")
def test_a_notebook_shows_pictures_and_clips(photo):
    fox = sdbr.txt2img("a fox", seed=7, **CORE)
    assert set(fox._repr_mimebundle_()) == {"text/plain", "image/png"}
    two = sdbr.txt2img("<b>", seed=[1, 2], **CORE)
    assert two._repr_mimebundle_(include=None)["text/html"].count("<img ") == 2
    alive = sdbr.img2gif(photo, "in ink", frames=2, seed=1)
    assert "image/gif" in alive._repr_mimebundle_()
    clip = sdbr.img2gif(photo, "in ink", frames=2, seed=1, format="mp4")
    assert "<video controls" in clip._repr_mimebundle_()["text/html"]


INTERRUPTED = """
import _thread, sdbr
lines = []
def interrupt(line):
    lines.append(line)
    if len(lines) == 1:
        _thread.interrupt_main()
with sdbr.Emulator(latency=0.2, picture_side=64, log=interrupt) as emulator:
    try:
        sdbr.txt2img("a fox", count=9, workers=1, endpoint_url=emulator.url, region="us-west-2")
    except KeyboardInterrupt as error:
        print(emulator.pictures_made, error)
"""


def test_ctrl_c_waits_for_what_is_under_way_and_raises_keyboard_interrupt(workspace, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "emulated")
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=workspace, capture_output=True, text=True
    )
    made, _, told = ran.stdout.partition(" ")
    assert told.startswith(f"Interrupted after {made} of 9 pictures; they are saved"), ran.stderr
    assert 1 <= int(made) < 9
    assert len(list(Path(workspace, "source", "img").glob("*.png"))) == int(made)


@pytest.mark.parametrize("prompt", [None, 5, ["a fox", None]])
def test_a_prompt_that_is_no_text_is_a_type_error(prompt):
    with pytest.raises(TypeError, match="prompt must be a string or a list of strings"):
        sdbr.txt2img(prompt)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"offline": "yes"}, "offline must be True or False, not 'yes'"),
        ({"yes": 1}, "yes must be True or False, not 1"),
        ({"count": "4"}, "count must be a whole number, not '4'"),
        ({"count": 2.5}, "count must be a whole number, not 2.5"),
        ({"count": True}, "count must be a whole number, not True"),
        ({"seed": {}}, "seed must be a number, a string or a list, not {}"),
        ({"output": ["a", "b"]}, "output must be a string or a path, not ['a', 'b']"),
        ({"extras": [1]}, "extras must be a string or a dictionary, not [1]"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named_with_what_is_allowed(workspace, arguments, told):
    with pytest.raises(TypeError, match=f"^{re.escape(told)}$"):
        sdbr.txt2img("a fox", **arguments)
    assert list(workspace.iterdir()) == []


def test_none_is_no_argument_and_numbers_of_numpy_are_numbers(emulator):
    seeds = [np.int64(3), np.int64(4)]
    foxes = sdbr.txt2img("a fox", seed=seeds, count=None, yes=None, timeout=np.float64(60), **CORE)
    assert [fox.seed for fox in foxes] == [3, 4]
    assert len(emulator.received) == 2


def test_a_session_and_inputs_of_a_wrong_type_are_told():
    with pytest.raises(TypeError, match="offline must be True or False, not 'no'"):
        sdbr.Session(offline="no")
    with pytest.raises(TypeError, match=r"'offlin'\. Did you mean 'offline'"):
        sdbr.Session(offlin=True)
    for given in (None, 5, b"bytes"):
        with pytest.raises(TypeError, match="An input must be a path, a result, a Pillow image"):
            sdbr.img2img(given, "in ink")
    with pytest.raises(TypeError, match=r"a list of these, not ndarray$"):
        sdbr.img2img(np.zeros((64, 64, 3)), "in ink")
    with pytest.raises(TypeError, match="prompt must be a string, not 5"):
        sdbr.img2img("photo.png", 5)
    with pytest.raises(TypeError, match="at must be a list of pairs"):
        sdbr.vid2vid("clip.mp4", at="3 fox")


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"fault": 1}, TypeError, r"'fault'\. Did you mean 'faults'\?"),
        ({"faults": {"throttle": 0.1}}, TypeError, r"faults must be Faults, such as Faults\("),
        ({"refuse_words": "wolf"}, TypeError, r"such as \('wolf',\)"),
        ({"latency": "2s"}, TypeError, "latency must be a number, not '2s'"),
        ({"latency": -1}, ValueError, "latency is -1: use a number of at least 0"),
        ({"port": 99_999}, ValueError, "port is 99999: use 0 to 65535"),
    ],
)
def test_settings_of_an_emulator_that_are_none_are_named(settings, error, told):
    with pytest.raises(error, match=told):
        sdbr.Emulator(**settings)


def test_a_fault_rule_that_is_none_is_named():
    with pytest.raises(ValueError, match="throttle: 'often' is not a fault rule"):
        sdbr.Faults(throttle="often")


def test_other_names_of_flags_are_keywords_too():
    session = sdbr.Session(allow_ended=True, offline=True)
    assert session.txt2img("a fox", model="sdxl", guidance_scale=7).path
    with sdbr.Emulator(allow_ended=True) as emulator:
        assert emulator.settings.allow_retired
