"""Everything that parses, each with bad input for it; a target raises what it must not raise."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path

from dev.campaign.fuzz import seeds, stores, words
from dev.campaign.fuzz.mutating import any_json, bent, mutated, text
from dev.campaign.fuzz.shop import Shop, shop
from dev.campaign.fuzz.watching import Target

from sdbr.bedrock import catalog
from sdbr.bedrock.client import _picture, parse
from sdbr.bedrock.error_mapping import Failure, explain
from sdbr.config.file import read as read_toml
from sdbr.errors import SdbrError
from sdbr.media import metadata
from sdbr.media.formats import sniff, whole
from sdbr.media.open import open_reader, read_comment
from sdbr.media.stills.open import open_picture
from sdbr.request import ImageRequest

_MODELS = catalog.load({}, {}).models
_MOST_FRAMES = 50


def answers(chance: random.Random) -> None:
    """A body that Bedrock sends with HTTP 200."""
    import pybase64

    picture = pybase64.b64encode(seeds.picture(chance.choice(seeds.KINDS))).decode()
    told = chance.choice(
        (
            {"seeds": [7], "finish_reasons": [None], "images": [picture]},
            {"result": "success", "artifacts": [{"seed": 7, "base64": picture}]},
        )
    )
    body = json.dumps(bent(told, chance, 0.3)).encode("utf-8", "replace")
    if chance.random() < 0.3:
        body = mutated(body, chance)
    if chance.random() < 0.02:
        body = chance.choice((b"[" * 200_000, b'{"a":' * 100_000, b"9" * 5_000_000, b" " * 10**7))
    request = ImageRequest(chance.choice(_MODELS), "a fox", seed=7)
    with suppress(SdbrError):
        _picture(request, parse(body), "id")


def errors(chance: random.Random) -> None:
    """An error that Bedrock sends."""
    codes = ("ValidationException", "ThrottlingException", "AccessDeniedException", "")
    message = text(chance)
    if chance.random() < 0.5:
        message = json.dumps(bent({"detail": "no", "errors": ["x"]}, chance, 0.3))
    code = chance.choice((*codes, text(chance)))
    failure = Failure(code[:80], chance.choice((0, 200, 400, 403, 404, 429, 500, 999)), message)
    said = str(explain(failure, chance.choice(_MODELS), "us-west-2", ""))
    assert len(said) < 2_000, "a message grows with what Bedrock says"


def pictures(chance: random.Random) -> None:
    """A picture file."""
    data = mutated(seeds.picture(chance.choice(seeds.KINDS)), chance)
    sniff(data)
    whole(data)
    metadata.read(data)
    metadata.embed(data, "x", "{}")
    with suppress(SdbrError):
        open_picture(data)


def clips(chance: random.Random) -> None:
    """A clip in any container."""
    suffix = chance.choice(seeds.CLIPS)
    with shop() as place:
        path = place.workspace / f"clip{suffix}"
        path.write_bytes(mutated(seeds.clip(suffix), chance))
        with suppress(SdbrError):
            read_comment(path)
        with suppress(SdbrError):
            reader = open_reader(path)
            for _ in islice(reader.frames(Fraction(0), Fraction(10)), _MOST_FRAMES):
                pass


def frame_times(chance: random.Random) -> None:
    """frames.json beside the frames of a folder."""
    span = ["0", "1/12"]
    good = {
        "rate": "12",
        "tick": "1/12",
        "variable": False,
        "comment": "",
        "frames": {"1.png": span, "2.png": ["1/12", "1/12"]},
        "fingerprint": "0" * 64,
    }
    with shop() as place:
        for name in ("1.png", "2.png"):
            Path(name).write_bytes(seeds.picture("png"))
        Path("frames.json").write_bytes(_json_file(good, chance))
        with suppress(SdbrError):
            list(islice(open_reader(place.workspace).frames(), _MOST_FRAMES))


def settings(chance: random.Random) -> None:
    """sdbr.toml."""
    good = (
        b'region = "us-west-2"\nask_above = 2.5\n[prices]\ncore = 0.04\n[aliases]\nfast = "core"\n'
        b'[models]\nimg2img = "structure"\n[looks.night]\nprompt = "by night"\nseed = "1..4"\n'
    )
    with shop() as place:
        path = place.workspace / "sdbr.toml"
        path.write_bytes(mutated(good, chance))
        with suppress(SdbrError):
            read_toml(path)
        if chance.random() < 0.1:
            place.sdbr("config")
            place.sdbr("models")
            place.sdbr("txt2img", "a fox", "--dry-run", "--offline", "--look", "night")


def records(chance: random.Random) -> None:
    """What a picture or a clip says of how it was made."""
    moving = chance.random() < 0.5
    record = json.dumps(bent(seeds.CLIP_RECORD if moving else seeds.RECORD, chance))
    record = record.encode("utf-8", "replace").decode()
    with shop() as place:
        folder = place.workspace / "generate" / "img"
        folder.mkdir(parents=True)
        if moving:
            path = folder / f"a{chance.choice(('.gif', '.webp', '.apng', '.mkv'))}"
            path.write_bytes(seeds.clip.__wrapped__(path.suffix, record))
        else:
            kind = chance.choice(("png", "jpeg", "webp"))
            path = folder / f"a.{kind}"
            path.write_bytes(seeds.picture.__wrapped__(kind, record))
        _ask_about(path, place, chance)


def _ask_about(path: Path, place: Shop, chance: random.Random) -> None:
    name = str(path.relative_to(place.workspace))
    question = chance.choice(
        (
            ("inspect", name),
            ("inspect", name, "--json"),
            ("report", "-o", "report.html"),
            ("replay", name, "--dry-run", "--offline"),
        )
    )
    place.sdbr(*question)


def _json_file(good: object, chance: random.Random) -> bytes:
    bad = bent(good, chance, 0.1) if chance.random() < 0.8 else any_json(chance)
    data = json.dumps(bad).encode("utf-8", "replace")
    return mutated(data, chance) if chance.random() < 0.2 else data


TARGETS: dict[str, Target] = {
    "answers of Bedrock": answers,
    "errors of Bedrock": errors,
    "pictures": pictures,
    "clips": clips,
    "frames.json": frame_times,
    "sdbr.toml": settings,
    "records in results": records,
    "prompts and flags": words.prompts,
    "names of files": words.names,
    "ledger and cache": stores.damaged,
    "secrets": stores.secrets,
}
