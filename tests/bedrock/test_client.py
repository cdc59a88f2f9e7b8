import io
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import ClientError, CredentialRetrievalError

from sdbr.bedrock.catalog import price_of
from sdbr.bedrock.client import BedrockClient
from sdbr.bedrock.error_mapping import Failure
from sdbr.bedrock.transport import NotSent, Transport
from sdbr.config.settings import Connection, configured_endpoint
from sdbr.emulator import Faults
from sdbr.errors import (
    AccessProblem,
    InputProblem,
    NoPicture,
    Refused,
    ServiceProblem,
    UsageProblem,
)
from sdbr.request import Blob, ImageRequest, Size
from tests.material import CATALOG, CORE, SD35, SDXL, blob, request_for

ALL = CATALOG.models
FOX = ImageRequest(CORE, "a fox", seed=7)


def client(workers=1, **connection):
    connection.setdefault("endpoint_url", configured_endpoint())
    return BedrockClient(lambda: Connection(**connection), ALL, workers)


def failure(request=FOX, **connection):
    """What one call of the client raises."""
    with pytest.raises(Exception, match=r".") as raised:
        client(**connection).generate(request)
    return raised.value


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.aliases[0])
def test_every_model_draws_with_one_send_of_a_body_that_bedrock_takes(start_emulator, model):
    emulator = start_emulator(allow_retired=True)
    request = request_for(model, seed=7)
    if model.id == "stability.sd3-large-v1:0":
        request = replace(request, init_image=blob(640, 640))
    picture = client().generate(request)
    (received,) = emulator.received
    assert received.outcome == "ok"
    assert received.model == model.id
    assert received.request_id == picture.request_id
    assert (picture.format, picture.size) == ("png", Size(64, 48))
    assert picture.price == str(price_of(request.model))
    assert picture.drawn_at.endswith("+00:00")


def test_the_seed_that_was_asked_for_comes_back(emulator):
    assert client().generate(FOX).seed == 7
    assert emulator.received[0].body["seed"] == 7


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_format_and_size_are_read_from_the_picture_itself(emulator, format):
    picture = client().generate(ImageRequest(SD35, "a fox", format=format))
    assert (picture.format, picture.size) == (format, Size(64, 48))
    assert len(emulator.received) == 1


# Fault, error, sent again or not, billed, HTTP status.
FAULTS = [
    ("throttle", ServiceProblem, True, "no", 429),
    ("not_ready", ServiceProblem, True, "no", 429),
    ("error_500", ServiceProblem, True, "no", 500),
    ("error_503", ServiceProblem, True, "no", 503),
    ("overloaded_529", ServiceProblem, True, "no", 529),
    ("timeout_408", ServiceProblem, True, "perhaps", 408),
    ("model_error_424", ServiceProblem, True, "perhaps", 424),
    ("quota", AccessProblem, None, "no", 400),
    ("access_denied", AccessProblem, None, "no", 403),
    ("marketplace", AccessProblem, None, "no", 403),
    ("expired_token", AccessProblem, None, "no", 403),
    ("clock_skew", AccessProblem, None, "no", 403),
    ("request_expired", AccessProblem, None, "no", 400),
    ("legacy", AccessProblem, None, "no", 404),
    ("ended", AccessProblem, None, "no", 404),
    ("drop_before", ServiceProblem, True, "perhaps", None),
    ("drop_after", ServiceProblem, True, "perhaps", None),
    ("cut_body", ServiceProblem, True, "yes", 200),
    ("broken_json", NoPicture, True, "yes", 200),
    ("not_a_picture", NoPicture, True, "yes", 200),
    ("no_pictures", NoPicture, True, "yes", 200),
    ("html_page", NoPicture, True, "yes", 200),
    ("inference_error", ServiceProblem, True, "perhaps", 200),
    ("filter_prompt", Refused, None, "perhaps", 200),
    ("filter_output", Refused, None, "perhaps", 200),
]


