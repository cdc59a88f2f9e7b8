"""What sdbr keeps in a workspace, damaged; and credentials, which it must keep to itself."""

from __future__ import annotations

import json
import os
import random
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path

from dev.campaign.fuzz import seeds
from dev.campaign.fuzz.mutating import any_json, bent, mutated
from dev.campaign.fuzz.shop import Broken, Shop, emulated, shop
from dev.campaign.secrets import told_by

_DRAW = ("txt2img", "a fox", "--count", "2", "--seed", "7", "-q")
_QUESTIONS = (
    *(("ledger",), ("ledger", "--json"), ("cache",), ("cache", "verify"), ("cache", "prune")),
    *(("report", "-o", "report.html"), ("inspect", "source/img/a-fox-7.png"), _DRAW),
    ("img2img", "one.png", "as a woodcut", "--seed", "7", "-q"),
    ("img2gif", "one.png", "as a woodcut", "--frames", "2", "--seed", "7", "-q"),
)
_BEARER = "bedrock-api-key-campaign0bearer0token0123456789"
_HIDDEN = ("campaign/secret+key/0123456789", "campaign-session-token-FwoGZX", _BEARER)


def damaged(chance: random.Random) -> None:
    """Ledger, cache, notes and frames of earlier runs, damaged, and a command that needs them."""
    with shop() as place, emulated():
        for name, data in _kept().items():
            path = place.workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        files = sorted(path for path in Path(".sdbr").rglob("*") if path.is_file())
        for _ in range(chance.randint(1, 3)):
            _damage(chance.choice(files), chance)
        for question in chance.sample(_QUESTIONS, 2):
            place.sdbr(*question)


@cache
def _kept() -> dict[str, bytes]:
    """The files of a workspace in which pictures and an animation were drawn, and one failed."""
    with shop() as place, emulated():
        Path("one.png").write_bytes(seeds.picture("png"))
        for question in _QUESTIONS[-3:]:
            place.sdbr(*question)
        place.sdbr("txt2img", "a fox", "--max-cost", "0.01", "--count", "2")
        files = (path for path in place.workspace.rglob("*") if path.is_file())
        return {str(path.relative_to(place.workspace)): path.read_bytes() for path in files}


def _damage(path: Path, chance: random.Random) -> None:
    if not path.is_file():
        return
    kind, data = chance.randrange(8), path.read_bytes()
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.write_bytes(b"")
    elif kind == 2:
        path.unlink()
        path.mkdir()
    elif kind == 3:
        path.unlink()
        path.symlink_to(path.resolve().parent / "nowhere")
    elif kind < 6 and path.suffix == ".json":
        told = any_json(chance)
        with suppress(ValueError):  # It may have been damaged before.
            told = bent(json.loads(data), chance, 0.3) if kind == 4 else told
        path.write_bytes(json.dumps(told).encode("utf-8", "replace"))
    else:
        path.write_bytes(mutated(data, chance))


def secrets(chance: random.Random) -> None:
    """Credentials of every kind, in runs that fail in every way, at their most talkative."""
    with shop() as place, emulated():
        _hide(place, chance)
        said = "".join(place.sdbr(*_troubled(chance)) for _ in range(2))
        said += place.sdbr("doctor") + place.sdbr("config") + place.sdbr("ledger")
        if Path("source/img").exists():
            place.sdbr("report", "-o", "report.html")
        shutil.rmtree(".aws", ignore_errors=True)
        if told_by(place.workspace, [said], _HIDDEN):
            raise Broken("a credential was told")


def _hide(place: Shop, chance: random.Random) -> None:
    key, token, bearer = _HIDDEN
    told = {"AWS_SECRET_ACCESS_KEY": key, "AWS_SESSION_TOKEN": token}
    if chance.random() < 0.3:
        told |= {"AWS_BEARER_TOKEN_BEDROCK": bearer}
    if chance.random() < 0.3:
        told |= {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://127.0.0.1:9"}
    os.environ.update(told)
    folder = place.workspace / ".aws"
    folder.mkdir()
    profile = f"[p]\naws_access_key_id = AKIA\naws_secret_access_key = {key}\n"
    (folder / "credentials").write_text(f"{profile}aws_session_token = {token}\n")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / "credentials")


def _troubled(chance: random.Random) -> tuple[str, ...]:
    flags = [
        flag
        for flag in ("--profile=p", "--profile=nobody", "--region=eu-west-1", "--region=x y")
        if chance.random() < 0.2
    ]
    model = chance.choice(("core", "sdxl", "ultra", "no-such"))
    words = ("txt2img", "a fox", "--seed", "7", "--model", model, "--attempts", "1", "-vv")
    return (*words, *flags)
