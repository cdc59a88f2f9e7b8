"""What the campaign calls lost, paid twice and missing is told by its own reading of the books."""

import hashlib
import json
from dataclasses import replace

import pytest
from dev.campaign.audit import audit
from dev.campaign.bedrock import Asked
from dev.campaign.books import leftovers_of

from sdbr.store.ledger import Ledger, Send, SendOutcome

KEY = "ab" + "0" * 62
PICTURE = b"a picture"
ASKED = Asked("a fox", "id-1", "ok", True, True, hashlib.sha256(PICTURE).hexdigest())


@pytest.fixture
def books(tmp_path):
    """A workspace in which one picture was paid for, written down and kept."""
    folder = tmp_path / ".sdbr" / "cache" / "ab"
    folder.mkdir(parents=True)
    (folder / f"{KEY}.png").write_bytes(PICTURE)
    told = json.dumps({"format": "png", "sha256": ASKED.sha256})
    (folder / f"{KEY}.json").write_text(told)
    send(tmp_path, "id-1")
    return tmp_path


def send(workspace, request_id=None):
    """One more row in the ledger, open unless it has a request's id."""
    ledger = Ledger(workspace / ".sdbr" / "ledger.db")
    row = ledger.begin(1, Send("core", "us-west-2", KEY, 7, None))
    if request_id:
        ledger.close_send(row, SendOutcome("picture", "yes", 200, request_id))
    ledger.close()


def test_all_is_well_where_a_picture_was_made_once_and_kept(books):
    found = audit(books, [ASKED])
    assert (found.sent, found.made) == (1, 1)
    assert (found.lost, found.twice, found.unwritten, found.in_flight) == (0, 0, 0, 0)


def test_a_picture_that_is_not_as_it_was_kept_is_lost(books):
    (books / ".sdbr" / "cache" / "ab" / f"{KEY}.png").write_bytes(PICTURE[:-1])
    assert audit(books, [ASKED]).lost == 1


def test_the_same_body_answered_whole_again_is_paid_twice(books):
    send(books, "id-2")
    assert audit(books, [ASKED, replace(ASKED, request_id="id-2")]).twice == 1


def test_what_was_in_flight_at_a_kill_is_not_paid_twice_by_going_on(books):
    send(books)
    found = audit(books, [replace(ASKED, request_id="id-0"), ASKED])
    assert (found.twice, found.in_flight, found.lost, found.unwritten) == (0, 1, 0, 0)


def test_a_picture_that_was_spoiled_on_its_way_is_not_paid_twice_by_asking_again(books):
    send(books, "id-2")
    spoiled = replace(ASKED, request_id="id-2", outcome="cut_body", whole=False)
    found = audit(books, [spoiled, ASKED])
    assert (found.twice, found.spoiled, found.lost) == (0, 1, 0)


def test_a_request_without_a_row_is_missing(books):
    assert audit(books, [ASKED, replace(ASKED, content="b", request_id="id-3")]).unwritten == 1


def test_a_part_file_and_a_lock_are_left_over(books):
    (books / ".sdbr" / "locks").mkdir(exist_ok=True)
    for name in ("locks/x.lock", ".sdbr-0.part"):
        (books / ".sdbr" / name).touch()
    assert len(leftovers_of(books)) == 2
