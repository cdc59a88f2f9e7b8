"""`sdbr review`: what its clicks generate, cost and keep."""

from __future__ import annotations

import http.client
import io
import json
import queue
import re
import signal
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from sdbr.workflows.review import clicks, server
from sdbr.workflows.review import run as review_run
from sdbr.workflows.review.server import is_own_host
from tests.commands.clip_runs import frames, invocations
from tests.commands.money import ledger_rows
from tests.commands.test_vid2vid_calls import shots_in

SEED = ("--seed", "7")
EVERY = ("--keyframes", "every:4")  # Frames 1, 5 and 9 of a shot of nine.
PRICE = "0.08"


class Page:
    """The page of a review without a browser: what it shows, and its clicks."""

    def __init__(self, url):
        self.url = urlsplit(url)
        self.film = None

    def ask(self, method, path, data=None, **headers):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)
        with_origin = {"Origin": f"http://{self.url.netloc}", **headers}
        connection.request(method, f"{self.url.path}{path}", data, with_origin)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def click(self, path, data=None, method="POST", **values):
        answer, body = self.ask(method, path, data if data is not None else json.dumps(values))
        return answer.status, json.loads(body)

    @property
    def shown(self):
        return json.loads(self.ask("GET", "state")[1])

    def keyframe(self, place):
        return [one for shot in self.shown["shots"] for one in shot["keyframes"]][place]

    def until(self, holds, told="the page"):
        for _ in range(400):
            if holds(self.shown):
                return self.shown
            time.sleep(0.02)
        raise AssertionError(f"never true of {told}: {self.shown}")

    def rest(self):
        """Wait until nothing is being generated."""
        return self.until(
            lambda shown: (
                not shown["film"]["making"]
                and not any(one["busy"] for shot in shown["shots"] for one in shot["keyframes"])
            )
        )

    def generate_missing(self):
        assert self.click("generate-missing", **self.shown["missing"])[0] == 200
        return self.rest()

    def new_seed(self, place, **changed):
        one = self.keyframe(place)
        wanted = {name: one[name] for name in ("number", "prompt", "strength")}
        wanted = {**wanted, "seed": one["new_seed"], "price": PRICE, **changed}
        told = self.click("generate", **wanted)
        self.rest()
        return told

    def approve_all(self):
        numbers = [one["number"] for shot in self.shown["shots"] for one in shot["keyframes"]]
        assert self.click("approve", keyframes=numbers, approved=True)[0] == 200

    def make_film(self):
        assert self.click("film")[0] == 200
        return self.rest()["film"]


@pytest.fixture
def clip(workspace):
    return shots_in(workspace, count=1)


@pytest.fixture
def opened(sdbr, clip, emulator, monkeypatch):  # noqa: ARG001
    """Opens a review in this process; it is finished at the end of the block."""
    urls = queue.Queue()
    monkeypatch.setattr(review_run, "open_files", lambda files: urls.put(files[0]))

    @contextmanager
    def open_page(*flags):
        ran = []
        words = ("review", clip, "ink", *SEED, *EVERY, *flags)
        thread = threading.Thread(target=lambda: ran.append(sdbr(*words)))
        thread.start()
        try:
            page = Page(urls.get(timeout=20))
        except queue.Empty:
            raise AssertionError(ran[0].errors) from None
        try:
            yield page
        finally:
            page.click("finish")
            thread.join(20)
        page.ran = ran[0]

    return open_page


def picture(color=(200, 30, 30), size=(320, 240)):
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def test_nothing_is_sent_before_a_click_that_shows_its_price(opened, emulator):
    with opened() as page:
        shown = page.shown
        assert [one["ready"] for one in shown["shots"][0]["keyframes"]] == [False] * 3
        assert shown["missing"] == {"keyframes": [0, 4, 8], "price": "0.24"}
        assert (shown["price"], shown["spent"], shown["cap"]) == (PRICE, "0.00", None)
        for path in ("source/4", "page.js", "page.css", ""):
            assert page.ask("GET", path)[0].status == 200
    assert page.ran.code == 0, page.ran.errors
    assert not invocations(emulator)


