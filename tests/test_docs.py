import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from base64 import b64encode
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from sdbr.bedrock import body
from sdbr.bedrock.families import family_of, seed_within
from sdbr.errors import Refused, UsageProblem
from tests.commands.clip_runs import clip_in
from tests.material import CATALOG, SD35, blob, picture_file, request_for

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"shown_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tool():
    return loaded(ROOT / "dev" / "docs.py")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.M | re.S)


def run(program, cwd, **variables):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    return subprocess.run(
        program, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


def test_the_pages_of_the_commands_are_those_of_the_commands():
    stale = [
        path.name
        for path, text in tool().written().items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]
    assert stale == [], "Run: python dev/docs.py"
    written = set(tool().written())
    assert [path.name for path in (DOCS / "cli").glob("*") if path not in written] == []


def test_each_command_has_a_page_with_its_flags_and_examples():
    text = (DOCS / "cli" / "img2img.md").read_text("utf-8")
    assert "| `--strength, --denoising-strength " in text
    assert 'sdbr img2img photo.jpg "as a woodcut" --offline' in text
    assert "[SDBR_MAX_COST]" in text
    assert (DOCS / "cli" / "edit-erase.md").is_file()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_one():
    ran = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", str(DOCS / "sdbr.1")], capture_output=True, text=True
    )
    assert ran.stderr == ""
    for words in ("sdbr report [OPTIONS] [RUN|FOLDER]", "--strength", "EXIT STATUS", "SDBR_DEBUG"):
        assert words in re.sub("\x1b\\[[0-9;]*m|.\x08", "", ran.stdout).replace("‐", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_the_pages_point_to_exists(page):
    text = page.read_text("utf-8")
    named = re.findall(r"`((?:src|docs|tests|tools)/[\w./-]+\.\w+)(?:::\w+)?`", text)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [name for name in linked if not (page.parent / name).exists()]
    assert missing == []


def test_each_scenario_names_its_test():
    text = (DOCS / "scenarios.md").read_text("utf-8")
    told = re.findall(r"^- (.*?)(?=^- |^## |\Z)", text, re.M | re.S)
    assert len(told) > 20
    for scenario in told:
        file, name = re.search(r"`(tests/\S+\.py)::(\w+)`", scenario).groups()
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), scenario


def test_the_settings_of_the_pages_are_taken(sdbr, workspace):
    for page in ("recipes.md", "costs.md"):
        (workspace / "sdbr.toml").write_text(blocks(page, "toml")[0], "utf-8")
        assert sdbr("trust", "--yes").code == 0
        assert sdbr("config").code == 0


@pytest.mark.usefixtures("emulator")
def test_the_recipes_for_a_shell_are_commands_that_work(sdbr, workspace):
    (workspace / "photos").mkdir()
    shutil.copy(ROOT / "docs" / "img" / "lighthouse.webp", workspace / "photos")
    (workspace / "sdbr.toml").write_text(blocks("recipes.md", "toml")[0], "utf-8")
    (workspace / "ideas.csv").write_text(blocks("recipes.md", "csv")[0], "utf-8")
    clip_in(workspace, times=tuple(map(Fraction, range(12))))
    Image.new("L", (96, 64), "white").save(workspace / "logo.png")
    from tests.certificates import make_pair  # Skips the test without c2pa.

    pair = make_pair(workspace)
    pair.certificate.rename(workspace / "cert.pem")
    assert sdbr("trust", "--yes").code == 0
    recipes = [line for block in blocks("recipes.md", "sh") for line in block.splitlines()]
    assert len(recipes) > 6
    for recipe in recipes:
        program, *words = shlex.split(recipe)
        ends = [words.index(sign) for sign in (">", "|") if sign in words]
        ran = sdbr(*words[: min(ends, default=None)])
        assert (program, ran.code) == ("sdbr", 0), f"{recipe}: {ran.errors}"
        assert ran.data
    assert (workspace / "for-anna.html").is_file()


def test_the_lists_and_commands_of_the_page_on_prompts_draw_what_it_says(emulator, sdbr, workspace):
    for kind, name in (("text", "ideas.txt"), ("csv", "ideas.csv"), ("json", "ideas.jsonl")):
        (workspace / name).write_text(blocks("prompts.md", kind)[0], "utf-8")
    commands = [line for block in blocks("prompts.md", "sh") for line in block.splitlines()]
    lists = [f"sdbr txt2img --prompts ideas.{kind}" for kind in ("csv", "jsonl")]
    drawn = [sdbr(*shlex.split(command)[1:]) for command in (*commands, *lists)]
    assert [len(ran.paths) for ran in drawn] == [1, 2, 3, 4, 4, 1], drawn
    assert drawn[3].paths[0].name == "1-a-red-fox.png"
    assert {record.body["prompt"] for record in emulator.received if record.body} >= {
        *("a fox in the snow", "an owl", "an owl, at night", "a blue fox"),
    }


