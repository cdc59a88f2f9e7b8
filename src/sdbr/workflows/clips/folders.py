"""The folders of one clip in the workspace, and frames.json, which tells what is in them."""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import plain_write_errors, write_whole
from sdbr.media.open import read_comment
from sdbr.workspace import Workspace, claim

INDEX = "frames.json"


@dataclass(frozen=True, slots=True)
class ClipFolders:
    """Where one run over one clip keeps its frames and its result.

    `fingerprint` names source and settings: the same one continues in the same place. `stem` is
    `name` before it was numbered to be free.
    """

    name: str
    source: Path
    generated: Path
    target: Path
    fingerprint: str
    suffix: str = ".png"
    stem: str = ""

    @property
    def preview(self) -> Path:
        """What is finished of the result, while it is drawn."""
        return self.target.with_name(f"{self.target.with_suffix('').name}.preview.mp4")

    def source_frame(self, number: int) -> Path:
        """The file of the nth frame as it was, counted from 0 here and from 1 on disk."""
        return self.source / f"{number + 1:06d}{self.suffix}"

    def generated_frame(self, number: int) -> Path:
        """The file of the nth frame as it became."""
        return self.generated / f"{number + 1:06d}{self.suffix}"

    def write_index(self, index: dict[str, object]) -> None:
        """Write frames.json: settings and the time of each frame."""
        data = json.dumps({"fingerprint": self.fingerprint, **index}, ensure_ascii=False, indent=1)
        write_whole(self.source / INDEX, data.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class ClipRoots:
    """The folders under which clips are kept: source frames, generated frames, results.

    `promised` are the results of clips before it in the same call, with their fingerprints: they
    are not there yet.
    """

    source: Path
    generated: Path
    results: Path
    promised: Mapping[Path, str] = field(default_factory=dict)

    def with_promised(self, trees: Iterable[ClipFolders]) -> ClipRoots:
        """The same folders, where the results of these trees are somebody's."""
        return replace(self, promised={folders.target: folders.fingerprint for folders in trees})


@contextmanager
def keep_before(result: Path, wanted: bool) -> Iterator[Path | None]:
    """Keep what stands at `result` under the first free name beside it while the block replaces it.

    Yields that name, None where nothing stands there or that is not `wanted`. It is gone again
    where the block fails, or makes the same once more.
    """
    if not wanted or not result.exists():
        yield None
        return
    folder, stem = result.parent, result.stem
    kept = claim(folder, stem, result.suffix, lambda path: not path.exists())
    with plain_write_errors(folder):
        shutil.copytree(result, kept) if result.is_dir() else shutil.copy2(result, kept)
    try:
        yield kept
    except BaseException:
        _remove(kept)
        raise
    if _same(result, kept):
        _remove(kept)


def _same(one: Path, other: Path) -> bool:
    if not one.is_dir():
        return filecmp.cmp(one, other, shallow=False)
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def _remove(result: Path) -> None:
    shutil.rmtree(result) if result.is_dir() else result.unlink(missing_ok=True)


def places(workspace: Workspace, animated: bool) -> ClipRoots:
    """The tree's folders for a video, or for an animation that stays an animation."""
    if animated:
        frames = workspace.generate_img / "frames"
        return ClipRoots(workspace.root / "source" / "frames", frames, workspace.generate_img)
    root = workspace.root
    return ClipRoots(
        root / "source" / "frames", root / "generate" / "frames", root / "generate" / "videos"
    )


@dataclass(frozen=True, slots=True)
class ResultName:
    """How a result is to be called: its stem and suffix ("" for a folder of frames).

    `exact` means that name and no other, replacing what stands there if `overwrite`.
    `frame_suffix` is that of the kept frames.
    """

    stem: str
    ending: str
    frame_suffix: str = ".png"
    exact: bool = False
    overwrite: bool = False


def fingerprint_of(*values: object) -> str:
    """The name of the run that these values decide."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def find_folders(where: ClipRoots, naming: ResultName, fingerprint: str) -> ClipFolders:
    """The folders of the run with this fingerprint: its own from before, or the first free ones.

    Raises UsageProblem where an exact name belongs to something else.
    """
    if naming.exact:
        return _exact_tree(where, naming, fingerprint)
    trees: list[ClipFolders] = []

    def own_or_free(result: Path) -> bool:
        name = result.stem if naming.ending else result.name
        trees.append(_tree(where, name, result, naming, fingerprint))
        owners = {_owner_of_frames(trees[-1].source), _owner_of_result(result)}
        return owners | {where.promised.get(result)} <= {fingerprint, None}

    claim(where.results, naming.stem, naming.ending, own_or_free)
    return trees[-1]


def _exact_tree(where: ClipRoots, naming: ResultName, fingerprint: str) -> ClipFolders:
    result = where.results / f"{naming.stem}{naming.ending}"
    if where.promised.get(result) not in (None, fingerprint):
        raise UsageProblem(
            f"Cannot write two clips to {result}. Use -o with a folder, or leave it out."
        )
    if not naming.overwrite and _owner_of_result(result) not in (None, fingerprint):
        raise UsageProblem(f"{result} already exists. Add --overwrite, or choose another name.")
    folders = _tree(where, naming.stem, result, naming, fingerprint)
    if _owner_of_frames(folders.source) in (None, fingerprint):
        return folders
    return _tree(where, f"{naming.stem}-{fingerprint[:8]}", result, naming, fingerprint)


def _tree(
    where: ClipRoots, name: str, result: Path, naming: ResultName, fingerprint: str
) -> ClipFolders:
    source, generated = where.source / name, where.generated / name
    suffix, stem = naming.frame_suffix, naming.stem
    return ClipFolders(name, source, generated, result, fingerprint, suffix, stem)


def _owner_of_frames(folder: Path) -> str | None:
    if not folder.exists():
        return None
    try:
        return str(json.loads((folder / INDEX).read_bytes())["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return "somebody else"


def _owner_of_result(result: Path) -> str | None:
    if not result.exists():
        return None
    try:
        return str(json.loads(read_comment(result) or "")["fingerprint"])
    except (InputProblem, ValueError, KeyError, TypeError):
        return "somebody else"
