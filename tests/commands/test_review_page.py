"""The page of `sdbr review` in a real browser: a new seed, an own picture, a mask, the film."""

from __future__ import annotations

import base64
import json

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests import browser
from tests.commands.clip_runs import frames, invocations
from tests.commands.money import ledger_rows
from tests.commands.test_review import picture, start
from tests.commands.test_vid2vid_calls import shots_in

FIRST = "status.shots[0].keyframes[0]"
SECOND = "status.shots[0].keyframes[1]"
CARDS = "[...document.querySelectorAll('.card')]"
DROP = """
(() => {{
  const data = Uint8Array.from(atob({data}), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([data], 'own.png', {{ type: 'image/png' }}));
  const field = {cards}[1].querySelector('.own');
  field.files = files.files;
  field.dispatchEvent(new Event('change', {{ bubbles: true }}));
}})()
"""
STROKE = """
(() => {
  const canvas = document.querySelector('#painter canvas');
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const at = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
  at('pointerdown', 0.2, 0.5); at('pointermove', 0.6, 0.5); at('pointerup', 0.6, 0.5);
})()
"""


@pytest.fixture
def tab():
    program = browser.found()
    if program is None:
        pytest.skip("no Chromium")
    one = browser.Browser(program)
    yield one
    one.close()


def press(tab, button, within="document"):
    """Click a button that can be clicked, as a reader would."""
    tab.until(f"{within}.querySelector('{button}')?.disabled === false")
    tab.run(f"{within}.querySelector('{button}').click()")


def label(tab, button, within="document"):
    return tab.run(f"{within}.querySelector('{button}').textContent")


def test_a_browser_approves_with_a_new_seed_and_an_own_picture_and_the_film_appears(
    tab, sdbr_process, workspace, emulator
):
    clip = shots_in(workspace, count=1)
    process, page = start(sdbr_process, clip, "--max-cost", "1")
    tab.visit(page.url.geturl())
    tab.until("document.querySelectorAll('.card').length === 3")
    assert label(tab, "#missing") == "Generate 3 missing · 0.24 USD"
    assert not invocations(emulator)
    press(tab, "#missing")
    tab.until("status.ready === 3")
    card = f"{CARDS}[0]"
    assert label(tab, ".seed", card) == "New seed · 0.08 USD"
    press(tab, ".seed", card)
    tab.run(f"{card}.querySelector('.seed').click()")  # A second click at once.
    tab.until(f"{FIRST}.takes.length === 2 && {FIRST}.ready && !{FIRST}.busy")
    tab.until(f"{card}.querySelectorAll('.takes img').length === 2")
    data = json.dumps(base64.b64encode(picture()).decode())
    tab.run(DROP.format(data=data, cards=CARDS))
    tab.until(f"{SECOND}.takes.length === 2")
    press(tab, ".paint", f"{CARDS}[2]")
    tab.until("document.querySelector('#painter').open")
    tab.run(STROKE)
    press(tab, "#painter .save")
    tab.until("status.shots[0].keyframes[2].mask !== ''")

    tab.visit(page.url.geturl())  # A reload shows the same.
    tab.until("status !== null && document.querySelectorAll('.card').length === 3")
    assert tab.run(f"[{FIRST}.takes.length, {SECOND}.takes.length]") == [2, 2]
    assert label(tab, "#tally") == "0.32 of 1.00 USD spent · 0 of 3 approved"
    press(tab, "#approve-all")
    press(tab, "#film")
    tab.until("document.querySelector('#result video')?.readyState >= 1", "status.film.error")
    film = tab.run("status.film.path")
    rows = ledger_rows(workspace)
    assert len(rows) == len(invocations(emulator)) == 4
    assert label(tab, "#tally") == "0.32 of 1.00 USD spent · 3 of 3 approved"

    for width in (390, 1280):
        tab.resize(width, 844)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width
    hosts = {url.split("/")[2] for url in tab.requested if url.startswith("http")}
    assert hosts == {page.url.netloc}
    press(tab, "#finish")
    tab.until("document.querySelector('#notice').textContent.startsWith('The review is finished')")
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out.decode().split()) == (0, [film]), errors.decode()
    assert len(frames(workspace / film)) == 9


def test_words_from_outside_are_text_on_the_page(tab, sdbr_process, workspace, emulator):  # noqa: ARG001
    clip = shots_in(workspace, count=1)
    words = "<img src=x onerror=document.title='ran'>"
    _, page = start(sdbr_process, clip, "--style", "anime", "--negative", "x", "--name", words)
    page.generate_missing()
    page.new_seed(0, prompt=words)
    tab.visit(page.url.geturl())
    tab.until("document.querySelectorAll('.card').length === 3")
    assert tab.run("document.querySelectorAll('img[src=x]').length") == 0
    assert tab.run(f"{CARDS}[0].querySelector('.prompt').value") == words
    assert tab.run("document.title") != "ran"
