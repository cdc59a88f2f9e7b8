import json
from collections import namedtuple
from dataclasses import replace
from datetime import date, timedelta

import pytest

from sdbr.bedrock.account import Availability, Caller, ModelStatus, Offer
from sdbr.bedrock.client import BedrockClient
from sdbr.config.settings import Connection
from sdbr.emulator import Emulator, Faults
from sdbr.emulator.faults import KINDS
from sdbr.workflows.doctor import account, machine, models
from tests.material import CATALOG, CORE, SD35

NAMED = {
    "throttle": "ThrottlingException",
    "not_ready": "ModelNotReadyException",
    "error_500": "InternalServerException",
    "error_503": "ServiceUnavailableException",
    "overloaded_529": "overloaded",
    "timeout_408": "ModelTimeoutException",
    "model_error_424": "ModelErrorException",
    "quota": "quota",
    "access_denied": "no access",
    "marketplace": "Marketplace subscription",
    "expired_token": "session has expired",
    "clock_skew": "clock is wrong",
    "request_expired": "clock",
    "legacy": "legacy",
    "ended": "was retired",
    "drop_before": "connection was lost",
    "drop_after": "connection was lost",
    "cut_body": "cut off",
    "stall": "did not respond in time",
    "stall_body": "did not respond in time",
    "slow": "did not respond in time",
    "slow_first_byte": "did not respond in time",
    "filter_prompt": "safety filter refused the prompt",
    "filter_input": "safety filter refused the input",
    "filter_output": "safety filter refused the generated",
    "inference_error": "inference error",
    "broken_json": "cannot be read",
    "not_a_picture": "does not contain a complete picture",
    "no_pictures": "contains no picture",
    "html_page": "is an HTML page",
    "huge_error": "rejected the request",
    "dribble": "did not respond in time",
    "endless_continue": "did not respond in time",
}
ACCESS = ("quota", "access_denied", "marketplace", "expired_token", "clock_skew")
ACCESS += ("request_expired", "legacy", "ended")
ON_DRAWING = set(KINDS[KINDS.index("drop_after") :]) - {"stall"}
OPEN = Availability(authorized=True, agreed=True, entitled=True)
TODAY = date(2026, 11, 22)


def findings(ran):
    return [json.loads(line) for line in ran.lines]


def test_all_is_well_beside_an_emulator_and_nothing_stays_behind(sdbr, emulator, workspace):
    ran = sdbr("doctor", "--json")
    assert ran.code == 0, ran.lines
    told = {it["about"]: it for it in findings(ran)}
    assert {it["verdict"] for it in told.values()} == {"ok"}
    assert told["credentials"]["arn"] == "arn:aws:iam::000000000000:user/emulated"
    assert told["region"]["region"] == "us-west-2"
    assert len(told["models"]["open"]) == 16
    assert "H.264" in told["media"]["said"]
    assert list(workspace.iterdir()) == []
    assert emulator.pictures_made == 1


@pytest.mark.usefixtures("emulator")
def test_each_line_for_people_begins_with_its_verdict(sdbr):
    ran = sdbr("doctor")
    assert len(ran.lines) > 8
    assert all(line.startswith("OK ") for line in ran.lines)


def test_every_fault_has_a_name_here():
    assert set(NAMED) == set(KINDS) - {"data_uri"}