@pytest.mark.usefixtures("emulator")
def test_the_commands_of_the_tour_work_one_after_the_other(sdbr):
    shown = loaded(ROOT / "dev" / "tour.py").commands()
    assert len(shown) > 8
    for command in shown:
        ran = sdbr(*shlex.split(command)[1:])
        assert (ran.code, bool(ran.data)) == (0, True), f"{command}: {ran.errors}"


@pytest.mark.parametrize("page", ["tour", "recipes"])
def test_the_pictures_of_a_page_are_those_that_its_tool_makes_and_small(page):
    shown = re.findall(r"\(img/(.+?)\)", (DOCS / f"{page}.md").read_text("utf-8"))
    made = re.findall(r'write\("(.+?)"', (ROOT / "dev" / f"{page}.py").read_text("utf-8"))
    assert shown == made
    sizes = {path.name: path.stat().st_size for path in (DOCS / "img").iterdir()}
    assert set(made) <= set(sizes)
    assert max(sizes.values()) < 60_000
    assert sum(sizes.values()) < 400_000


def test_the_smoke_test_of_the_recipes_passes(workspace):
    (workspace / "draw.py").write_text(blocks("recipes.md", "python")[0], "utf-8")
    (workspace / "smoke.sh").write_text(blocks("recipes.md", "bash")[0], "utf-8")
    ran = run(["bash", "smoke.sh"], workspace)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("The smoke test passed.\n")
    assert "bash smoke.sh" in blocks("recipes.md", "yaml")[0]


def test_the_command_that_is_shown_for_adding_one_works(workspace):
    shown = workspace / "count.py"
    shown.write_text(blocks("adding-a-command.md", "python")[0], "utf-8")
    ran = CliRunner().invoke(loaded(shown).command, ["--json"])
    assert (ran.exit_code, ran.stdout) == (0, '{"results": 0}\n')


def test_the_drawing_command_that_is_shown_works(workspace):
    shown = workspace / "shout.py"
    shown.write_text(blocks("adding-a-command.md", "python")[1], "utf-8")
    command = loaded(shown).command
    arguments = ["a", "fox", "--offline", "--json", "--name", "loud", "--seed", "7"]
    ran = CliRunner().invoke(command, arguments)
    assert ran.exit_code == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert (result["prompt"], Path(result["path"]).name) == ("A FOX", "loud-7.png")


def test_the_family_that_is_shown_speaks_as_it_says(workspace, monkeypatch):
    shown = workspace / "acme_paint.py"
    shown.write_text(blocks("adding-a-model-family.md", "python")[0], "utf-8")
    monkeypatch.setitem(sys.modules, "sdbr.bedrock.families.acme_paint", loaded(shown))
    package = ROOT / "tests" / "packages" / "sdbr-acme"
    assert shown.read_text("utf-8") == (package / "sdbr_acme" / "family.py").read_text("utf-8")
    project = tomllib.loads(blocks("adding-a-model-family.md", "toml")[1])["project"]
    whole = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    assert project.items() <= whole.items()
    table = tomllib.loads(blocks("adding-a-model-family.md", "toml")[0])["models"][0]
    tasks = tuple(table["tasks"])
    acme = replace(SD35, id=table["id"], family=table["family"], tasks=tasks)

    over = request_for(acme, init_image=blob(), seed=seed_within(acme, 3_000_007))
    sent = json.loads(body.wire(replace(over, extras=(("brush", "ink"),))))
    assert (sent["rng"], sent["brush"], sent["change"]) == (7, "ink", 0.5)
    with pytest.raises(UsageProblem, match="--seed is 3000007"):
        body.check(request_for(acme, seed=3_000_007), CATALOG.models)
    assert (seed_within(acme, 1_000_000), seed_within(acme, 1_000_001)) == (1_000_000, 1)
    with pytest.raises(UsageProblem, match="--brush is 'wax': choose from oil, ink, chalk"):
        body.check(request_for(acme, extras=(("brush", "wax"),)), CATALOG.models)
    picture = b64encode(picture_file()).decode()
    answer = {"pictures": [picture], "status": ["ok"]}
    assert family_of(acme).decode(answer).data == picture_file()
    with pytest.raises(Refused):
        family_of(acme).decode({"status": ["blocked"]})


def test_the_examples_for_python_run_one_after_the_other(workspace):
    (workspace / "shown.py").write_text("\n".join(blocks("python.md", "python")), "utf-8")
    ran = run([sys.executable, "shown.py"], workspace, SDBR_OFFLINE="1")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    told = ran.stdout.splitlines()
    assert told[0].startswith("50 pictures × 0.04 USD = 2.00 USD")
    assert told[1].endswith("Add yes=True, or max_cost=2.00.")
    assert told[2].startswith("1 of 2 pictures is missing.")
    assert told[3] == "2 6"
