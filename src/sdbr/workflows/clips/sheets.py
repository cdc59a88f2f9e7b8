"""Contact sheets of clips: a trial of a few frames, and a finished clip before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image

from sdbr.concurrency import map_ordered
from sdbr.errors import Interrupted
from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import Pixels, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import flatten
from sdbr.media.stills.sheet import PAIR_SIDE, Labels, pairs_sheet, save
from sdbr.workflows.clips.draw import SourceFrame, Tally, draw_sequentially
from sdbr.workflows.clips.footage import FrameInfo, read_numbered, read_wanted
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.regions import compositor
from sdbr.workflows.failures import Failures, explain_interruption

_PAIRS = 8  # More rows than that are not looked at.


def spread(frames: Sequence[FrameInfo], count: int) -> tuple[FrameInfo, ...]:
    """`count` of the frames, evenly spread, the first and the last among them."""
    if count >= len(frames):
        return tuple(frames)
    if count == 1:
        return (frames[len(frames) // 2],)
    last = len(frames) - 1
    return tuple(frames[round(number * last / (count - 1))] for number in range(count))


def draw_trial(
    clip: PreparedClip,
    wanted: Sequence[FrameInfo],
    session: RunSession,
    resources: Resources,
    folder: Path,
    kind: str,
) -> Path:
    """Draw the wanted frames, write a sheet of this `kind` into `folder`, and return its path.

    Raises Interrupted where the run was stopped before all were there: no sheet shows a part.
    """
    plan = clip.plan
    numbers = {frame.number: frame for frame in wanted}
    footage = plan.footage
    read = read_numbered(clip.reader, footage, numbers)
    taken = (SourceFrame(numbers[number], pixels) for number, pixels in read)
    pairs, names = [], []
    with suppress(Interrupted):
        drawn = _draw(clip, taken, tuple(wanted) == plan.drawn, session, resources)
        for frame, before, after in _with_regions(drawn, clip):
            pairs.append((_thumbnail(before), _thumbnail(flatten(after, footage.background))))
            names.append(f"{len(pairs)}: frame {frame.number + 1}, {float(frame.at):.2f} s")
    if session.stop.is_set() and len(pairs) < len(wanted):
        raise explain_interruption(len(pairs), len(wanted))
    sheet = pairs_sheet(pairs, Labels(plan.requests.opening.prompt, rows=tuple(names)))
    return save(sheet, folder, f"{plan.folders.stem}-{kind}")


def _draw(
    clip: PreparedClip,
    taken: Iterable[SourceFrame],
    keyframes: bool,
    session: RunSession,
    resources: Resources,
) -> Iterator[tuple[FrameInfo, Pixels, Pixels]]:
    """The frames as they were and as they became; `keyframes` as the whole run draws them."""
    plan = clip.plan
    if keyframes and clip.spec.feedback:
        tally = Tally(Failures(total=len(plan.drawn)))
        for one in draw_sequentially(plan, taken, session, resources, clip.spec.feedback, tally):
            if one.error is not None:
                raise one.error
            if one.pixels is not None:
                yield one.shown, one.before, one.pixels
        return

    def work(one: SourceFrame) -> tuple[FrameInfo, Pixels, Pixels]:
        if supplied := plan.supplied.get(one.shown.number):
            return one.shown, one.pixels, supplied.read()
        request = plan.requests.request_for(one.shown, lambda: one.pixels)
        picture = session.draw(request)
        return one.shown, one.pixels, plan.requests.restore(picture, plan.size, one.shown.number)

    workers = resources.effort.workers
    yield from map_ordered(work, taken, workers=workers, window=2 * workers, stop=session.stop)


def _with_regions(
    drawn: Iterator[tuple[FrameInfo, Pixels, Pixels]], clip: PreparedClip
) -> Iterator[tuple[FrameInfo, Pixels, Pixels]]:
    """The same, with the regions that come from the source."""
    regions, footage = clip.order.regions, clip.plan.footage
    if not regions:
        yield from drawn
        return
    lay = compositor(regions, footage, clip.reader)
    for shown, before, after in drawn:
        yield shown, before, lay(shown.number, after)


def _thumbnail(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels)
    image.thumbnail((PAIR_SIDE, PAIR_SIDE))
    return image


def write_sheet(clip: PreparedClip, result: Path) -> Path:
    """Lay out up to eight frames, evenly spread, and return the sheet's path."""
    footage = clip.plan.footage
    wanted = spread(footage.frames, _PAIRS)
    numbers = [frame.number for frame in wanted]
    before = _thumbnails(read_wanted(clip.reader, footage.choice), numbers, footage.background)
    backward = clip.spec.settings.playback == "reverse"
    last = len(footage.frames) - 1
    shown = [last - number for number in numbers] if backward else numbers
    after = _thumbnails(open_reader(result).frames(), shown, footage.background)
    after = after[::-1] if backward else after
    names = tuple(f"frame {one.number + 1}, {float(one.at):.2f} s" for one in wanted)
    labels = Labels(clip.plan.requests.opening.prompt, rows=names)
    sheet = pairs_sheet(list(zip(before, after, strict=False)), labels)
    return save(sheet, result.parent, f"{clip.plan.folders.name}-sheet")


def _thumbnails(
    frames: Iterable[TimedFrame], numbers: Sequence[int], background: str
) -> list[Image.Image]:
    shown = (frame for number, frame in enumerate(frames) if number in numbers)
    return [_thumbnail(flatten(frame.image, background)) for frame in shown]
