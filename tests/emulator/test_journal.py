from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor

from sdbr.emulator import Emulator, Faults
from sdbr.emulator.journal import abbreviated
from tests.emulator.calls import CORE, SD35, base64_of, invoke, scenery, send

BODY = {"prompt": "a fox", "seed": 1}


def test_a_record_tells_what_was_asked_and_what_came_of_it(bedrock: Emulator) -> None:
    answer = invoke(bedrock, CORE, BODY)
    record = bedrock.received[0]
    assert (record.number, record.model, record.region) == (1, CORE, "us-west-2")
    assert (record.body, record.outcome, record.status, record.made) == (BODY, "ok", 200, True)
    picture = base64.b64decode(answer.told["images"][0])
    assert record.picture_sha256 == hashlib.sha256(picture).hexdigest()
    assert record.request_id == answer.headers["x-amzn-requestid"]


def test_no_secret_is_kept(bedrock: Emulator) -> None:
    headers = {"Authorization": "Bearer hidden", "X-Amz-Security-Token": "hidden", "X-Mine": "seen"}
    send(bedrock, "POST", f"/model/{CORE}/invoke", b"{}", headers)
    assert bedrock.received[0].headers["x-mine"] == "seen"
    assert "hidden" not in bedrock.received[0].line()


def test_a_line_of_the_log_abbreviates_images_and_keeps_words() -> None:
    lines: list[str] = []
    image = base64_of(scenery())
    prompt = "a very long prompt " * 60
    with Emulator(picture_side=48, log=lines.append) as emulator:
        body = {"prompt": prompt, "mode": "image-to-image", "image": image, "strength": 0.5}
        invoke(emulator, SD35, body)
    told = json.loads(lines[0])["body"]
    digest = hashlib.sha256(image.encode()).hexdigest()
    assert told["image"] == {"sha256": digest, "characters": len(image)}
    assert told["prompt"] == prompt


def test_abbreviation_reaches_into_lists() -> None:
    assert abbreviated(["x" * 600, 1])[0]["characters"] == 600


def test_pictures_made_counts_what_bedrock_would_bill() -> None:
    faults = Faults(throttle="#1", drop_after="#2", cut_body="#3", filter_prompt="#4")
    with Emulator(picture_side=48, faults=faults) as emulator:
        for _ in range(5):
            with contextlib.suppress(OSError, http.client.IncompleteRead):
                invoke(emulator, CORE, BODY)
        assert [record.made for record in emulator.received] == [False, True, True, False, True]
        assert emulator.pictures_made == 3


def test_all_records_of_many_threads_are_there_with_numbers_of_their_own(
    bedrock: Emulator,
) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: invoke(bedrock, CORE, BODY), range(48)))
    assert sorted(record.number for record in bedrock.received) == list(range(1, 49))


def test_clearing_forgets_and_counts_from_one_again(bedrock: Emulator) -> None:
    invoke(bedrock, CORE, BODY)
    bedrock.clear()
    assert not bedrock.received
    invoke(bedrock, CORE, BODY)
    assert bedrock.received[0].number == 1


def test_scripts_can_ask_and_reset_over_http(bedrock: Emulator) -> None:
    invoke(bedrock, CORE, BODY)
    invoke(bedrock, "nonsense", BODY)
    told = send(bedrock, "GET", "/_emulator/summary").told
    assert told == {
        "invocations": 2,
        "other_calls": 0,
        "pictures_made": 1,
        "outcomes": {"ValidationException": 1, "ok": 1},
        "models": {CORE: 1, "nonsense": 1},
        "max_in_flight_seen": 1,
    }
    assert [it["outcome"] for it in send(bedrock, "GET", "/_emulator/received").told] == [
        "ok",
        "ValidationException",
    ]
    send(bedrock, "POST", "/_emulator/reset")
    assert send(bedrock, "GET", "/_emulator/summary").told["invocations"] == 0


def test_old_bodies_are_abbreviated_when_they_take_too_much_room() -> None:
    body = {"prompt": "x", "mode": "image-to-image", "strength": 0.5}
    with Emulator(keeps=1200) as bedrock:
        for width in (80, 90):
            invoke(bedrock, SD35, {**body, "image": base64_of(scenery(width).convert("RGB"))})
        first, second = (record.body["image"] for record in bedrock.received)
    assert "sha256" in first
    assert isinstance(second, str)


def test_a_log_of_hostile_requests_stays_small() -> None:
    lines: list[str] = []
    hostile: list[object] = [
        {"prompt": "many words " * 100_000},
        {"prompt": "a fox", "more": list(range(100_000))},
        {f"field {number}": "x" * 500 for number in range(99)},
        [["x" * 500] * 90] * 90,
    ]
    with Emulator(picture_side=48, log=lines.append, keeps=0) as emulator:
        for body in hostile:
            invoke(emulator, CORE, body)
        send(emulator, "POST", f"/model/{CORE}/invoke", b"{}", {"X-Long": "x" * 20_000})
        send(emulator, "GET", "/" + "x" * 20_000, b"")
    assert len(lines) == len(hostile) + 2
    assert max(map(len, lines)) < 25_000


def test_a_body_that_is_refused_for_its_size_does_not_stay() -> None:
    words = " ".join(["word"] * 6_000_000)
    with Emulator(picture_side=48) as emulator:
        assert invoke(emulator, CORE, {"prompt": words}).status == 400
        assert emulator.received[0].body["prompt"]["characters"] == len(words)