def test_one_new_seed_and_one_own_picture_make_a_film_and_the_ledger_equals_the_clicks(
    opened, emulator, workspace
):
    with opened() as page:
        assert page.generate_missing()["spent"] == "0.24"
        before = page.keyframe(0)["takes"][0]["name"]
        assert page.new_seed(0)[0] == 200
        one = page.keyframe(0)
        assert (one["chosen"], len(one["takes"])) == (1, 2)
        assert one["takes"][1]["name"] != before
        assert page.click("own/4", picture(), "PUT")[0] == 200
        page.approve_all()
        film = page.make_film()
        assert film["error"] == ""
        assert page.shown["spent"] == "0.32"
        assert page.ask("GET", f"film/{film['version']}")[1]
    rows = ledger_rows(workspace)
    assert len(rows) == len(invocations(emulator)) == 4
    assert {row["command"] for row in rows} == {"review"}
    assert [str(path) for path in page.ran.paths] == [film["path"]]
    assert len(frames(film["path"])) == 9
    red = frames(film["path"])[4].image.reshape(-1, 3).mean(axis=0)
    assert np.abs(red - (200, 30, 30)).max() < 12, red


def test_a_film_without_changes_is_the_one_that_vid2vid_makes(opened, sdbr, clip, emulator):
    ran = sdbr("vid2vid", clip, "ink", *SEED, *EVERY, "--max-cost", "0.24", "-o", "plain.mp4")
    assert ran.code == 0, ran.errors
    sent = len(invocations(emulator))
    with opened() as page:
        assert page.shown["missing"] == {"keyframes": [], "price": "0.00"}
        page.approve_all()
        film = page.make_film()["path"]
    assert len(invocations(emulator)) == sent == 3
    for one, other in zip(frames("plain.mp4"), frames(film), strict=True):
        assert np.array_equal(one.image, other.image)


def test_the_same_click_twice_is_charged_once(opened, emulator):
    with opened() as page:
        page.generate_missing()
        one = page.keyframe(2)
        wanted = {name: one[name] for name in ("number", "prompt", "strength")}
        for _ in range(3):
            page.click("generate", **wanted, seed=one["new_seed"], price=PRICE)
        page.rest()
        page.click("generate", **wanted, seed=one["new_seed"], price=PRICE)
        page.rest()
        assert len(page.keyframe(2)["takes"]) == 2
    assert len(invocations(emulator)) == 4


def test_a_click_that_ends_late_does_not_end_the_next_one(opened, monkeypatch):
    original, begun, ended = clicks.run, [], []
    first, second = threading.Event(), threading.Event()

    def run(*values):
        begun.append(values)
        if len(begun) == 1:
            original(*values)
            first.wait(20)
            ended.append("the first click")
        else:
            second.wait(20)
            original(*values)

    monkeypatch.setattr(clicks, "run", run)
    with opened() as page:
        page.generate_missing()
        one = page.keyframe(0)
        wanted = {name: one[name] for name in ("number", "prompt", "strength")}
        page.click("generate", **wanted, seed=one["new_seed"], price=PRICE)
        first.set()
        page.until(lambda _: ended)
        time.sleep(0.05)
        assert page.keyframe(0)["busy"]
        second.set()
        page.rest()
        assert len(page.keyframe(0)["takes"]) == 2


def test_other_words_and_another_strength_are_for_one_keyframe_alone(opened, emulator):
    with opened() as page:
        page.generate_missing()
        page.new_seed(1, prompt="a red house", strength=0.3)
    bodies = [one.body for one in invocations(emulator)]
    assert [one["prompt"] for one in bodies].count("a red house") == 1
    assert {one["strength"] for one in bodies if one["prompt"] == "a red house"} == {0.3}


