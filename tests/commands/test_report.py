import hashlib
import json
import os
import re
import shutil
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from sdbr.media import metadata
from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.writer import open_writer
from sdbr.workflows.prepare import remember
from tests import browser as browsers

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;"


def noise(seed, height=240, width=320):
    """A picture that is neither flat nor pure noise, as photos are."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 16, width // 16, 3)).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = random.integers(-12, 12, (height, width, 3))
    return np.clip(np.asarray(smooth) + grain, 0, 255).astype(np.uint8)


def record(prompt, **more):
    request = {"model": "stability.sd3-5-large-v1:0", "prompt": prompt, "strength": 0.6}
    return {"sdbr": "0", "command": "img2img", "request": request, "seed": 7, **more}


def picture(path, prompt, seed, inputs=()):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed)).save(path)
    made = record(
        prompt,
        size=[320, 240],
        key=f"key-{seed}",
        price_usd="0.08",
        answered_by="aws",
        drawn_on="2026-11-20",
        inputs=list(inputs),
    )
    path.write_bytes(metadata.embed(path.read_bytes(), "", json.dumps(made)))


def clip(path, command, made):
    path.parent.mkdir(parents=True, exist_ok=True)
    comment = json.dumps({**made, "command": command, "size": [320, 240], "frames": 12})
    with open_writer(path, FrameTiming.even(Fraction(12)), comment=comment) as writer:
        for at in range(12):
            image = np.roll(noise(9), 4 * at, axis=1)
            writer.add(TimedFrame(image, Fraction(at, 12), Fraction(1, 12)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Three pictures, one with a source, an animation and a video with its numbers."""
    root = tmp_path_factory.mktemp("drawn")
    Image.fromarray(noise(1)).save(root / "photo.png")
    digest = hashlib.sha256((root / "photo.png").read_bytes()).hexdigest()
    told = {"role": "init_image", "name": "photo.png", "sha256": digest}
    folder = root / "generate" / "img"
    picture(folder / "one.png", EVIL, 2, [told])
    picture(folder / "two.png", "a blue fox", 3)
    picture(root / "source" / "img" / "three.png", "a harbour", 4)
    clip(folder / "four.gif", "img2gif", record("a living photo", fingerprint="f4"))
    clip(root / "generate/videos/five.mp4", "vid2vid", record("as a woodcut", fingerprint="f5"))
    (root / ".sdbr" / "clips").mkdir(parents=True)
    numbers = {
        "keyframes": [1, 6, 12],
        "flicker": 0.002,
        "flicker_source": 0.001,
        "sharpness": 250.4,
        "curve": [[n, 0.001 * n] for n in range(2, 13)],
        "verdict": "ghosting",
        "look_at": [[0.2, 0.4]],
        "ghost_curve": [[n, 0.4 if 5 < n < 9 else 0.05] for n in range(2, 13)],
    }
    (root / ".sdbr" / "clips" / "f5.steadiness.json").write_text(json.dumps(numbers))
    return root


@pytest.fixture
def results(workspace, drawn):
    """A workspace with those results."""
    shutil.copytree(drawn, workspace, dirs_exist_ok=True)
    photo = workspace / "photo.png"
    remember(photo, hashlib.sha256(photo.read_bytes()).hexdigest(), workspace / ".sdbr" / "inputs")
    return workspace


def page_of(ran, workspace):
    assert ran.code == 0, ran.errors
    return (workspace / ran.lines[0]).read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def tags(html):
    parser = Tags()
    parser.feed(html)
    return parser.tags


def test_each_result_is_there_with_how_it_was_made(sdbr, results):
    html = page_of(sdbr("report"), results)
    cards = [attributes for tag, attributes in tags(html) if tag == "article"]
    assert sorted(card["data-kind"] for card in cards) == ["animation"] + ["picture"] * 3 + [
        "video"
    ]
    for words in ("stability.sd3-5-large-v1:0", "7</dd>", "0.6", "0.08 USD", "photo.png"):
        assert words in html
    assert "0.24 USD for 3 generated frames" in html
    assert "0.72 USD compared with generating all 12 frames" in html
    assert "Flicker 2.00, source 1.00" in html
    assert "Ghosting at 0.2–0.4 s. Moving objects lose up to 40% of their detail" in html
    assert html.count("<polyline") == 1
    assert html.count('class="key"') == 3


def test_only_a_video_beside_its_source_has_buttons_that_play_both(sdbr, results):
    html = page_of(sdbr("report"), results)
    assert html.count("<video") == html.count(" controls") == 1
    assert 'class="play"' not in html
    assert html.count('class="halt"') == 1


