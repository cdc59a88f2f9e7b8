"""A package that adds a family: tests/packages/sdbr-acme, as pip would install it."""

import json
import os
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import sdbr as api
from sdbr.bedrock import catalog, families
from sdbr.emulator import dialects, models
from sdbr.errors import UsageProblem

PACKAGE = Path(__file__).parent.parent / "packages" / "sdbr-acme"
CACHES = (families.added, families.flags, families.rules, catalog._added)
EMULATED = (dialects.added, models.models)


@pytest.fixture
def installed(tmp_path):
    """A folder as site-packages is after `pip install sdbr-acme`."""
    site = tmp_path / "site-packages"
    info = site / "sdbr_acme-1.0.dist-info"
    info.mkdir(parents=True)
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [f"Name: {project['name']}", f"Version: {project['version']}"]
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]), "utf-8")
    groups = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join([*groups, ""]), "utf-8")
    (site / "sdbr_acme").symlink_to(PACKAGE / "sdbr_acme")
    return site


@pytest.fixture
def forget():
    """What was found is looked for anew, in the test and after it."""
    for found in (*CACHES, *EMULATED):
        found.cache_clear()
    yield
    for found in (*CACHES, *EMULATED):
        found.cache_clear()


@pytest.fixture
def acme(installed, forget, monkeypatch):  # noqa: ARG001
    """The package, in this process."""
    monkeypatch.syspath_prepend(str(installed))
    return catalog.load({}, {})


CALLS = """
import sdbr
ink = {"brush": "ink"}
fox = sdbr.txt2img("a fox", model="acme", seed=7, family_flags=ink)
over = sdbr.img2img(fox, "in snow", model="acme", seed=8, family_flags=ink)
print(fox.seed, over.source == fox.path, over.request.strength, dict(over.request.extras))
"""


def test_commands_and_calls_draw_with_a_family_of_another_package(installed, workspace):
    path = os.pathsep.join([str(installed), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "SDBR_OFFLINE": "1"}

    def python(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=workspace,
            env=environment,
            capture_output=True,
            text=True,
        )

    def command(*arguments):
        ran = python("-m", "sdbr", *arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    flags = ("-m", "acme", "--brush", "ink,oil", "--seed", "7", "--json")
    drawn = json.loads(command("txt2img", "a fox", *flags).splitlines()[0])
    assert (drawn["model"], drawn["price"], drawn["seed"]) == ("acme.paint-v1:0", 0.01, 7)
    assert "brush: ink" in command("inspect", drawn["path"])
    assert "Acme Paint" in command("models")
    assert "oil, ink or chalk." in command("img2img", "--help-all")
    wrong = python("-m", "sdbr", "txt2img", "a fox", "-m", "acme", "--brush", "wax")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--brush is 'wax': choose from oil, ink, chalk" in wrong.stderr
    called = python("-c", CALLS)
    assert called.stdout == "7 True 0.5 {'brush': 'ink'}\n", called.stderr


def test_a_cheaper_model_of_another_package_becomes_no_default(acme):
    able = acme.able("text-to-image", date(2026, 11, 22))
    assert able[0].aliases[0] == "core"
    assert able[-1].aliases[0] == "acme"


def _found(monkeypatch, name, value):
    point = EntryPoint(name, value, "sdbr.families")
    monkeypatch.setattr(families, "_announced", lambda: True)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])  # noqa: ARG005
    return catalog.load({}, {})


@pytest.mark.usefixtures("forget")
@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("acme", "sdbr_acme_that_is_gone", "ModuleNotFoundError: No module named"),
        ("sdxl", "sdbr_acme.family", "another family has the same name"),
        ("other", "json", "it has no takes"),
        ("other", "sdbr_acme.family", "needs family='other', and an alias and an ID that"),
    ],
)
def test_a_package_that_cannot_be_used_is_named(monkeypatch, name, value, why):
    monkeypatch.syspath_prepend(str(PACKAGE))
    with pytest.raises(UsageProblem) as caught:
        _found(monkeypatch, name, value)
    assert why in str(caught.value)
    assert f"model family {name}" in str(caught.value)
    assert str(caught.value).endswith("or uninstall the package.")


@pytest.mark.usefixtures("forget")
@pytest.mark.parametrize("field", ["steps", "prompt"])
def test_a_family_may_not_take_the_flag_of_another(monkeypatch, field):
    monkeypatch.syspath_prepend(str(PACKAGE))
    from sdbr_acme import family

    flag = families.Flag(field, family.FLAGS[0].rule, "")
    monkeypatch.setattr(family, "FLAGS", (flag,))
    with pytest.raises(UsageProblem, match=f"{field} is already defined"):
        _found(monkeypatch, "acme_paint", "sdbr_acme.family")


@pytest.mark.usefixtures("forget", "workspace")
def test_a_broken_dialect_is_named(monkeypatch):
    point = EntryPoint("acme", "sdbr_acme_that_is_gone", "sdbr.dialects")
    monkeypatch.setattr(dialects, "entry_points", lambda group: [point])  # noqa: ARG005
    with pytest.raises(UsageProblem) as caught:
        api.txt2img("a fox", offline=True)
    assert "dialect acme (sdbr_acme_that_is_gone) cannot be loaded" in str(caught.value)