def test_a_click_that_costs_more_than_it_showed_sends_nothing(opened, emulator):
    with opened() as page:
        code, told = page.new_seed(0, price="0.07")
        assert code == 409
        assert told["error"].startswith("This costs 0.08 USD, and the page showed 0.07 USD.")
        wanted = {**page.shown["missing"], "price": "0.10"}
        assert page.click("generate-missing", **wanted)[0] == 409
    assert not invocations(emulator)


@pytest.mark.parametrize(
    "changed", [{"strength": 7}, {"prompt": ""}, {"seed": 0}, {"number": 3}, {"price": "NaN"}]
)
def test_what_no_request_can_have_is_refused_and_nothing_is_kept(opened, emulator, changed):
    with opened() as page:
        before = page.shown
        assert page.new_seed(0, **changed)[0] in (400, 409)
        assert page.shown == before
    assert not invocations(emulator)


def test_the_cap_holds_over_all_clicks_and_after_a_restart(opened, emulator):
    with opened("--max-cost", "0.30") as page:
        assert page.generate_missing()["cap"] == "0.30"
        code, told = page.new_seed(0)
        assert code == 409
        assert "--max-cost 0.30" in told["error"]
    with opened("--max-cost", "0.30") as page:
        assert page.shown["spent"] == "0.24"
        assert page.new_seed(0)[0] == 409
    assert len(invocations(emulator)) == 3


def test_a_restart_shows_what_was_there_before(opened):
    with opened() as page:
        page.generate_missing()
        page.new_seed(0)
        page.click("own/4", picture(), "PUT")
        page.click("approve", keyframes=[0], approved=True)
        before = page.shown
    with opened() as page:
        assert page.shown == before


def test_pruning_the_cache_leaves_what_an_unfinished_review_shows(opened, sdbr, emulator):
    with opened() as page:
        page.generate_missing()
    assert sdbr("cache", "prune", "--all").code == 0
    with opened() as page:
        assert page.shown["ready"] == 3
        page.approve_all()
        page.make_film()
    assert sdbr("cache", "prune", "--all").code == 0
    with opened() as page:
        assert page.shown["missing"]["price"] == "0.24"
    assert len(invocations(emulator)) == 3


def test_an_earlier_take_can_be_chosen_again_at_no_cost(opened, emulator):
    with opened() as page:
        page.generate_missing()
        page.new_seed(0)
        page.click("approve", keyframes=[0], approved=True)
        assert page.click("choose", number=0, take=0)[0] == 200
        one = page.keyframe(0)
        assert (one["chosen"], one["approved"]) == (0, False)
        assert page.click("choose", number=0, take=5)[0] == 400
    assert len(invocations(emulator)) == 4


def test_a_review_is_not_finished_while_something_is_generated(opened, start_emulator):
    start_emulator(latency=0.3)
    with opened() as page:
        page.click("generate-missing", **page.shown["missing"])
        code, told = page.click("finish")
        assert (code, "Wait for it" in told["error"]) == (409, True)
        assert page.rest()["ready"] == 3


def test_a_film_that_cannot_be_written_is_known_of_before_money_is_spent(opened, emulator):
    with opened("-o", "/dev/null/films/") as page:
        page.generate_missing()
        assert "/dev/null/films" in page.keyframe(0)["error"]
    assert not invocations(emulator)


def test_only_what_has_a_picture_is_approved_and_a_film_needs_all(opened):
    with opened() as page:
        page.approve_all()
        assert page.shown["approved"] == 0
        code, told = page.click("film")
        assert (code, "not approved" in told["error"]) == (409, True)


