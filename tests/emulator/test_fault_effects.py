from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

import pytest

from sdbr.emulator import Emulator, Faults
from tests.emulator.calls import CORE, invoke

BODY = {"prompt": "a fox", "seed": 1}


def struck(**faults: Any) -> Emulator:
    return Emulator(picture_side=48, faults=Faults(**faults))


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("throttle", 429, "ThrottlingException"),
        ("not_ready", 429, "ModelNotReadyException"),
        ("error_500", 500, "InternalServerException"),
        ("error_503", 503, "ServiceUnavailableException"),
        ("overloaded_529", 529, "overloaded_error"),
        ("timeout_408", 408, "ModelTimeoutException"),
        ("model_error_424", 424, "ModelErrorException"),
        ("quota", 400, "ServiceQuotaExceededException"),
        ("access_denied", 403, "AccessDeniedException"),
        ("marketplace", 403, "AccessDeniedException"),
        ("expired_token", 403, "ExpiredTokenException"),
        ("clock_skew", 403, "InvalidSignatureException"),
        ("request_expired", 400, "RequestExpired"),
        ("legacy", 404, "ResourceNotFoundException"),
        ("ended", 404, "ResourceNotFoundException"),
    ],
)
def test_an_error_has_its_status_and_name_and_costs_nothing(
    fault: str, status: int, error: str
) -> None:
    with struck(**{fault: "#1"}) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert (answer.status, answer.error) == (status, error)
        assert set(answer.told) == {"message"}
        assert (emulator.received[0].outcome, emulator.pictures_made) == (fault, 0)
        assert invoke(emulator, CORE, BODY).status == 200


def test_the_error_header_carries_the_namespace_and_the_request_an_id() -> None:
    with struck(throttle=1) as emulator:
        headers = invoke(emulator, CORE, BODY).headers
        namespace = "http://internal.amazon.com/coral/com.amazon.bedrock/"
        assert headers["x-amzn-errortype"] == f"ThrottlingException:{namespace}"
        assert headers["x-amzn-requestid"] == emulator.received[0].request_id
        assert "retry-after" not in headers


def test_throttling_can_tell_when_to_come_back() -> None:
    with struck(throttle=1, retry_after=2.5) as emulator:
        assert invoke(emulator, CORE, BODY).headers["retry-after"] == "2.5"


def test_a_legacy_model_is_not_found_though_it_says_access_denied() -> None:
    with struck(legacy=1) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert answer.message.startswith("Access denied.")
        assert answer.error == "ResourceNotFoundException"


@pytest.mark.parametrize(("fault", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_gives_no_byte(fault: str, made: int) -> None:
    with struck(**{fault: 1}) as emulator:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            invoke(emulator, CORE, BODY)
        assert emulator.pictures_made == made


def test_a_cut_body_is_shorter_than_its_length() -> None:
    with struck(cut_body=1) as emulator:
        with pytest.raises(http.client.IncompleteRead):
            invoke(emulator, CORE, BODY)
        assert emulator.pictures_made == 1


def test_broken_json_cannot_be_read() -> None:
    with struck(broken_json=1) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert answer.status == 200
        with pytest.raises(json.JSONDecodeError):
            _ = answer.told


def test_what_is_no_picture_comes_in_good_json() -> None:
    with struck(not_a_picture=1) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert answer.told["finish_reasons"] == [None]
        with pytest.raises(OSError, match="cannot identify"):
            _ = answer.picture


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("filter_prompt", "Filter reason: prompt"),
        ("filter_input", "Filter reason: input image"),
        ("filter_output", "Filter reason: output image"),
        ("inference_error", "Inference error"),
    ],
)
def test_a_filtered_answer_is_a_200_with_a_reason_and_no_images(fault: str, reason: str) -> None:
    with struck(**{fault: 1}) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert answer.status == 200
        assert answer.told == {"finish_reasons": [reason]}


@pytest.mark.parametrize(("shape", "images"), [("empty", []), ("blank", [""])])
def test_a_filtered_answer_may_have_other_shapes(shape: Any, images: list[str]) -> None:
    with struck(filter_prompt=1, filtered_images=shape) as emulator:
        assert invoke(emulator, CORE, BODY).told["images"] == images


def test_refused_words_are_refused_each_time_and_only_as_whole_words() -> None:
    with Emulator(picture_side=48, refuse_words=("gun",)) as emulator:
        refused = [invoke(emulator, CORE, {"prompt": "A Gun!"}).told for _ in range(2)]
        assert refused == [{"finish_reasons": ["Filter reason: prompt"]}] * 2
        assert invoke(emulator, CORE, {"prompt": "a gunwale"}).told["images"]


def test_a_model_can_end_and_credentials_expire_in_the_middle_of_a_run() -> None:
    with struck(ended="after:2") as emulator:
        statuses = [invoke(emulator, CORE, BODY).status for _ in range(4)]
        assert statuses == [200, 200, 404, 404]


@pytest.mark.parametrize("fault", ["stall", "stall_body"])
def test_a_stalled_request_ends_with_the_emulator(fault: str) -> None:
    emulator = struck(**{fault: 1}).start()
    host, _, port = emulator.url.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=0.3)
    connection.request(
        "POST", f"/model/{CORE}/invoke", json.dumps(BODY), {"Authorization": "Bearer x"}
    )
    with pytest.raises(TimeoutError):
        connection.getresponse().read()
    emulator.stop()
    connection.close()


@pytest.mark.parametrize("fault", ["slow", "slow_first_byte"])
def test_a_slow_answer_comes_later(fault: str) -> None:
    with struck(**{fault: 1}, slow_by=0.3) as emulator:
        begun = time.monotonic()
        assert invoke(emulator, CORE, BODY).picture
        assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("fault", ["dribble", "endless_continue"])
def test_a_fault_can_keep_a_client_reading_without_an_end(fault: str) -> None:
    with struck(**{fault: 1}) as emulator:
        host, _, port = emulator.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            body = json.dumps(BODY)
            connection.sendall(
                f"POST /model/{CORE}/invoke HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer x\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            came = b"".join(connection.recv(1_000) for _ in range(9))
        assert came.startswith(b"HTTP/1.1 ")
        assert len(came) < 500


def test_an_answer_can_come_without_a_picture_and_be_billed() -> None:
    with struck(no_pictures=1) as emulator:
        assert invoke(emulator, CORE, BODY).told["images"] == []
        assert emulator.pictures_made == 1


def test_a_picture_can_come_as_a_data_uri() -> None:
    with struck(data_uri=1) as emulator:
        assert (
            invoke(emulator, CORE, BODY).told["images"][0].startswith("data:image/png;base64,iVBOR")
        )


def test_a_page_can_come_in_the_place_of_an_answer() -> None:
    with struck(html_page=1) as emulator:
        answer = invoke(emulator, CORE, BODY)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
