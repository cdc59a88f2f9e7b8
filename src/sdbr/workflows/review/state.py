"""What was clicked in a review: a small JSON file, written whole after every click."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sdbr.errors import InputProblem
from sdbr.files import plain_read_errors, write_whole

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Take:
    """One picture for a keyframe: the words, strength and seed that generate it.

    `strength` is None where the model chooses. A `picture` of the user's own, a file's name in the
    review's folder, needs no request.
    """

    prompt: str = ""
    strength: float | None = None
    seed: int = 0
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ReviewedKeyframe:
    """The takes of a keyframe, which of them is chosen, and whether that one is approved.

    The first take is a generated one. `mask` is the file in the review's folder whose white parts
    stay as in the source, or "".
    """

    takes: tuple[Take, ...]
    chosen: int = 0
    approved: bool = False
    mask: str = ""

    @property
    def take(self) -> Take:
        """The chosen one."""
        return self.takes[self.chosen]

    @property
    def generated(self) -> Take:
        """The chosen one, or the last before it that is no picture of the user's own."""
        until = self.takes[: self.chosen + 1]
        return next(take for take in reversed(until) if not take.picture)

    def choose(self, take: Take) -> ReviewedKeyframe:
        """With this take chosen, which is added unless it is there."""
        takes = self.takes if take in self.takes else (*self.takes, take)
        return replace(self, takes=takes, chosen=takes.index(take), approved=False)

    def without(self, take: Take) -> ReviewedKeyframe:
        """Without a take of which nothing came, unless it is the only one."""
        left = tuple(one for one in self.takes if one != take)
        if not left or take not in self.takes:
            return self
        chosen = left.index(self.take) if self.take in left else len(left) - 1
        return replace(self, takes=left, chosen=chosen)


@dataclass(frozen=True, slots=True)
class ReviewState:
    """A review as it was left: its keyframes by frame number from 0, the runs in the ledger that
    its clicks began, and the last film's path, or ""."""

    keyframes: Mapping[int, ReviewedKeyframe] = field(default_factory=dict)
    runs: tuple[int, ...] = ()
    film: str = ""

    def put(self, number: int, keyframe: ReviewedKeyframe) -> ReviewState:
        """With this keyframe in place of what it was."""
        return replace(self, keyframes={**self.keyframes, number: keyframe})


def read_state(path: Path) -> ReviewState:
    """The review as it was left; a new one where there is none. Raises InputProblem."""
    if not path.exists():
        return ReviewState()
    with plain_read_errors(path):
        data = path.read_bytes()
    try:
        told = json.loads(data)
        if told["version"] != _VERSION:
            raise ValueError("another version")
        keyframes = {int(number): _keyframe(one) for number, one in told["keyframes"].items()}
        return ReviewState(keyframes, tuple(map(int, told["runs"])), str(told["film"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputProblem(
            f"{path} is not a review that this sdbr can read. Move it away to start again: "
            "generated keyframes are cached."
        ) from error


def write_state(path: Path, state: ReviewState, keys: Iterable[str]) -> None:
    """Write the review, with the keys of the cached pictures that it shows: pruning leaves them.

    Raises InputProblem.
    """
    keyframes = {str(number): asdict(one) for number, one in sorted(state.keyframes.items())}
    told = {
        "version": _VERSION,
        "keyframes": keyframes,
        "runs": state.runs,
        "film": state.film,
        "keys": sorted(set(keys)),
    }
    write_whole(path, json.dumps(told, ensure_ascii=False, indent=1).encode())


def _keyframe(told: Mapping[str, Any]) -> ReviewedKeyframe:
    takes = tuple(
        Take(
            str(one["prompt"]),
            None if one["strength"] is None else float(one["strength"]),
            int(one["seed"]),
            _file_name(one["picture"]),
        )
        for one in told["takes"]
    )
    chosen = int(told["chosen"])
    if not 0 <= chosen < len(takes) or takes[0].picture:
        raise ValueError("no such take")
    return ReviewedKeyframe(takes, chosen, bool(told["approved"]), _file_name(told["mask"]))


def _file_name(name: object) -> str:
    """A name within the review's folder."""
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError("no name of a file")
    return name
