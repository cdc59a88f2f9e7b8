import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sdbr.bedrock import body
from sdbr.errors import InputProblem, NoPicture, Refused, ServiceProblem
from sdbr.generation.cache_hits import fill_cache, use_cache
from sdbr.generation.generate import KeyedRequest
from sdbr.store.cache import Cache, spare_cache
from tests.material import CATALOG, CORE, blob, drawn, request_for

FOX = request_for(CORE, seed=7)


class Drawing:
    """Draws and counts; raises `error` instead where there is one."""

    def __init__(self, error=None):
        self.error = error
        self.sends = 0
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.sends += 1
        if self.error is not None:
            raise self.error
        return drawn(request)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def key_of(request):
    return body.cache_key(request, "local")


def one_run(draw, cache, fresh=False):
    layers = use_cache(
        fill_cache(draw, cache, "local", lambda _: None), cache, fresh, threading.Event()
    )
    return lambda request: layers(KeyedRequest(request, key_of(request)))


def test_the_same_request_is_sent_once_in_a_run_and_in_later_runs(cache):
    draw = Drawing()
    first = [one_run(draw, cache)(FOX) for _ in range(2)]
    run = one_run(draw, cache)
    again = [run(replace(FOX)) for _ in range(3)]
    assert draw.sends == 1
    assert not first[0].cached
    assert all(picture.cached for picture in (*first[1:], *again))
    assert {picture.data for picture in (*first, *again)} == {first[0].data}
    assert {picture.key for picture in (*first, *again)} == {key_of(FOX)}


def test_another_seed_is_another_request(cache):
    draw = Drawing()
    run = one_run(draw, cache)
    run(FOX)
    run(replace(FOX, seed=8))
    assert draw.sends == 2


def test_threads_that_want_the_same_at_once_send_once(cache):
    draw = Drawing()
    run = one_run(draw, cache)
    with ThreadPoolExecutor(16) as pool:
        pictures = list(pool.map(run, [FOX] * 32))
    assert draw.sends == 1
    assert sum(not picture.cached for picture in pictures) == 1


def test_a_damaged_picture_is_drawn_again_and_replaced(cache):
    draw = Drawing()
    one_run(draw, cache)(FOX)
    path = cache.picture_path(key_of(FOX), cache.entry(key_of(FOX)))
    path.write_bytes(path.read_bytes()[:-5])
    assert one_run(draw, cache)(FOX).data == drawn(FOX).data
    assert draw.sends == 2
    assert one_run(draw, cache)(FOX).cached
    assert draw.sends == 2


def test_a_refusal_is_remembered_and_not_paid_for_again(cache):
    draw = Drawing(Refused("The filter.", reason="Filter reason: prompt"))
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            one_run(draw, cache)(FOX)
        assert refused.value.reason == "Filter reason: prompt"
    assert draw.sends == 1


def test_other_failures_are_not_remembered(cache):
    draw = Drawing(ServiceProblem("down"))
    for _ in range(2):
        with pytest.raises(ServiceProblem):
            one_run(draw, cache)(FOX)
    assert draw.sends == 2
    draw.error = None
    assert not one_run(draw, cache)(FOX).cached


def test_fresh_asks_anew_once_a_run_and_keeps_the_new_picture(cache):
    draw = Drawing()
    one_run(draw, cache)(FOX)
    run = one_run(draw, cache, fresh=True)
    assert not run(FOX).cached
    assert run(FOX).cached
    assert draw.sends == 2
    assert one_run(draw, cache)(FOX).cached


def test_fresh_forgets_a_refusal(cache):
    draw = Drawing(Refused("The filter.", reason="x"))
    with pytest.raises(Refused):
        one_run(draw, cache)(FOX)
    draw.error = None
    assert one_run(draw, cache, fresh=True)(FOX)
    assert one_run(draw, cache)(FOX).cached


def test_where_the_picture_cannot_be_kept_nothing_is_sent(cache):
    draw = Drawing()
    cache.folder.write_text("a file in its place")
    with pytest.raises(InputProblem, match="Cannot write"):
        one_run(draw, cache)(FOX)
    assert draw.sends == 0