def test_markup_in_a_prompt_is_text(sdbr, results):
    html = page_of(sdbr("report"), results)
    scripts = [attributes for tag, attributes in tags(html) if tag == "script"]
    assert [it for it in scripts if it.get("type") != "text/plain"] == [{}]
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_page_names_no_address_and_no_folder_of_this_machine(sdbr, results):
    html = page_of(sdbr("report"), results)
    addresses = [
        value
        for tag, attributes in tags(html)
        for name, value in attributes.items()
        if name in ("src", "href", "poster", "action", "srcset")
    ]
    assert addresses == ["data:,"]
    assert re.findall(r"https?:", html) == []
    assert str(results) not in html


def test_a_page_is_smaller_than_what_it_shows_and_a_fifth(sdbr, results):
    ran = sdbr("report")
    shown = [*results.glob("generate/*/*.*"), *results.glob("source/img/*"), results / "photo.png"]
    files = [path for path in shown if path.suffix != ".html"]
    assert len(files) == 6
    size = (results / ran.lines[0]).stat().st_size
    assert size < 1.2 * sum(path.stat().st_size for path in files)


def test_a_run_shows_its_own_results_and_what_it_cost(sdbr, emulator, workspace):
    sdbr("txt2img", "a red fox", "--seed", "1")
    drawn = sdbr("txt2img", "a blue owl", "--seed", "1")
    for path in workspace.glob("source/img/*"):
        os.utime(path, (0, 0))  # Not told by the time it was written, but by its request.
    html = page_of(sdbr("report", "2"), workspace)
    assert html.count("<article") == 1
    assert "a blue owl" in html
    assert "<dt>Run 2</dt><dd>0.04 USD" in html
    assert "<dt>Workspace</dt><dd>0.08 USD" in html
    assert sdbr("report", "last").lines == ["generate/report-2.html"]
    assert drawn.lines == ["source/img/a-blue-owl-1.png"]
    assert len(emulator.received) == 2


@pytest.mark.usefixtures("results")
def test_a_run_that_nobody_made_is_told(sdbr):
    ran = sdbr("report", "99")
    assert ran.code == 2
    assert "No run 99" in ran.failure


def test_a_folder_without_results_is_told_and_nothing_is_written(sdbr, workspace):
    (workspace / "empty").mkdir()
    ran = sdbr("report", "empty")
    assert ran.code == 2
    assert "no results yet" in ran.failure
    assert not (workspace / "generate").exists()
    for what, told in (("nowhere", "not a folder or a run"), ("last", "No runs yet")):
        assert told in sdbr("report", what).failure


def test_a_report_replaces_a_report_and_nothing_else(sdbr, results):
    mine = results / "mine.html"
    mine.write_text("<p>mine")
    ran = sdbr("report", "-o", "mine.html")
    assert ran.code == 2
    assert "--overwrite" in ran.failure
    assert mine.read_text() == "<p>mine"
    assert sdbr("report", "-o", "mine.html", "--overwrite").code == 0
    assert sdbr("report", "-o", "mine.html").code == 0