@pytest.mark.parametrize(("fault", "kind", "again", "billed", "status"), FAULTS)
def test_one_call_is_one_send_and_each_fault_becomes_one_of_our_errors(
    start_emulator, fault, kind, again, billed, status
):
    emulator = start_emulator(faults=Faults(**{fault: 1.0}))
    error = failure()
    assert type(error) is kind
    assert getattr(error, "again", None) == again
    assert (error.trace.sent, error.trace.billed, error.trace.status) == (True, billed, status)
    (received,) = emulator.received
    assert received.outcome == fault
    if status is not None:
        assert error.trace.request_id == received.request_id
    if billed != "perhaps":
        assert received.made == (billed == "yes")
    assert "\n" not in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize("fault", ["stall", "stall_body", "dribble", "endless_continue"])
def test_a_stalled_or_dribbled_answer_ends_with_the_timeout(start_emulator, fault):
    emulator = start_emulator(faults=Faults(**{fault: 1.0}))
    began = time.monotonic()
    error = failure(timeout=0.3)
    assert time.monotonic() - began < 3
    assert isinstance(error, ServiceProblem)
    assert error.again
    assert error.trace.billed == ("yes" if fault == "stall_body" else "perhaps")
    # The emulator notes a request once it has an answer, and the client did not wait for that.
    deadline = time.monotonic() + 20
    while not emulator.received and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(emulator.received) == 1


@pytest.mark.parametrize("images", ["missing", "empty", "blank"])
@pytest.mark.parametrize("fault", ["filter_prompt", "filter_output"])
def test_a_refusal_is_known_whatever_stands_for_its_picture(start_emulator, fault, images):
    start_emulator(faults=Faults(**{fault: 1.0}, filtered_images=images))
    assert isinstance(failure(), Refused)


@pytest.mark.parametrize(
    ("fault", "kind"), [("filter_output", Refused), ("inference_error", ServiceProblem)]
)
def test_sdxl_says_it_in_its_own_way(start_emulator, fault, kind):
    start_emulator(allow_retired=True, faults=Faults(**{fault: 1.0}))
    assert isinstance(failure(ImageRequest(SDXL, "a fox")), kind)


def test_the_seconds_to_wait_are_read_from_retry_after(start_emulator):
    start_emulator(faults=Faults(throttle=1.0, retry_after=1.5))
    error = failure()
    assert error.throttled
    assert error.wait == 1.5


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"Retry-After": "3", "x-amz-retry-after": "1500"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "-5"}, 0.0),
        ({}, None),
    ],
)
def test_the_wait_is_told_in_milliseconds_or_seconds_or_not_at_all(emulator, headers, wait):
    class Throttle(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(429)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Throttle)
    threading.Thread(target=server.handle_request, daemon=True).start()
    error = failure(endpoint_url=f"http://127.0.0.1:{server.server_port}")
    server.server_close()
    assert error.wait == wait
    assert emulator.received == ()


@pytest.mark.parametrize(
    ("unset", "told", "sentence"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), {}, "No AWS credentials found"),
        (("AWS_SECRET_ACCESS_KEY",), {}, "credentials (from AWS_ACCESS_KEY_ID) are incomplete"),
        (
            (),
            {"AWS_PROFILE": "nobody"},
            "AWS profile 'nobody', named by AWS_PROFILE, does not exist",
        ),
        ((), {"AWS_BEARER_TOKEN_BEDROCK": "key"}, "can only be sent over https"),
        ((), {"AWS_REGION": "mars"}, "'mars' is not an AWS region"),
    ],
)
def test_without_a_way_in_nothing_is_sent(monkeypatch, emulator, unset, told, sentence):
    for name in unset:
        monkeypatch.delenv(name)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    error = failure()
    assert isinstance(error, AccessProblem)
    assert sentence in str(error)
    assert error.trace.sent is False
    assert emulator.received == ()


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("http://127.0.0.1:1", ServiceProblem),
        ("http://nowhere.invalid", ServiceProblem),
        ("http://", UsageProblem),
        ("nonsense", UsageProblem),
    ],
)
def test_an_endpoint_that_cannot_be_reached_was_sent_nothing(emulator, endpoint, kind):
    error = failure(endpoint_url=endpoint)
    assert isinstance(error, kind)
    assert error.trace.sent is False
    assert emulator.received == ()


