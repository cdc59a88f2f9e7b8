"""Count the functions through which a prompt and a frame's pixels go.

Usage: python dev/trace.py [--list]

Commands run in this process, offline, each in a workspace of its own. Each call of a function of
sdbr, the emulator's left out, is looked at:

- *prompt*: the functions that are called with the words of the prompt as an argument, alone, within
  a text or bytes, or in a container or dataclass up to 4 deep. "To the body" is from the command
  line until boto3 is handed the request's bytes; "to the end" is until the result is written and
  told, which is what carries the prompt into the picture's own note.
- *frame*: the functions that are called with, or give back, pixels or a picture, alone, or up to 2
  deep in a container or dataclass (a Frame, a request with its Blob, a list of frames): a numpy
  array, a PIL image, at least 1000 bytes. "Pixels" are arrays of three or four bytes a pixel; "any
  array" is each with at least 1000 elements, so brightness, flow and weights too. Over all of a run
  of `--keyframes all` on 3 frames, from the first file that is opened to the last that is written.

`self` is an argument like any other. Objects that are neither containers nor dataclasses are not
looked into, nor are iterators and closures. Comprehensions and lambdas belong to the function
around them; methods that `dataclass` makes do not count. --list names the functions in the order in
which they were first come through.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import os
import re
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import CodeType, FrameType

import numpy as np
from PIL import Image
from result_inputs import make_inputs

SOURCE = Path(__file__).resolve().parent.parent / "src"
PROMPT = "seven herons over a quiet lake"
_SMALLEST = 1000
_LONGEST = 200
"""Items of a container that are looked at."""

Place = tuple[str, str]
Test = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for while a command runs, and how deep in containers.

    `given_back` looks at what functions return too, `until_sent` no further than the first request.
    """

    what: str
    command: tuple[str, ...]
    test: Test
    depth: int
    given_back: bool = False
    until_sent: bool = False


def is_prompt(value: object) -> bool:
    """Whether the words are in a text, or in bytes."""
    if isinstance(value, str):
        return PROMPT in value
    return isinstance(value, bytes) and PROMPT.encode() in value


def is_picture(value: object) -> bool:
    """Whether it is a picture: encoded, of PIL, or its pixels."""
    if isinstance(value, np.ndarray):
        return value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] in (3, 4)
    large = isinstance(value, bytes | bytearray | memoryview) and len(value) >= _SMALLEST
    return large or isinstance(value, Image.Image)


def is_large(value: object) -> bool:
    """Whether it is a picture, or an array as large as one."""
    return is_picture(value) or (isinstance(value, np.ndarray) and value.size >= _SMALLEST)


_DRAWN = ("txt2img", PROMPT, "--seed=7")
_RESTYLED = ("img2img", "photo.png", PROMPT, "--seed=7")
_FILM = ("vid2vid", "clip.mp4", PROMPT, "--seed=7", "--max-frames=3", "--keyframes=all", "--yes")
QUESTIONS = (
    Question("prompt, txt2img, to the body", _DRAWN, is_prompt, 4, until_sent=True),
    Question("prompt, txt2img, to the end", _DRAWN, is_prompt, 4),
    Question("prompt, img2img, to the body", _RESTYLED, is_prompt, 4, until_sent=True),
    Question("prompt, img2img, to the end", _RESTYLED, is_prompt, 4),
    Question("frame, vid2vid, pixels", _FILM, is_picture, 2, given_back=True),
    Question("frame, vid2vid, any array", _FILM, is_large, 2, given_back=True),
)


class Watch:
    """A profile function that keeps the places where the thing of a question is met."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._places: dict[CodeType, Place | None] = {}
        self._over = False
        self.met: dict[Place, None] = {}

    def __call__(self, frame: FrameType, event: str, given_back: object) -> None:
        """Look at a call or a return."""
        if self._over or event not in ("call", "return"):
            return
        code = frame.f_code
        if self._question.until_sent and code.co_name == "_make_api_call":
            self._over = True
            return
        place = self._place(code)
        if place is None or place in self.met:
            return
        values: Iterable[object]
        if event == "call":
            values = (frame.f_locals.get(name) for name in _arguments(code))
        else:
            values = [given_back] if self._question.given_back else []
        if any(_holds(value, self._question.test, self._question.depth) for value in values):
            self.met[place] = None

    def _place(self, code: CodeType) -> Place | None:
        if code not in self._places:
            self._places[code] = _place(code)
        return self._places[code]


def _place(code: CodeType) -> Place | None:
    file = Path(code.co_filename)
    if not file.is_relative_to(SOURCE / "sdbr") or file.is_relative_to(SOURCE / "sdbr/emulator"):
        return None
    name = re.sub(r"(\.<locals>)?\.<(lambda|\w+comp|genexpr)>.*", "", code.co_qualname)
    return None if name.startswith("<") else (str(file.relative_to(SOURCE)), name)


def _arguments(code: CodeType) -> tuple[str, ...]:
    starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(
        code.co_flags & inspect.CO_VARKEYWORDS
    )
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]


def _holds(value: object, test: Test, depth: int) -> bool:
    if test(value):
        return True
    return depth > 0 and any(_holds(part, test, depth - 1) for part in _parts(value))


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from list(value.values())[:_LONGEST]
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from list(value)[:_LONGEST]
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            # One with slots may be met before it is filled.
            yield getattr(value, field.name, None)


def ask(question: Question) -> list[Place]:
    """Run the command of a question; the places in the order in which they were first met."""
    from sdbr.cli import run

    watch = Watch(question)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        make_inputs(Path(folder))
        threading.setprofile(watch)
        sys.setprofile(watch)
        printed, said = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
                code = run(list(question.command))
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    if code != 0:
        raise SystemExit(f"{question.what}: {said.getvalue()}")
    return list(watch.met)


def main() -> None:
    """Print the table, and the functions where they are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true", help="name the functions")
    named = parser.parse_args().list
    sys.path.insert(0, str(SOURCE))
    os.environ.update(SDBR_OFFLINE="1", SDBR_CONFIG=os.devnull)
    found = {question.what: ask(question) for question in QUESTIONS}
    print("| what | functions | files |\n| --- | --- | --- |")
    for what, places in found.items():
        print(f"| {what} | {len(places)} | {len({file for file, _ in places})} |")
    for what, places in found.items() if named else ():
        print(f"\n{what}:", *(f"  {file}: {name}" for file, name in places), sep="\n")


if __name__ == "__main__":
    main()
