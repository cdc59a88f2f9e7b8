import errno
import fcntl
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.errors import InputProblem
from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger, Send, SendOutcome, to_micro, to_usd

WRITER = """
import sys
from decimal import Decimal
from pathlib import Path
from sdbr.store.ledger import Ledger, Send, SendOutcome
ledger = Ledger(Path(sys.argv[1]))
run = ledger.begin_run("txt2img", "local")
for seed in range(25):
    row = ledger.begin(run, Send("core", "us-west-2", "key", seed, Decimal("0.04")))
    ledger.close_send(row, SendOutcome("picture", "yes", 200, "id", 5))
ledger.end_run(run)
"""


KILLED = f"""
import os
{WRITER.replace("ledger.end_run(run)", "os._exit(9)")}
"""


@pytest.fixture
def ledger(tmp_path):
    with_path = Ledger(tmp_path / ".sdbr" / "ledger.db")
    yield with_path
    with_path.close()


def sent(price="0.04", seed=1, model="core"):
    return Send(model, "us-west-2", "key", seed, None if price is None else Decimal(price))


def test_a_send_is_open_and_perhaps_billed_until_it_is_settled(ledger):
    run = ledger.begin_run("txt2img", "aws")
    row = ledger.begin(run, sent())
    (open_row,) = ledger.query("SELECT * FROM sends")
    assert (open_row["outcome"], open_row["billed"], open_row["price"]) == (
        "open",
        "perhaps",
        40_000,
    )
    ledger.close_send(row, SendOutcome("picture", "yes", 200, "request-1", 1234))
    (settled,) = ledger.query("SELECT * FROM sends")
    assert (settled["outcome"], settled["billed"], settled["status"]) == ("picture", "yes", 200)
    assert (settled["request_id"], settled["latency_ms"]) == ("request-1", 1234)


def test_a_request_that_never_left_has_no_row(ledger):
    run = ledger.begin_run("txt2img", "aws")
    ledger.forget(ledger.begin(run, sent()))
    assert ledger.query("SELECT * FROM sends") == []


def test_a_run_without_an_end_is_open_or_was_killed(ledger):
    first, second = ledger.begin_run("txt2img", "aws"), ledger.begin_run("vid2vid", "aws")
    ledger.end_run(first)
    ended = {row["run"]: row["ended"] for row in ledger_queries.runs(ledger, "", 10)}
    assert ended[first]
    assert ended[second] is None


def test_rows_stand_when_the_ledger_is_opened_again(tmp_path):
    for _ in range(2):
        ledger = Ledger(tmp_path / "ledger.db")
        ledger.begin(ledger.begin_run("txt2img", "aws"), sent())
        ledger.close()
    again = Ledger(tmp_path / "ledger.db")
    assert len(again.query("SELECT * FROM sends")) == 2


def test_totals_keep_realms_and_certainty_apart(ledger):
    for realm, billed, price in (
        *(("aws", "yes", "0.04"), ("aws", "yes", "0.14"), ("aws", "perhaps", "0.6")),
        *(("aws", "no", "0.08"), ("local", "yes", "0.07"), ("aws", "yes", None)),
    ):
        run = ledger.begin_run("txt2img", realm)
        ledger.close_send(ledger.begin(run, sent(price)), SendOutcome("picture", billed))
    totals = {row["realm"]: row for row in ledger_queries.totals(ledger, "")}
    assert totals["aws"]["billed"] == Decimal("0.18")
    assert totals["aws"]["perhaps"] == Decimal("0.60")
    assert totals["aws"]["sends"] == 5
    assert totals["local"]["billed"] == Decimal("0.07")


@pytest.mark.parametrize("group", ["day", "model", "run"])
def test_each_way_of_grouping_adds_up_to_the_total(ledger, group):
    for number in range(6):
        run = ledger.begin_run("txt2img", "aws")
        row = ledger.begin(run, sent(model=f"model-{number % 2}"))
        ledger.close_send(row, SendOutcome("picture", "yes"))
    rows = ledger_queries.group_rows(ledger, group, "")
    assert len(rows) == {"day": 1, "model": 2, "run": 6}[group]
    assert sum(row["billed"] for row in rows) == Decimal("0.24")
    assert sum(row["sends"] for row in rows) == 6


def test_saved_money_is_kept_by_what_saved_it(ledger):
    run = ledger.begin_run("vid2vid", "aws")
    ledger.plan_run(run, 100, Decimal("0.80"))
    ledger.saved_by_keyframes(run, Decimal("6.96"))
    (total,) = ledger_queries.totals(ledger, "")
    assert (total["saved_by_cache"], total["saved_by_keyframes"]) == (
        Decimal("0.80"),
        Decimal("6.96"),
    )
    assert ledger_queries.runs(ledger, "", 1)[0]["planned"] == 100


def test_what_lies_before_the_day_is_left_out(ledger):
    ledger.begin(ledger.begin_run("txt2img", "aws"), sent())
    assert ledger_queries.totals(ledger, "2999-01-01") == []
    assert ledger_queries.sends(ledger, "2999-01-01") == []
    assert len(ledger_queries.sends(ledger, "2020-01-01")) == 1


@given(st.decimals(0, 10_000, places=6))
def test_money_is_exact_to_the_millionth(usd):
    assert to_usd(to_micro(usd)) == usd