def fail_below(monkeypatch, folder, name, reason):
    """From now on the call `os.name` fails for files below `folder`."""
    really = getattr(os, name)

    def fail(first, *rest):
        path = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else first
        if Path(path).is_relative_to(folder):
            raise OSError(reason, os.strerror(reason))
        return really(first, *rest)

    monkeypatch.setattr(os, name, fail)


@pytest.mark.parametrize("name", ["fsync", "replace", "fstat"])
@pytest.mark.parametrize("reason", [errno.EIO, errno.ENOSPC])
def test_a_paid_picture_that_the_cache_does_not_take_is_given_on_and_not_paid_for_again(
    tmp_path, monkeypatch, name, reason
):
    cache = Cache(tmp_path / "cache", Cache(tmp_path / "spare"))
    draw = Drawing()

    def pay(request):
        picture = draw(request)
        fail_below(monkeypatch, cache.folder, name, reason)
        return picture

    run = one_run(pay, cache)
    picture = run(FOX)
    with pytest.raises(InputProblem, match=r"paid for is saved as .*spare") as refused:
        run(replace(FOX, seed=8))
    assert refused.value.trace.sent is False
    monkeypatch.undo()
    assert one_run(draw, cache)(FOX).data == picture.data
    assert cache.has(key_of(FOX))
    assert draw.sends == 1


def test_where_no_place_takes_it_a_paid_picture_goes_to_the_results(tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache", Cache(tmp_path / "spare"))
    told = []

    def pay(request):
        fail_below(monkeypatch, tmp_path, "fsync", errno.ENOSPC)
        return drawn(request)

    run = fill_cache(pay, cache, "local", told.append)
    assert run(KeyedRequest(FOX, "a" * 64)).data == drawn(FOX).data
    assert "exists only in the results" in told[0]


def test_a_cache_that_is_deleted_in_mid_run_is_made_anew(cache):
    draw = Drawing()

    def pay(request):
        shutil.rmtree(cache.folder)
        return draw(request)

    one_run(pay, cache)(FOX)
    assert one_run(draw, cache)(FOX).cached
    assert draw.sends == 1


def test_a_refusal_that_cannot_be_noted_is_a_refusal_all_the_same(cache, monkeypatch):
    def refuse(_):
        fail_below(monkeypatch, cache.folder, "fsync", errno.ENOSPC)
        raise Refused("No.", reason="Filter reason: prompt")

    with pytest.raises(Refused):
        one_run(refuse, cache)(FOX)


def test_the_spare_cache_is_closed_to_others(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spare = spare_cache(tmp_path / "work")
    assert len(list(tmp_path.iterdir())) == 1
    assert Cache(tmp_path / "file" / "x", spare).rescue("ab", drawn(FOX), "core", "aws")
    home = spare.folder.parent
    assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o777)
    assert spare_cache(tmp_path / "work") is None
    shutil.rmtree(home)
    home.symlink_to(tmp_path)
    assert spare_cache(tmp_path / "work") is None


def test_what_is_no_picture_is_kept_aside_and_asked_for_anew(cache):
    broken, told = Drawing(NoPicture("Broken.", b"no picture")), []
    with pytest.raises(NoPicture):
        fill_cache(broken, cache, "local", told.append)(KeyedRequest(FOX, key_of(FOX)))
    (aside,) = (cache.folder.parent / "aside").iterdir()
    assert aside.read_bytes() == b"no picture"
    assert str(aside) in told[0]
    assert not one_run(Drawing(), cache)(FOX).cached


@pytest.mark.parametrize(
    ("model", "side", "megabytes"),
    [("core", 0, 4), ("sd3.5", 512, 4), ("inpaint", 3000, 34), ("fast-upscale", 1024, 64)],
)
def test_the_space_of_the_largest_picture_is_set_aside(tmp_path, model, side, megabytes):
    sizes = []

    class Reserving(Cache):
        def reserve(self, key, space):
            sizes.append(space)
            return super().reserve(key, space)

    init = blob(side, side) if side else None
    request = replace(request_for(CATALOG.find(model)), init_image=init)
    fill_cache(drawn, Reserving(tmp_path / "cache"), "local", print)(
        KeyedRequest(request, "a" * 64)
    )
    assert sizes[0] >> 20 == megabytes
