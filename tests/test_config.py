import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import sdbr.commands
from sdbr import config
from sdbr.config import file, trust
from sdbr.config.drawing_commands import DRAWING
from sdbr.config.file import line_of
from sdbr.config.settings import Connection, configured_endpoint, configured_region
from sdbr.errors import UsageProblem

ALL = """
region = "us-east-1"
profile = "work"
endpoint_url = "http://localhost:8123"
workers = 4
attempts = 3
timeout = 120.5
rpm = 30
max_cost = 5.5
ask_above = 0.10
prices = { core = 0.05 }
aliases = { mine = "core" }
models = { txt2img = "ultra", "edit cutout" = "mine" }

[looks.woodcut]
prompt = "a woodcut of {prompt}"
negative = "photo"
model = "sd3.5"
strength = 0.6
seed = "1..3"
"""


@pytest.fixture
def user_file(monkeypatch, tmp_path):
    path = tmp_path / "user.toml"
    monkeypatch.setenv("SDBR_CONFIG", str(path))
    return path


def write(workspace, text):
    path = workspace / "sdbr.toml"
    path.write_text(text)
    trust.accept(file.read(path))
    return config.load(workspace)


def test_without_files_every_choice_is_left_to_the_defaults(tmp_path):
    assert config.load(tmp_path) == config.Config()


def test_every_setting_is_read(tmp_path):
    assert write(tmp_path, ALL) == config.Config(
        region="us-east-1",
        profile="work",
        endpoint_url="http://localhost:8123",
        workers=4,
        attempts=3,
        timeout=120.5,
        rpm=30.0,
        max_cost=Decimal("5.5"),
        ask_above=Decimal("0.10"),
        prices={"core": Decimal("0.05")},
        aliases={"mine": "core"},
        models={"txt2img": "ultra", "edit cutout": "mine"},
        looks={
            "woodcut": {
                "prompt": "a woodcut of {prompt}",
                "negative": "photo",
                "model": "sd3.5",
                "strength": "0.6",
                "seed": "1..3",
            }
        },
    )


def test_money_is_read_exactly(tmp_path):
    assert write(tmp_path, "max_cost = 0.1").max_cost == Decimal("0.1")