def test_a_request_that_cannot_be_built_was_not_sent(emulator, tmp_path):
    gone = Blob("0" * 64, path=tmp_path / "gone.png")
    error = failure(ImageRequest(SD35, "a fox", init_image=gone, strength=0.5))
    assert isinstance(error, InputProblem)
    assert error.trace.sent is False
    error = failure(ImageRequest(SD35, "a fox", init_image=Blob.of(bytes(19_000_000))))
    assert isinstance(error, UsageProblem)
    assert error.trace.sent is False
    assert emulator.received == ()


def test_the_region_comes_from_the_flag_then_the_environment_then_the_model(
    monkeypatch, start_emulator
):
    emulator = start_emulator(check_region=False)
    client(region="us-east-2").generate(FOX)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    client().generate(FOX)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    client().generate(FOX)
    client().generate(request_for(CATALOG.find("structure")))
    assert [received.region for received in emulator.received] == [
        *("us-east-2", "eu-west-1", "us-west-2", "us-east-1")
    ]


def test_a_model_in_the_wrong_region_names_the_right_one(emulator):
    error = failure(region="eu-west-1")
    assert isinstance(error, AccessProblem)
    assert str(error).endswith("is not available in eu-west-1. Use --region us-west-2.")
    assert len(emulator.received) == 1


def test_an_ended_model_names_its_successors_with_their_prices_cheapest_first(emulator):
    error = failure(ImageRequest(SDXL, "a fox"))
    assert isinstance(error, AccessProblem)
    assert str(error) == (
        "SDXL 1.0 (stability.stable-diffusion-xl-v1) was retired on 2025-05-20. Use core (0.04 "
        "USD per picture), sd3.5 (0.08 USD per picture) or ultra (0.14 USD per picture)."
    )
    assert len(emulator.received) == 1


def test_an_arn_is_called_as_it_was_given(start_emulator):
    arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc"
    emulator = start_emulator(models={arn: CORE.id})
    client().generate(ImageRequest(CATALOG.find(arn, "core"), "a fox"))
    (received,) = emulator.received
    assert "arn%3Aaws%3Abedrock" in received.path
    assert "%2Fabc/invoke" in received.path


def test_many_threads_share_one_client_and_each_gets_its_own_picture(emulator):
    shared = client(workers=8)
    requests = [replace(FOX, seed=seed) for seed in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(shared.generate, requests))
    assert [picture.seed for picture in pictures] == list(range(1, 41))
    assert len(emulator.received) == 40


def test_the_connection_is_made_once_and_only_when_it_is_needed(emulator):
    made = []
    connection = Connection(endpoint_url=configured_endpoint())
    lazy = BedrockClient(lambda: made.append(1) or connection, ALL, 1)
    assert made == []
    lazy.generate(FOX)
    lazy.generate(FOX)
    assert made == [1]
    assert len(emulator.received) == 2


def test_an_endpoint_hidden_in_the_aws_configuration_is_named(emulator):
    hidden = BedrockClient(lambda: Connection(), ALL, 1)
    with pytest.raises(AccessProblem, match="--endpoint-url"):
        hidden.generate(FOX)
    assert not emulator.received


def test_an_error_code_of_any_length_is_cut_short():
    error = ClientError({"Error": {"Code": "x" * 5_000, "Message": ""}}, "InvokeModel")
    failure = Failure.of(error.response)
    assert len(failure.code) == 80


def test_a_picture_in_a_data_uri_is_read(start_emulator):
    start_emulator(faults=Faults(data_uri=1.0))
    assert client().generate(FOX).size == Size(64, 48)