def test_a_painted_mask_keeps_the_source_there(opened, sdbr, workspace):
    plane = np.zeros((48, 64), np.uint8)
    plane[:, :24] = 255
    file = io.BytesIO()
    Image.fromarray(plane).save(file, "PNG")
    with opened() as page:
        page.generate_missing()
        wide, high = page.shown["size"]
        mask = io.BytesIO()
        Image.fromarray(plane).resize((wide, high)).save(mask, "PNG")
        before = page.keyframe(1)["takes"][0]["name"]
        assert page.click("mask/4", mask.getvalue(), "PUT")[0] == 200
        assert page.keyframe(1)["takes"][0]["name"] != before
        name = page.keyframe(1)["mask"]
        kept = np.asarray(Image.open(io.BytesIO(page.ask("GET", f"mask/4/{name}")[1])).convert("L"))
        assert np.array_equal(kept, np.asarray(Image.open(mask)))
        assert page.ask("GET", "mask/0/" + name)[0].status == 404
        for number in (0, 8):
            assert page.click(f"mask/{number}", mask.getvalue(), "PUT")[0] == 200
        page.approve_all()
        film = page.make_film()["path"]
        assert page.shown["spent"] == "0.24"
    # A model has a part in it, whatever of the source is in each keyframe.
    assert "Composite with generated content" in sdbr("inspect", film).data.decode()
    (folder,) = (path for path in (workspace / ".sdbr" / "reviews").iterdir() if path.is_dir())
    source = np.asarray(Image.open(folder / "source" / "000005.png"))
    (made,) = (folder / "keyframes").glob("000005*.png")
    made = np.asarray(Image.open(made))
    assert np.array_equal(made[:, : wide // 4], source[:, : wide // 4])
    assert not np.array_equal(made[:, wide // 2 :], source[:, wide // 2 :])


@pytest.mark.parametrize("data", [b"no picture", b"", picture()[:90], b"<svg/>"])
def test_an_upload_that_is_no_picture_changes_nothing(opened, data):
    with opened() as page:
        before = page.shown
        for path in ("own/4", *(["mask/4"] if data else [])):
            code, told = page.click(path, data, "PUT")
            assert (code, len(told["error"].splitlines())) == (409, 1)
        assert page.shown == before


def test_an_upload_that_is_too_large_is_not_read_to_its_end(opened, monkeypatch):
    monkeypatch.setattr(server, "MAX_UPLOAD", 1000)
    with opened() as page:
        code, told = page.click("own/4", b"x" * 2000, "PUT")
        assert (code, "larger" in told["error"]) == (413, True)


def test_a_refused_keyframe_says_so_and_the_others_are_there(opened, start_emulator):
    start_emulator(refuse_words=("gun",))
    with opened() as page:
        page.generate_missing()
        page.new_seed(1, prompt="a gun")
        one = page.keyframe(1)
        assert "safety filter" in one["error"] or "refused" in one["error"]
        assert (len(one["takes"]), one["ready"]) == (1, True)


def test_only_the_page_itself_is_answered(opened):
    with opened() as page:
        host = page.url.netloc
        assert page.ask("GET", "state", Host=f"evil.example:{page.url.port}")[0].status == 403
        assert page.ask("GET", "state", Host="127.0.0.1:1")[0].status == 403
        for origin in ("http://evil.example", "null", f"https://{host}", "http://localhost"):
            assert page.ask("POST", "finish", Origin=origin)[0].status == 403
        known, page.url = page.url, page.url._replace(path="/guess/")
        assert page.ask("GET", "state")[0].status == 404
        assert page.ask("POST", "finish")[0].status == 404
        page.url = known
        answer, _ = page.ask("GET", "")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not page.shown["finished"]


@pytest.mark.parametrize(
    ("host", "network", "own"),
    [
        ("127.0.0.1:80", False, True),
        ("localhost:80", False, True),
        ("[::1]:80", False, True),
        ("127.0.0.1", False, True),
        ("127.0.0.1:81", True, False),
        ("192.168.1.5:80", False, False),
        ("192.168.1.5:80", True, True),
        ("evil.example:80", True, False),
        ("127.0.0.1.evil.example:80", True, False),
        ("", True, False),
        ("[::1:80", True, False),
        ("localhost:x", True, False),
    ],
)
def test_a_host_is_this_machine_or_is_refused(host, network, own):
    assert is_own_host(host, 80, network=network) is own


def test_a_film_that_the_file_names_elsewhere_is_not_served(opened, workspace):
    with opened() as page:
        page.generate_missing()
    (path,) = (workspace / ".sdbr" / "reviews").glob("*.json")
    told = json.loads(path.read_bytes())
    (workspace / "secret.mp4").write_bytes(b"secret")
    path.write_text(json.dumps({**told, "film": str(workspace / "secret.mp4")}))
    with opened() as page:
        assert page.ask("GET", "film/0")[0].status == 404


@pytest.mark.parametrize("data", [b"{}", b"\xff", b'{"version": 9}', b"[1]"])
def test_a_file_that_is_no_review_is_one_line(opened, sdbr, clip, workspace, data):
    with opened() as page:
        page.generate_missing()
    (path,) = (workspace / ".sdbr" / "reviews").glob("*.json")
    path.write_bytes(data)
    ran = sdbr("review", clip, "ink", *SEED, *EVERY, "--no-browser")
    assert ran.code == 3
    assert "Move it away" in ran.failure


@pytest.mark.parametrize(
    "flags",
    [
        ("--redraw", "1"),
        ("--dry-run",),
        ("--fresh",),
        ("--review",),
        ("--init", "from-previous"),
        ("--yes",),
    ],
)
def test_a_flag_without_effect_is_refused(sdbr, clip, flags):
    ran = sdbr("review", clip, "ink", *flags)
    assert (ran.code, "has no effect in a review" in ran.failure) == (2, True)


def test_without_the_web_server_one_line_says_what_to_install(sdbr, clip, emulator, monkeypatch):  # noqa: ARG001
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    ran = sdbr("review", clip, "ink", "--no-browser")
    assert ran.code == 2
    assert ran.failure.endswith("pip install 'sdbr[review]'")


def test_a_second_process_on_the_same_review_is_refused(opened, sdbr, clip):
    with opened():
        ran = sdbr("review", clip, "ink", *SEED, *EVERY, "--no-browser")
        assert (ran.code, "open in another process" in ran.failure) == (2, True)


def start(process_of, clip, *flags):
    """A review as a process of its own, and its page."""
    words = ("review", clip, "ink", *SEED, *EVERY, "--no-browser", *flags)
    process = process_of(*words)
    told = b""
    while b"\n" not in told:
        told = process.stderr.readline()
        assert told, "the process has ended"
        if b"http" not in told:
            told = b""
    return process, Page(re.search(rb"http://\S+", told)[0].decode())


def test_ctrl_c_ends_with_one_line_and_nothing_is_lost(sdbr_process, clip, emulator):  # noqa: ARG001
    process, page = start(sdbr_process, clip)
    page.generate_missing()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.decode().strip().splitlines()[-1] == (
        "sdbr: Stopped. Every click is saved: run the same command to continue."
    )
    assert "Traceback" not in errors.decode()


def test_a_kill_in_the_middle_loses_no_picture_and_nothing_is_charged_twice(
    sdbr_process, clip, start_emulator, workspace
):
    start_emulator(latency=(0.4, 0.4))
    process, page = start(sdbr_process, clip, "--workers", "1")
    page.click("generate-missing", **page.shown["missing"])
    page.until(lambda shown: shown["ready"] == 1)
    process.kill()
    process.wait()
    done = {row["key"] for row in ledger_rows(workspace) if row["outcome"] == "picture"}
    assert done
    _, page = start(sdbr_process, clip, "--workers", "1")
    missing = page.shown["missing"]
    assert len(missing["keyframes"]) == 3 - len(done)
    page.generate_missing()
    page.approve_all()
    assert page.make_film()["error"] == ""
    rows = ledger_rows(workspace)
    made = [row["key"] for row in rows if row["outcome"] == "picture"]
    assert len(made) == len(set(made)) == 3
    # The request that was in flight may be billed; it is counted.
    open_rows = [row for row in rows if row["outcome"] == "open"]
    assert page.shown["spent"] == f"{0.08 * (3 + len(open_rows)):.2f}"