def test_each_fault_on_the_way_is_named_with_its_exit_code(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    # Each fault strikes one knock, or, where it needs a picture, the drawing after one.
    rules, number = {}, 1
    for fault in NAMED:
        number += fault in ON_DRAWING
        rules[fault] = f"#{number}"
        number += 1
    with Emulator(picture_side=64, faults=Faults(**rules)) as emulator:
        connection = Connection(endpoint_url=emulator.url, region="us-west-2", timeout=0.5)
        checkup = account.Checkup(connection, CATALOG, (CORE,))
        client = BedrockClient(lambda: connection, CATALOG.models, 1)
        for fault in NAMED:
            (found,) = [it for it in account.runtime(client, checkup, "here") if it.verdict != "ok"]
            assert found.about == ("generation" if fault in ON_DRAWING else "endpoint"), fault
            assert NAMED[fault] in found.said
            expected = 2 if fault == "huge_error" else 5
            expected = 4 if fault in ACCESS else 6 if fault.startswith("filter") else expected
            assert found.code == expected, fault


@pytest.mark.parametrize(("fault", "code"), [("throttle", 5), ("access_denied", 4)])
def test_the_exit_code_is_that_of_the_first_fix(sdbr, start_emulator, fault, code):
    start_emulator(faults=Faults(**{fault: 1}))
    ran = sdbr("doctor", "--json")
    fixes = [it for it in findings(ran) if it["verdict"] == "fix"]
    assert NAMED[fault] in fixes[-1]["said"]
    assert ran.code == fixes[0]["code"] == code


@pytest.mark.usefixtures("emulator")
def test_a_region_without_the_default_models_is_told_with_one_that_has_them(sdbr):
    ran = sdbr("doctor", "--region", "us-east-1")
    assert ran.code == 4
    text = ran.data.decode()
    assert "13 of 16 can be called in us-east-1" in text
    assert "sd3.5, core, ultra: not available in us-east-1. Use --region us-west-2." in text


def test_without_credentials_the_way_to_them_is_told(sdbr):
    ran = sdbr("doctor")
    assert ran.code == 4
    assert "No AWS credentials found. Run `aws configure`" in ran.lines[-1]


def test_an_unreachable_endpoint_is_told(sdbr, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    ran = sdbr("doctor", "--endpoint-url", "http://127.0.0.1:9")
    assert ran.code == 5
    assert "Cannot reach" in ran.data.decode()


@pytest.mark.usefixtures("emulator")
def test_an_api_key_is_named_as_such_and_never_shown(sdbr, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-secret")
    ran = sdbr("doctor")
    assert "a Bedrock API key" in ran.data.decode()
    assert "secret" not in ran.data.decode()


@pytest.mark.parametrize("cause", ["--offline", "SDBR_OFFLINE"])
def test_offline_needs_no_account_and_what_turned_it_on_is_named(sdbr, monkeypatch, cause):
    if cause == "SDBR_OFFLINE":
        monkeypatch.setenv(cause, "1")
    ran = sdbr("doctor", *([cause] if cause == "--offline" else []))
    assert ran.code == 0
    assert f"skipped: {cause} turns on the built-in emulator" in ran.lines[-1]


@pytest.mark.usefixtures("emulator")
def test_settings_that_cannot_be_read_are_told_and_the_rest_goes_on(sdbr, workspace):
    (workspace / "sdbr.toml").write_text("workers = 0\n")
    ran = sdbr("doctor", "--json")
    assert ran.code == 2
    told = findings(ran)
    assert "line 1: workers is 0" in next(it["said"] for it in told if it["verdict"] == "fix")
    assert told[-1]["about"] == "generation"


@pytest.mark.usefixtures("emulator")
def test_a_default_model_that_nobody_knows_is_told(sdbr, workspace):
    (workspace / "sdbr.toml").write_text('[models]\ntxt2img = "cor"\n')
    ran = sdbr("doctor")
    assert ran.code == 2
    assert "Unknown model 'cor'" in ran.lines[-1]


def test_a_workspace_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    refused = machine.workspace(tmp_path / "file" / "new")
    assert (refused.verdict, refused.code) == ("fix", 3)
    assert machine.workspace(tmp_path / "new").verdict == "ok"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("free", "verdict"), [(10**10, "ok"), (10**9, "note"), (10**8, "fix")])
def test_little_room_on_the_disk_is_told(tmp_path, monkeypatch, free, verdict):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage(10**12, 0, free))
    assert machine.disk(tmp_path / "new").verdict == verdict


@pytest.mark.parametrize(
    ("behind", "verdict", "words"),
    [
        (None, "ok", "no time"),
        (-2.0, "ok", "2 s ahead"),
        (90.0, "note", "90 s behind"),
        (-400.0, "fix", "400 s ahead. Set it"),
    ],
)
def test_a_clock_that_goes_wrong_is_told_before_aws_refuses_it(behind, verdict, words):
    told = account.clock(Caller("1", "arn", behind))
    assert told.verdict == verdict
    assert words in told.said


def offer(region="us-west-2", **more):
    live = {model.id: ModelStatus(model.id, "ACTIVE", None) for model in CATALOG.models}
    profiles = frozenset(f"us.{model.id}" for model in CATALOG.models)
    return Offer(region, live | more, profiles)


def test_what_stands_between_an_account_and_a_model_is_told():
    structure = CATALOG.find("structure")
    assert models.trouble(SD35, offer(), OPEN) == ""
    assert "not available in us-east-1. Use --region us-west-2" in models.trouble(
        SD35, Offer("us-east-1", {}, frozenset()), None
    )
    assert "no longer available" in models.trouble(SD35, Offer("us-west-2", {}, frozenset()), None)
    without = replace(offer(), profiles=frozenset())
    assert "inference profile" in models.trouble(structure, without, OPEN)
    assert "not allowed" in models.trouble(SD35, offer(), replace(OPEN, authorized=False))
    assert "no subscription" in models.trouble(SD35, offer(), replace(OPEN, agreed=False))


def test_trouble_with_another_model_than_the_default_ones_can_wait():
    troubles = {CORE: "", SD35: "closed"}
    assert [it.verdict for it in models.access(troubles, "us-west-2", [CORE])] == ["ok", "note"]
    assert [it.verdict for it in models.access(troubles, "us-west-2", [SD35])] == ["ok", "fix"]


def test_models_that_end_soon_and_new_ones_are_told():
    live = {
        CORE.id: ModelStatus(CORE.id, "ACTIVE", date(2026, 12, 24)),
        SD35.id: ModelStatus(SD35.id, "LEGACY", None),
        "stability.new-v1:0": ModelStatus("stability.new-v1:0", "ACTIVE", None),
    }
    said = [it.said for it in models.lifecycles(Offer("x", live, frozenset()), CATALOG, TODAY)]
    assert "will be retired on 2026-12-24" in said[0]
    assert "legacy" in said[1]
    assert "stability.new-v1:0, which is not in sdbr's catalog" in said[2]


@pytest.mark.parametrize(("days", "told"), [(0, 1), (90, 1), (91, 0)])
def test_an_end_is_told_from_90_days_before(days, told):
    live = {CORE.id: ModelStatus(CORE.id, "ACTIVE", TODAY + timedelta(days))}
    assert len(list(models.lifecycles(Offer("x", live, frozenset()), CATALOG, TODAY))) == told


def test_old_prices_are_told_and_ones_own_do_not_age():
    assert models.prices([CORE, SD35], TODAY).verdict == "ok"
    old = models.prices([CORE], date(2027, 7, 1))
    assert old.verdict == "note"
    assert "8 months old" in old.said
    mine = replace(CORE, price_as_of="your settings")
    assert models.prices([mine], date(2029, 1, 1)).verdict == "ok"