def test_a_thousand_times_four_cents_are_forty_dollars(ledger):
    run = ledger.begin_run("txt2img", "aws")
    for seed in range(1000):
        ledger.close_send(ledger.begin(run, sent(seed=seed)), SendOutcome("picture", "yes"))
    assert ledger_queries.totals(ledger, "")[0]["billed"] == Decimal("40.00")


def test_many_threads_write_at_once(ledger):
    run = ledger.begin_run("txt2img", "aws")

    def write():
        for seed in range(25):
            ledger.close_send(ledger.begin(run, sent(seed=seed)), SendOutcome("picture", "yes"))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ledger_queries.totals(ledger, "")[0]["sends"] == 200
    assert ledger_queries.totals(ledger, "")[0]["open"] == 0


def test_many_processes_open_a_new_ledger_at_once_and_lose_no_row(tmp_path):
    path = tmp_path / "ledger.db"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(6)
    ]
    for writer in writers:
        assert writer.communicate()[1] == b""
    ledger = Ledger(path)
    assert ledger_queries.totals(ledger, "")[0]["sends"] == 150
    assert all(row["ended"] for row in ledger_queries.runs(ledger, "", 10))


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"x" * 500]
)
def test_a_file_that_is_no_ledger_is_told_by_name(tmp_path, content):
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(InputProblem, match=r"Cannot use the ledger .*ledger.db"):
        Ledger(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_told_by_name(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(InputProblem, match=r"Cannot use the ledger .*ledger.db"):
        Ledger(tmp_path / "ledger.db")


def test_a_file_where_its_folder_should_be_is_told_by_name(tmp_path):
    (tmp_path / ".sdbr").write_text("")
    with pytest.raises(InputProblem, match=r"Cannot write .*ledger.db"):
        Ledger(tmp_path / ".sdbr" / "ledger.db")


def test_a_full_disk_stops_the_row_and_so_the_send(ledger):
    run = ledger.begin_run("txt2img", "aws")
    (pages,) = ledger.query("PRAGMA page_count")
    ledger.query(f"PRAGMA max_page_count = {pages['page_count']}")
    rows = (ledger.begin(run, sent(seed=seed)) for seed in range(10_000))
    with pytest.raises(InputProblem, match=r"full\. Free some space"):
        list(rows)


def test_a_reader_sees_the_rows_while_they_are_written(ledger):
    ledger.begin(ledger.begin_run("txt2img", "aws"), sent())
    with sqlite3.connect(ledger.path) as reader:
        assert reader.execute("SELECT COUNT(*) FROM sends").fetchone() == (1,)


def test_what_was_settled_before_the_process_was_killed_is_settled(tmp_path):
    path = tmp_path / "ledger.db"
    ran = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert ran.returncode == 9
    opened = Ledger(path)
    assert [row["billed"] for row in ledger_queries.sends(opened, "")] == ["yes"] * 25
    opened.close()


def test_a_ledger_of_a_newer_version_is_left_as_it_is(tmp_path):
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(InputProblem, match=r"newer sdbr \(format 3.*Upgrade sdbr"):
        Ledger(path)


@pytest.mark.parametrize("version", [0, 1])
def test_a_ledger_of_an_older_version_goes_on(ledger, version):
    ledger.begin_run("txt2img", "aws")
    with closing(sqlite3.connect(ledger.path)) as database:
        database.execute("ALTER TABLE runs DROP COLUMN supplied")
        database.execute(f"PRAGMA user_version = {version}")
    again = Ledger(ledger.path)
    assert again.query("PRAGMA user_version") == [{"user_version": 2}]
    assert [row["supplied"] for row in ledger_queries.runs(again, "", 10)] == [0]


@pytest.mark.parametrize("column", ["billed", "price", "request_id"])
def test_a_missing_column_is_told_before_anything_is_sent(tmp_path, column):
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"ALTER TABLE sends DROP COLUMN {column}")
    with pytest.raises(InputProblem, match=f"no column {column} in sends"):
        Ledger(path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price", "'much'"),
        ("price", "1e300"),
        ("at", "'soon'"),
        ("seed", "x'00'"),
        ("key", "x'00'"),
    ],
)
def test_a_row_that_was_not_written_by_sdbr_is_told(ledger, column, value):
    run = ledger.begin_run("txt2img", "aws")
    ledger.begin(run, sent())
    ledger.query(f"UPDATE sends SET {column} = {value} RETURNING id")
    with pytest.raises(InputProblem, match=f"a row that sdbr did not write: {column} is"):
        ledger_queries.sends(ledger, "")


@pytest.mark.parametrize("of_kind", ["flock", "lockf"])
def test_a_file_system_without_locks_is_told_at_once(tmp_path, monkeypatch, of_kind):
    def fail(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, of_kind, fail)
    with pytest.raises(InputProblem, match=r"does not support file locks.*--workspace"):
        Ledger(tmp_path / "ledger.db")


def test_one_at_a_time_switches_a_ledger_to_its_journal(tmp_path, monkeypatch):
    inside, most = [], []
    prepare = Ledger._prepare

    def prepare_slowly(ledger):
        inside.append(ledger)
        most.append(len(inside))
        time.sleep(0.02)
        prepare(ledger)
        inside.remove(ledger)

    monkeypatch.setattr(Ledger, "_prepare", prepare_slowly)
    path = tmp_path / "ledger.db"
    openers = [threading.Thread(target=lambda: Ledger(path).close()) for _ in range(6)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert most == [1] * 6
