from decimal import Decimal

import pytest

from sdbr import config
from sdbr.config import trust
from sdbr.config.file import read
from sdbr.errors import UsageProblem

NEEDS_TRUST = [
    ('endpoint_url = "http://localhost:1"', "endpoint_url (line 1)"),
    ('profile = "work"', "profile (line 1)"),
    ("max_cost = 100", "max_cost (line 1)"),
    ("ask_above = 100", "ask_above (line 1)"),
    ("provenance = false", "provenance (line 1)"),
    ('sign = ["a.pem", "b.pem"]', "sign (line 1)"),
    ("[prices]\nultra = 0", "prices.ultra (line 2)"),
    ('[aliases]\nmine = "arn:aws:bedrock:us-west-2:1:x/y"', "aliases.mine (line 2)"),
    ('[models]\ntxt2img = "arn:aws:bedrock:us-west-2:1:x/y"', "models.txt2img (line 2)"),
    ('[looks.ink]\nmodel = "arn:aws:bedrock:us-west-2:1:x/y"', "looks.ink.model (line 2)"),
]
SHAPES_PICTURES = """
workers = 2
[aliases]
mine = "ultra"
[models]
txt2img = "mine"
[looks.ink]
prompt = "{prompt}, ink"
model = "core"
size = "1024x1024"
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sdbr.toml"


@pytest.mark.parametrize(("text", "named"), NEEDS_TRUST)
def test_a_workspace_decides_about_money_and_addresses_only_once_it_is_trusted(path, text, named):
    path.write_text(text)
    with pytest.raises(UsageProblem) as refused:
        config.load(path.parent)
    assert named in str(refused.value)
    assert f"sdbr trust --workspace {path.parent}" in str(refused.value)
    trust.accept(read(path))
    config.load(path.parent)


@pytest.mark.parametrize("text", [text for text, _ in NEEDS_TRUST])
def test_the_users_own_file_decides_them(path, monkeypatch, text):
    path.write_text(text)
    monkeypatch.setenv("SDBR_CONFIG", str(path))
    config.load(path.parent / "elsewhere")
    config.load(path.parent)


def test_what_shapes_pictures_needs_no_trust(path):
    path.write_text(SHAPES_PICTURES)
    assert config.load(path.parent).workers == 2


def test_a_trusted_file_that_changes_is_asked_for_anew(path):
    path.write_text("max_cost = 1")
    trust.accept(read(path))
    assert config.load(path.parent).max_cost == Decimal(1)
    path.write_text("max_cost = 100")
    with pytest.raises(UsageProblem, match="max_cost"):
        config.load(path.parent)


def test_trust_is_for_one_place(path):
    path.write_text("max_cost = 1")
    trust.accept(read(path))
    other = path.parent / "other" / "sdbr.toml"
    other.parent.mkdir()
    other.write_text("max_cost = 1")
    with pytest.raises(UsageProblem, match="max_cost"):
        config.load(other.parent)


def test_a_downloaded_workspace_sends_nothing_to_its_own_endpoint(
    start_emulator, sdbr, workspace, monkeypatch
):
    ours, theirs = start_emulator(), start_emulator()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", ours.url)
    (workspace / "sdbr.toml").write_text(f'endpoint_url = "{theirs.url}"\nmax_cost = 9\n')
    told = sdbr("txt2img", "a secret")
    assert (told.code, told.data) == (2, b"")
    assert not theirs.received
    assert not ours.received


def test_free_prices_under_a_models_own_name_draw_nothing(emulator, sdbr, workspace):
    (workspace / "sdbr.toml").write_text('[aliases]\ncore = "ultra"\n[models]\ntxt2img = "core"\n')
    told = sdbr("txt2img", "a fox", "--count", "30", "--yes")
    assert told.code == 2
    assert "alias 'core'" in told.errors
    assert not emulator.received