def test_files_that_are_gone_or_broken_leave_the_others_in_place(sdbr, results):
    (results / "generate/img/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (results / "photo.png").unlink()
    html = page_of(sdbr("report"), results)
    assert html.count("<article") == 5
    assert "photo.png" in html


@pytest.fixture(scope="module")
def browser():
    program = browsers.found()
    if program is None:
        pytest.skip("no browser is installed")
    opened = browsers.Browser(program)
    yield opened
    opened.close()


def test_a_browser_shows_slides_and_filters_it_all_without_a_network(sdbr, results, browser):
    page_of(sdbr("report"), results)
    browser.requested.clear()
    browser.open(results / "generate" / "report.html")
    _shows_all(browser)
    schemes = {url.partition(":")[0] for url in browser.requested}
    assert schemes <= {"file", "blob", "data"}
    _has_posters(browser)
    _slides(browser)
    _slides_by_key(browser)
    _filters(browser)
    _plays(browser)
    _halts(browser)
    _fits_a_phone(browser)


def _shows_all(browser):
    """Scroll to each medium until it is there: only what comes near the screen is unpacked."""
    unseen = "(it) => !(it.naturalWidth || it.videoWidth)"
    left = f"[...document.querySelectorAll('[data-media]')].filter({unseen})"
    scroll = f"(([first]) => {{ first?.scrollIntoView(); return !first; }})({left})"
    browser.until(scroll, told=f"{left}.map((it) => it.outerHTML).join()")


def _has_posters(browser):
    """A film that was not played yet shows its first picture."""
    films = "[...document.querySelectorAll('video')]"
    image = "Object.assign(new Image(), { src: it.poster })"
    browser.run(f"(window.posters = {films}.map((it) => {image})).length")
    browser.until("posters.length > 0 && posters.every((it) => it.naturalWidth > 0)")


def _slides(browser):
    card = "document.querySelector('.pair').closest('.card')"
    slider = f"{card}.querySelector('input[type=range]')"
    browser.run(f"{slider}.value = 80; {slider}.dispatchEvent(new Event('input'))")
    clip = f"getComputedStyle({card}.querySelector('.before')).clipPath"
    assert browser.run(clip) in ("inset(0px calc(20%) 0px 0px)", "inset(0px 20% 0px 0px)")


def _slides_by_key(browser):
    browser.run("document.querySelector('.pair ~ .bar input').focus()")
    browser.press("ArrowRight")
    assert browser.run("document.activeElement.value") == "81"


def _halts(browser):
    halt = "document.querySelector('[data-kind=animation] .halt')"
    for label, stills in (("Play", 1), ("Pause", 0)):
        browser.run(f"{halt}.click()")
        assert browser.run(f"{halt}.textContent") == label
        assert browser.run("document.querySelectorAll('canvas').length") == stills


def _filters(browser):
    shown = "[...document.querySelectorAll('.card')].filter((it) => !it.hidden).length"
    assert browser.run(shown) == 5
    browser.run("words.value = 'BLUE fox'; words.dispatchEvent(new Event('input'))")
    assert browser.run(shown) == 1
    assert browser.run("document.getElementById('count').textContent") == "1 of 5"
    browser.run("words.value = 'zzz'; words.dispatchEvent(new Event('input'))")
    assert browser.run("document.getElementById('nothing').hidden") is False
    browser.run("words.value = ''; kind.value = 'video'; kind.dispatchEvent(new Event('input'))")
    assert browser.run(shown) == 1
    browser.run("kind.value = ''; kind.dispatchEvent(new Event('input'))")
    assert browser.run(shown) == 5


def _plays(browser):
    video = "document.querySelector('video')"
    browser.run(f"{video}.play()")
    browser.until(f"{video}.currentTime > 0.2")
    assert browser.run(f"{video}.error") is None


def _fits_a_phone(browser):
    browser.resize(390, 844)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run("document.title").startswith("Results in ")
    assert browser.run(
        f"[...document.querySelectorAll('h2')].some((it) => it.textContent === {json.dumps(EVIL)})"
    )


@pytest.fixture
def open_report(sdbr, results, browser):
    """A page with a portrait picture, opened in a window of a given size."""
    portrait = results / "source/img/tall.png"
    Image.new("RGB", (90, 270), "navy").save(portrait)
    made = json.dumps(record("a tower", size=[90, 270], command="txt2img"))
    portrait.write_bytes(metadata.embed(portrait.read_bytes(), "", made))
    page_of(sdbr("report"), results)

    def opened(width, height):
        browser.resize(width, height)
        browser.open(results / "generate" / "report.html")
        return browser

    return opened


_TALL = "[...document.querySelectorAll('.card')].find((it) => it.dataset.words.includes('tower'))"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_tall_picture_is_no_taller_than_its_card_is_wide(open_report, width):
    browser = open_report(width, 900)
    box = f"(({{offsetWidth: w, offsetHeight: h}}) => [w, h])({_TALL}.querySelector('.stack'))"
    wide, tall = browser.run(box)
    assert wide * 3 == pytest.approx(tall, abs=3)
    assert tall <= browser.run(f"{_TALL}.offsetWidth") * 1.2


def test_a_phone_shows_the_whole_words_of_the_filters(open_report):
    browser = open_report(390, 844)
    room = """[...document.querySelectorAll('.filters select')].map((select) => {
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = getComputedStyle(select).font;
      return select.offsetWidth - pen.measureText(select.options[0].text).width;
    })"""
    assert min(browser.run(room)) > 30  # Pixels: the padding and the arrow.


def test_the_pattern_behind_clear_pixels_waits_for_the_picture(open_report):
    browser = open_report(390, 300)
    behind = "getComputedStyle(document.querySelectorAll('.stack')[{}]).backgroundImage"
    last = browser.run("document.querySelectorAll('.stack').length") - 1
    assert browser.run(behind.format(last)) == "none"
    browser.until(f"{behind.format(0)} !== 'none'")