def test_the_workspace_wins_over_the_user_and_tables_are_merged(tmp_path, user_file):
    user_file.write_text('workers = 2\nregion = "eu-west-1"\n[prices]\ncore = 1\nultra = 2\n')
    told = write(tmp_path, "workers = 9\n[prices]\ncore = 3\n")
    assert (told.workers, told.region) == (9, "eu-west-1")
    assert told.prices == {"core": 3, "ultra": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers = 0", "line 1: workers is 0, but should be greater than or equal to 1"),
        ("workers = true", "line 1: workers is True, but should be a whole number"),
        ('workers = "4"', "workers is '4', but should be a whole number"),
        ("workers = 65", "should be less than or equal to 64"),
        ("\n\ntimeout = -1", "line 3: timeout is -1, but should be"),
        ("max_cost = inf", "max_cost is Infinity, but should be a finite number"),
        ("max_cost = nan", "max_cost is NaN, but should be a finite number"),
        ('max_cost = "five"', "max_cost is 'five', but should be a number"),
        ("max_cost = -1", "max_cost is -1, but should be greater than or equal to 0"),
        ("region = 5", "region is 5, but should be a string in quotes"),
        ('region = "west"', "region is 'west', but should look like us-west-2"),
        ('endpoint_url = "here"', "endpoint_url is 'here', but should look like http"),
        ("prices = 5", "prices is 5, but should be a table"),
        ('[prices]\ncore = "x"', "line 2: prices.core is 'x', but should be a number"),
        ("aliases = { a = 1 }", "aliases.a is 1, but should be a string in quotes"),
        ('aliases = { a = "" }', "aliases.a is '', but should not be empty"),
        ("worker = 5", "line 1: unknown setting 'worker' (did you mean workers?)."),
        ("zzz = 5", "unknown setting 'zzz' (known are region, profile"),
        ('[models]\npaint = "core"', "line 2: models.paint is 'paint', but should be one of txt2"),
        ('[looks.a]\nprompts = "x"', "line 2: unknown setting 'looks.a.prompts' (did you mean"),
        ("[looks]\na = 5", "looks.a is 5, but should be a table"),
        ("[looks.a]\nstrength = true", "looks.a.strength is True, but should be a string"),
        ("=", ": Invalid statement (at line 1"),
        ("workers = 1\nworkers = 2", "at line 2"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file_and_line(tmp_path, text, words):
    with pytest.raises(UsageProblem) as refused:
        write(tmp_path, text)
    assert words in str(refused.value)
    assert str(tmp_path / "sdbr.toml") in str(refused.value)


@pytest.mark.parametrize("price", ["1e99999999", "1e-99999999", "1000001"])
def test_a_price_that_nobody_could_reckon_with_is_told(tmp_path, price):
    (tmp_path / "sdbr.toml").write_text(f"[prices]\ncore = {price}\n")
    with pytest.raises(UsageProblem, match=r"line 2: prices\.core is"):
        config.load(tmp_path)


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_its_lines(tmp_path):
    text = "attempts = 0\n[prices]\ncore = -1\n[nonsense]\n"
    with pytest.raises(UsageProblem, match=r"line 1: attempts .*line 3: prices.* line 4: unknown"):
        write(tmp_path, text)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("workers",), 2),
        (("prices",), 3),
        (("prices", "core"), 4),
        (("prices", "ultra"), 5),
        (("looks", "a.b", "prompt"), 8),
        (("aliases", "x"), 13),
        (("nowhere",), 1),
    ],
)
def test_the_line_of_a_setting_is_where_its_value_begins(key, line):
    text = (
        "# workers = 1\nworkers = 2\n[prices]\ncore = 1 # ultra = 3\n'ultra' = 2\n\n"
        '[looks."a.b"]\nprompt = """\nultra = 5\nworkers = 7\n"""\n[aliases]\nx = "core"\n'
    )
    assert line_of(text, key) == line


