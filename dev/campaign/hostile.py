"""A workspace and results that somebody else has made, to reach money, files or credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dev.campaign.audit import audit
from dev.campaign.bedrock import Bedrock, emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References, workspace
from dev.campaign.jobs import Job
from dev.campaign.running import run

_USAGE, _INPUT = 2, 3
_SETTINGS = {
    "an endpoint": 'endpoint_url = "{theirs}"\n',
    "a profile": 'profile = "theirs"\n',
    "consent": "max_cost = 1000\n",
    "a price of zero": "[prices]\nultra = 0\ncore = 0\n",
    "an alias for a model's own name": '[aliases]\ncore = "ultra"\nultra = "core"\n',
}
_RECORDS: Mapping[str, Mapping[str, object]] = {
    "an ARN": {"model": "arn:aws:bedrock:us-west-2:1:provisioned-model/x", "family": "core"},
    "a sweep": {"style": "anime,origami,neon-punk"},
    "choices": {"prompt": "a {red|blue|green} fox"},
}


def meet(jobs: Sequence[Job], undisturbed: References) -> Iterator[Cell]:
    """Each job with each hostile settings file; replays of each hostile record."""
    with emulating() as ours, emulating() as theirs:
        for job in jobs:
            for name, settings in _SETTINGS.items():
                with workspace() as folder:
                    for bedrock in (ours, theirs):
                        bedrock.forget()
                    (folder / "sdbr.toml").write_text(settings.format(theirs=theirs.url))
                    watch = Watch(folder, undisturbed[job.name])
                    watch.see(run((*job.arguments, "-v"), folder, ours))
                    yield _ended(f"settings with {name}", job, (ours, theirs), watch)
        for name, told in _RECORDS.items():
            with workspace() as folder:
                ours.forget()
                watch = Watch(folder, {})
                _write(folder / "x.png", told)
                refused = watch.see(run(("replay", "x.png"), folder, ours)).code == _INPUT
                counted = audit(folder, ours.asked())
                yield watch.cell(f"a record with {name}", "replay", counted, ours.count(), refused)


def _ended(trouble: str, job: Job, both: tuple[Bedrock, Bedrock], watch: Watch) -> Cell:
    """Nothing was sent anywhere; without the file all is as ever."""
    ours, theirs = both
    sent = ours.count() + theirs.count()
    (watch.workspace / "sdbr.toml").unlink()
    watch.see(run((*job.arguments, "-v"), watch.workspace, ours))
    counted = audit(watch.workspace, ours.asked())
    expected = [ran.code for ran in watch.runs] == [_USAGE, 0]
    return watch.cell(trouble, job.name, counted, sent, expected)


def _write(path: Path, told: Mapping[str, object]) -> None:
    """A picture with a record in it, as sdbr itself would find it."""
    from sdbr.media.metadata import embed

    record = {
        "sdbr": "1",
        "command": "txt2img",
        "request": {"prompt": "a fox"},
        "told": {"prompt": "a fox", "model": "core", **told},
    }
    from PIL import Image

    Image.new("RGB", (64, 64)).save(path)
    path.write_bytes(embed(path.read_bytes(), "", json.dumps(record)))
