"""Words, names and flags on the command line."""

from __future__ import annotations

import random
from pathlib import Path

from dev.campaign.fuzz import seeds
from dev.campaign.fuzz.mutating import sayable
from dev.campaign.fuzz.shop import Shop, emulated, shop


def prompts(chance: random.Random) -> None:
    """A prompt, a name and flags on the command line."""
    with shop() as place:
        flags = [f"--{name}={_value(chance)}" for name in _FLAGS if chance.random() < 0.15]
        place.sdbr("txt2img", *flags, "--offline", "--dry-run", "--", _value(chance))


_FLAGS = ("name", "negative", "seed", "strength", "size", "aspect", "model", "style", "steps")


def _value(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return "{a|b}" * chance.randrange(60)
    if chance.random() < 0.2:
        parts = (chance.choice(("0", "1", "-1", "1e9", "1e99999999", "0.1")) for _ in range(3))
        return chance.choice((":", "..", ",", "x")).join(parts)
    return sayable(chance)


def names(chance: random.Random) -> None:
    """Words and names of files that become names of files."""
    with shop() as place, emulated():
        Path("source/img").mkdir(parents=True)
        name = chance.choice((*_NAMES, sayable(chance)))
        source = _file_called(name)
        flags = [f"--name={chance.choice((*_NAMES, sayable(chance)))}"][: chance.randrange(2)]
        flags += ["--seed", "7", "-q"]
        if source is not None and chance.random() < 0.7:
            place.sdbr("img2img", *flags, "--", str(source), sayable(chance) or "x")
        else:
            _lead_outside(place)
            place.sdbr("txt2img", *flags, "--", name or "x")


_NAMES = (
    *("../../x", "/sdbr-x", "..", ".", "-o", "--help", "con", "NUL.png", "a:b", "x/../../y"),
    *("🦊" * 75, "a" * 300, ".hidden", "~/x", "$HOME", "a\nb", "\u202egnp.exe", "%2e%2e%2fx"),
)


def _file_called(name: str) -> Path | None:
    path = Path("in") / f"{name.replace('/', '∕')}.png"
    try:
        path.parent.mkdir()
        path.write_bytes(seeds.picture("png"))
    except (OSError, ValueError):
        return None
    return path


def _lead_outside(place: Shop) -> None:
    """A link under a name that a result will want, to a file that must be kept."""
    for stem in ("x", "con", "a-b", "hidden", "o", "help"):
        Path(f"source/img/{stem}-7.png").symlink_to(place.outside / "kept.png")