def test_a_workspace_without_settings_loads_no_library_for_them(tmp_path):
    code = (
        "import sys; from pathlib import Path; from sdbr import config; config.load(Path());"
        "print('pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"


def test_default_models_come_from_the_environment_too(tmp_path, monkeypatch):
    monkeypatch.setenv("SDBR_MODEL_IMG2IMG", "ultra")
    monkeypatch.setenv("SDBR_MODEL_EDIT_CUTOUT", "mine")
    told = write(tmp_path, '[models]\nimg2img = "sd3.5"\ntxt2img = "core"\n')
    assert told.models == {"img2img": "ultra", "txt2img": "core", "edit cutout": "mine"}


def test_each_command_that_draws_may_have_a_default_model():
    folder = Path(sdbr.commands.__file__).parent
    drawing = {p.stem for p in folder.glob("*.py") if "run_options" in p.read_text()} - {"replay"}
    drawing |= {f"edit {p.stem}" for p in folder.glob("edit/*.py") if p.stem != "__init__"}
    assert drawing <= set(DRAWING)


def test_a_file_that_is_no_text_is_told_by_name(tmp_path):
    (tmp_path / "sdbr.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageProblem, match=r"sdbr\.toml, line 1: not valid UTF-16 text"):
        config.load(tmp_path)


@pytest.mark.parametrize("workspace", ["x" * 300, "nowhere", "file/sub"])
def test_a_workspace_that_cannot_be_looked_into_has_no_settings(tmp_path, workspace):
    (tmp_path / "file").write_text("")
    assert config.load(tmp_path / workspace) == config.Config()


def test_the_users_own_file_lies_in_the_configuration_folder(monkeypatch):
    monkeypatch.delenv("SDBR_CONFIG")
    assert config.user_file() != Path("sdbr.toml")
    assert config.user_file().name == "sdbr.toml"


def test_flags_win_over_the_environment_and_that_over_the_settings(
    emulator, start_emulator, sdbr, workspace, monkeypatch
):
    other = start_emulator()
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    (workspace / "sdbr.toml").write_text(
        f'endpoint_url = "{emulator.url}"\nmax_cost = 0\n[models]\ntxt2img = "ultra"\n'
    )
    assert sdbr("trust", "--yes").code == 0
    assert sdbr("txt2img", "a fox").code == 7
    assert sdbr("txt2img", "a fox", "--max-cost", "1").code == 0
    assert sdbr("txt2img", "a fox", "--max-cost", "1", "--model", "core").code == 0
    monkeypatch.setenv("SDBR_ENDPOINT_URL", other.url)
    monkeypatch.setenv("SDBR_MAX_COST", "2")
    assert sdbr("txt2img", "a fox").code == 0
    models = [received.model for received in (*emulator.received, *other.received)]
    assert [model.split("-image-")[1] for model in models] == [
        "ultra-v1:1",
        "core-v1:1",
        "ultra-v1:1",
    ]
    assert len(other.received) == 1


@pytest.mark.parametrize(
    ("connection", "realm"),
    [
        (Connection(), "aws"),
        (Connection(endpoint_url="https://bedrock-runtime.us-west-2.amazonaws.com"), "aws"),
        (
            Connection(endpoint_url="https://vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com"),
            "aws",
        ),
        (Connection(endpoint_url="http://localhost:8123"), "local"),
        (Connection(endpoint_url="http://127.0.0.1:1/x"), "local"),
        (Connection(endpoint_url="http://[::1]:80"), "local"),
        (Connection(offline=True), "local"),
        (Connection(endpoint_url="https://bedrock.example.com"), "bedrock.example.com"),
        (
            Connection(endpoint_url="https://x.execute-api.us-west-2.amazonaws.com"),
            "x.execute-api.us-west-2.amazonaws.com",
        ),
        (
            Connection(endpoint_url="https://bedrock-runtime.us-west-2.x.amazonaws.com"),
            "bedrock-runtime.us-west-2.x.amazonaws.com",
        ),
        (
            Connection(endpoint_url="https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
            "aws",
        ),
        (Connection(endpoint_url="https://amazonaws.com.example.org"), "amazonaws.com.example.org"),
    ],
)
def test_who_answers_is_told_by_the_endpoints_host(connection, realm):
    assert connection.realm == realm


@pytest.mark.parametrize("url", ["http://", "http://[::1", "nonsense", "http://:80"])
def test_an_endpoint_without_a_host_is_refused(url):
    with pytest.raises(UsageProblem, match="is not a valid endpoint"):
        assert Connection(endpoint_url=url).realm


def test_the_endpoint_for_bedrock_wins_over_the_one_for_all_of_aws():
    told = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://one"}
    assert configured_endpoint(told) == "http://one"
    assert configured_endpoint({"AWS_ENDPOINT_URL": "http://all"}) == "http://all"
    assert configured_endpoint({**told, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"}) is None
    assert configured_endpoint({}) is None


def test_the_region_is_read_from_both_names():
    assert configured_region({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}) == "a"
    assert configured_region({"AWS_REGION": "", "AWS_DEFAULT_REGION": "b"}) == "b"
    assert configured_region({}) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_settings_are_read_as_their_byte_order_mark_says(tmp_path, encoding):
    (tmp_path / "sdbr.toml").write_text("workers = 3\n", encoding)
    assert config.load(tmp_path).workers == 3


def test_settings_that_are_no_text_are_told_with_the_line(tmp_path):
    (tmp_path / "sdbr.toml").write_bytes(b"workers = 3\n# caf\xe9\n")
    with pytest.raises(UsageProblem, match=r"sdbr\.toml, line 2: not valid UTF-8 text"):
        config.load(tmp_path)


def test_without_a_home_there_are_no_settings_of_the_users_own(monkeypatch, tmp_path):
    def fail(_name):
        raise RuntimeError("no home")

    monkeypatch.delenv("SDBR_CONFIG")
    monkeypatch.setattr("platformdirs.user_config_path", fail)
    assert config.load(tmp_path) == config.Config()