def test_an_error_of_any_size_is_read_up_to_a_bound(start_emulator):
    start_emulator(faults=Faults(huge_error=1.0))
    tracemalloc.start()
    error = failure()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, UsageProblem)
    # The emulator in this process holds the 64 MB that it sends once or twice.
    assert peak < 200_000_000


PROFILES = """
[profile role]
role_arn = arn:aws:iam::123456789012:role/drawer
source_profile = base
[profile base]
aws_access_key_id = x
aws_secret_access_key = y
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/drawer
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile process]
credential_process = /bin/false
[profile sso]
sso_start_url = https://nowhere.invalid/start
sso_region = us-west-2
sso_account_id = 123456789012
sso_role_name = drawer
"""


@pytest.mark.parametrize("profile", ["role", "mfa", "process", "sso"])
def test_credentials_that_cannot_be_had_are_named_and_nothing_was_sent(
    monkeypatch, emulator, tmp_path, profile
):
    path = tmp_path / "config"
    path.write_text(PROFILES)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", profile)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    error = failure()
    assert isinstance(error, AccessProblem), error
    assert f"(profile '{profile}', named by AWS_PROFILE)" in str(error)
    assert error.trace.sent is False
    assert emulator.received == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", "x\n"),
        ("AWS_SESSION_TOKEN", "x\r\ny"),
        ("AWS_BEARER_TOKEN_BEDROCK", "key\n"),
    ],
)
def test_a_line_break_in_a_key_is_told_and_nothing_was_sent(monkeypatch, emulator, name, value):
    monkeypatch.setenv(name, value)
    error = failure()
    assert isinstance(error, AccessProblem)
    assert "line break" in str(error)
    assert error.trace.sent is False
    assert emulator.received == ()


def test_credentials_that_stall_are_asked_for_once_by_all_workers(monkeypatch, emulator):
    asked = []

    def stall(*_):
        asked.append(1)
        time.sleep(0.1)
        raise CredentialRetrievalError(provider="metadata", error_msg="timed out")

    monkeypatch.setattr("botocore.session.Session.get_credentials", stall)
    shared = client(workers=8)
    with ThreadPoolExecutor(8) as pool:
        errors = [pool.submit(shared.generate, FOX).exception() for _ in range(8)]
    assert {type(error) for error in errors} == {AccessProblem}
    assert len(asked) == 1
    assert emulator.received == ()


def test_the_region_of_an_arn_is_used_where_none_is_told(monkeypatch, start_emulator):
    arn = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abc"
    emulator = start_emulator(models={arn: CORE.id}, check_region=False)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    request = ImageRequest(CATALOG.find(arn, "core"), "a fox")
    client().generate(request)
    assert emulator.received[0].region == "us-gov-west-1"
    error = failure(request, region="us-west-2")
    assert isinstance(error, UsageProblem)
    assert str(error).endswith("Use --region us-gov-west-1.")
    assert error.trace.sent is False
    assert len(emulator.received) == 1


def test_the_emulator_inside_looks_at_no_proxy_and_no_configuration(
    monkeypatch, emulator, tmp_path
):
    broken = tmp_path / "config"
    broken.write_text("[profile\nbroken")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert client(endpoint_url=emulator.url, offline=True).generate(FOX).size == Size(64, 48)
    assert len(emulator.received) == 1


def test_an_endpoint_on_this_machine_is_reached_without_a_proxy(monkeypatch, emulator):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client().generate(FOX).size == Size(64, 48)
    assert len(emulator.received) == 1


def test_a_shortage_of_memory_before_a_send_does_not_close_the_way_for_the_next(
    monkeypatch, emulator
):
    shared, invoke, short = client(), Transport.invoke, [MemoryError()]

    def invoke_or_fail(*given):
        if short:
            raise NotSent from short.pop()
        return invoke(*given)

    monkeypatch.setattr(Transport, "invoke", invoke_or_fail)
    with pytest.raises(InputProblem, match="Not enough memory") as failed:
        shared.generate(FOX)
    assert failed.value.trace.sent is False
    assert shared.generate(FOX).size == Size(64, 48)
    assert len(emulator.received) == 1
