"""One clip as a piece of work: its trial, or the whole of it, drawn until it is steady enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from sdbr.console import counted
from sdbr.errors import PartlyDone
from sdbr.generation.stack import RunSession
from sdbr.media.playback import PlayOrder
from sdbr.workflows.clips import sheets
from sdbr.workflows.clips.draw import requests_of
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags
from sdbr.workflows.clips.folders import keep_before
from sdbr.workflows.clips.otio import write_otio
from sdbr.workflows.clips.overrides import trial_file, write_trial
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.pricing import count_frames, frame_prices, most_extra, price, saved_of
from sdbr.workflows.clips.refine import refine_keyframes
from sdbr.workflows.clips.render import ClipResult, how_made, render_clip
from sdbr.workflows.clips.shot_list import list_shots
from sdbr.workflows.clips.supplied import has_supplied
from sdbr.workflows.clips.verdict import describe
from sdbr.workflows.lines import PlanLine, ResultLine
from sdbr.workflows.run import Results, Setup

_ROUNDS = 3
"""Times that a clip is drawn anew with more keyframes to come under --max-flicker."""


@dataclass(frozen=True, slots=True)
class ClipWork:
    """One clip: a sheet of a few of its frames or of its keyframes, or the whole."""

    clip: PreparedClip
    flags: tuple[ClipFlags, SteadyFlags]
    setup: Setup
    summary: str = ""

    @property
    def name(self) -> str:
        """The source's name, with the look where there are several."""
        return self.clip.name

    @property
    def _keeps(self) -> bool:
        """Whether the result of before is kept: it cannot be had again from the same command."""
        plan = self.clip.plan
        changed = plan.requests.redrawn or plan.supplied or has_supplied(plan.folders.target)
        return bool(changed) and not self.clip.spec.overwrite

    def plan(self) -> Iterator[PlanLine]:
        """The first frame's request, which stands for all."""
        clip, plan = self.clip, self.clip.plan
        shots = [shot.as_json() for shot in list_shots(clip)]
        target = plan.folders.target
        yield PlanLine(
            requests_of(plan, plan.footage.frames[:1])[0],
            target,
            clip.source.files[0],
            heading=f"{self.name}: writing {count_frames(clip)} frames to {target}",
            more={"frames": count_frames(clip), **plan.numbers, "shots": shots},
        )

    def draw(self, session: RunSession) -> Results:
        """Draw the clip, noting what keyframes saved, or its trial."""
        selection, steadiness = self.flags
        if steadiness.review or selection.test_frames is not None:
            yield self._trial(session, selection.test_frames)
        else:
            yield from self._whole(session, steadiness.max_flicker)

    def _trial(self, session: RunSession, count: int | None) -> ResultLine:
        clip, before = self.clip, session.budget.spent
        wanted = clip.plan.drawn
        if count is not None:
            wanted = sheets.spread(clip.plan.footage.frames, count)
            note = trial_file(self.setup.resources.workspace.hidden, clip.plan.folders.fingerprint)
            write_trial(note, [frame.number for frame in wanted])
        resources, folder = self.setup.resources, clip.order.where.results
        kind = "review" if count is None else "trial"
        sheet = sheets.draw_trial(clip, wanted, session, resources, folder, kind)
        cost = session.budget.spent - before
        return self._line(clip, sheet, cost, {"frames": [frame.number + 1 for frame in wanted]})

    def _whole(self, session: RunSession, most: float | None) -> Iterator[ResultLine]:
        """Draw the clip, and again with more keyframes while that makes it steadier."""
        before = session.budget.spent
        with keep_before(self.clip.plan.folders.target, self._keeps) as kept:
            clip, result = self._steadiest(session, most)
        if kept is not None and kept.exists():
            self.setup.console.say(f"{self.name}: the clip as it was before is {kept}.")
        prices = frame_prices(clip)
        saved = saved_of([clip]) - sum(
            (prices[number] for number in result.extra_frames), Decimal(0)
        )
        session.ledger.saved_by_keyframes(session.run, saved)
        for note in _outcome(clip, result):
            self.setup.console.say(note)
        lengths = tuple(frame.lasts for frame in clip.plan.footage.frames)
        played = PlayOrder(lengths, clip.spec.settings.playback)
        more = {
            "frames": played.frames,
            "duration": round(float(played.duration), 6),
            **clip.plan.numbers,
            "drawn": len(clip.plan.drawn) + result.extra,
            "held": [number + 1 for number in result.held],
            "steadiness": result.numbers,
        }
        yield self._line(clip, result.path, session.budget.spent - before, more)
        if clip.spec.otio:
            record = how_made(clip, self.setup.resources.realm)
            self.setup.console.say(f"OpenTimelineIO: {write_otio(clip, result, record)}")
        if clip.spec.sheet:
            self.setup.console.say(f"Sheet: {sheets.write_sheet(clip, result.path)}")
        if most is not None and 1000 * result.measured.flicker > most:
            capped = self.setup.resources.spending.cap is not None
            raise PartlyDone(
                f"{result.path} flickers at {1000 * result.measured.flicker:.2f}, above "
                f"--max-flicker {most:g}. Lower --strength, "
                f"{'raise --max-cost, ' if capped else ''}or raise --max-flicker."
            )

    def _steadiest(
        self, session: RunSession, most: float | None
    ) -> tuple[PreparedClip, ClipResult]:
        clip = self.clip
        result = self._draw(clip, session, self._extra(clip, session))
        for _ in range(_ROUNDS):
            if most is None or 1000 * result.measured.flicker <= most:
                break
            more = _with_more_keyframes(clip, result, most / 1000)
            new = len(more.plan.drawn) - len(clip.plan.drawn)
            if not 0 < new <= session.budget.spare(price(clip)):
                break
            session.budget.plan(new * price(clip))
            session.budget.expect(new * price(clip))
            self.setup.console.say(
                f"{self.name}: {result.measured}: above {most:g}, generating "
                f"{counted(new, 'more keyframe')}"
            )
            again = self._draw(more, session, self._extra(more, session))
            if again.measured.flicker >= result.measured.flicker:
                self.setup.console.say(
                    f"{counted(new, 'more keyframe')} did not reduce the flicker, so the clip "
                    "is made without."
                )
                return clip, self._draw(clip, session, result.extra)
            clip, result = more, again
        return clip, result

    def _draw(self, clip: PreparedClip, session: RunSession, extra: int) -> ClipResult:
        result = render_clip(clip, session, self.setup.resources, self.setup.console, extra)
        # What was planned and not needed is there for the next clip.
        session.budget.plan((result.extra - extra) * price(clip))
        return result

    def _extra(self, clip: PreparedClip, session: RunSession) -> int:
        """How many frames may be drawn beyond the plan; they are planned from now on."""
        extra = min(most_extra(clip), session.budget.spare(price(clip)))
        session.budget.plan(extra * price(clip))
        return extra

    def _line(
        self, clip: PreparedClip, path: Path, cost: Decimal, more: dict[str, object]
    ) -> ResultLine:
        request, source = clip.plan.requests.opening, clip.source.files[0]
        return ResultLine(
            path, request, request.seed, clip.plan.size, price(clip), cost, source, more
        )


def _with_more_keyframes(clip: PreparedClip, result: ClipResult, most: float) -> PreparedClip:
    footage = clip.plan.footage
    plan = refine_keyframes(footage.plan, result.measured.curve, most)
    return replace(clip, plan=replace(clip.plan, footage=replace(footage, plan=plan)))


def _outcome(clip: PreparedClip, result: ClipResult) -> Iterator[str]:
    """How a clip came out, in words."""
    name = clip.name
    yield from (f"{name}: {note}" for note in result.notes)
    if result.held:
        frames = counted(len(result.held), "frame")
        yield f"{name}: {frames} refused, so they are filled from the frames around them."
    if result.extra:
        frames = counted(result.extra, "more frame")
        yield f"{name}: {frames} generated where optical flow is unreliable."
    if result.measured.curve:
        filled = len(clip.plan.drawn) < count_frames(clip)
        asked = clip.plan.footage.plan.rule == "all"
        yield from (
            f"{name}: {line}" for line in describe(result.measured, filled, all_asked=asked)
        )
