from decimal import Decimal
from pathlib import Path

import pytest

from sdbr import config
from sdbr.errors import UsageProblem
from sdbr.settings import Connection, configured_endpoint, configured_region

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
models = { txt2img = "ultra" }
"""


@pytest.fixture
def user_file(monkeypatch, tmp_path):
    path = tmp_path / "user.toml"
    monkeypatch.setenv("SDBR_CONFIG", str(path))
    return path


def write(workspace, text):
    (workspace / "sdbr.toml").write_text(text)
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
        models={"txt2img": "ultra"},
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
        ("workers = 0", "workers cannot be 0"),
        ("workers = true", "workers cannot be True"),
        ('workers = "4"', "workers cannot be '4'"),
        ("timeout = -1", "timeout cannot be"),
        ("max_cost = inf", "max_cost cannot be"),
        ("max_cost = nan", "max_cost cannot be"),
        ('max_cost = "five"', "max_cost cannot be 'five'"),
        ("region = 5", "region cannot be 5"),
        ("prices = 5", "prices cannot be 5"),
        ('prices = { core = "x" }', "prices cannot be"),
        ("aliases = { a = 1 }", "aliases cannot be"),
        ("worker = 5", "unknown setting 'worker'. Known are region"),
        ("=", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file(tmp_path, text, words):
    with pytest.raises(UsageProblem) as refused:
        write(tmp_path, text)
    assert words in str(refused.value)
    assert str(tmp_path / "sdbr.toml") in str(refused.value)


def test_a_file_that_is_no_text_is_told_by_name(tmp_path):
    (tmp_path / "sdbr.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageProblem, match=r"sdbr\.toml cannot be read"):
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
        (Connection(endpoint_url="https://amazonaws.com.example.org"), "amazonaws.com.example.org"),
    ],
)
def test_who_answers_is_told_by_the_endpoints_host(connection, realm):
    assert connection.realm == realm


@pytest.mark.parametrize("url", ["http://", "http://[::1", "nonsense", "http://:80"])
def test_an_endpoint_without_a_host_is_refused(url):
    with pytest.raises(UsageProblem, match="is no endpoint"):
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
