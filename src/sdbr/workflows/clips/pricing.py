"""What clips cost: their price, what keyframes save, what a cap leaves, what else may be spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import ROUND_UP, Decimal

from sdbr.bedrock import body
from sdbr.bedrock.catalog import price_of
from sdbr.console import counted
from sdbr.errors import OverBudget
from sdbr.generation.estimate import Estimate, default_strengths, estimate, in_usd
from sdbr.generation.stack import Resources
from sdbr.motion.forecast import find_fast_passages, forecast_calls
from sdbr.motion.keyframes import LEVELS, KeyframeRule, TooFewCalls
from sdbr.workflows.clips import draw, sheets
from sdbr.workflows.clips.draw import ClipPlan
from sdbr.workflows.clips.footage import Footage, place_again
from sdbr.workflows.clips.overrides import with_frames
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import ShotRequest
from sdbr.workflows.clips.verdict import list_passages
from sdbr.workflows.enlargement import enlargement_remarks
from sdbr.workflows.look import Look, style_remarks

_FEWEST_EXTRA, _EXTRA_SHARE = 2, 4


def fit_cap(
    clips: list[PreparedClip],
    rule: Callable[[int], KeyframeRule] | None,
    resources: Resources,
    scan_again: Callable[[PreparedClip], Footage],
) -> list[PreparedClip]:
    """Fewer keyframes where the cap is the tighter bound: each clip gets its share of the calls.

    `rule` places so many keyframes at most; None where their number was told and stays.
    `scan_again` looks at a clip thoroughly. Raises OverBudget where no plan is so cheap.
    """
    cap = resources.spending.cap
    if cap is None or rule is None:
        return clips
    estimate = estimate_clips(clips, None, resources)
    if estimate.cost <= cap:
        return clips
    fewer, least = [], Decimal(0)
    for one in clips:
        requested = max(1, len(one.plan.requested))
        try:
            calls = max(1, int(requested * cap / estimate.cost * _mean_share(one)))
            fewer.append(_with_fewer(one, scan_again(one), rule, calls))
        except TooFewCalls as error:
            least = max(least, error.needed * estimate.cost / requested)
    if least:
        enough = in_usd(least.quantize(Decimal("0.01"), ROUND_UP))
        raise OverBudget(
            f"--max-cost {in_usd(cap)} does not cover the fewest keyframes possible. "
            f"Use at least --max-cost {enough}."
        )
    return fewer


def _mean_share(one: PreparedClip) -> Decimal:
    """The mean price of the requested keyframes as a share of the highest: fewer of them may all be
    in the shots of the dearest model."""
    prices = frame_prices(one)
    paid = [prices[frame.number] for frame in one.plan.requested]
    return sum(paid, Decimal(0)) / (len(paid) * max(paid)) if any(paid) else Decimal(1)


def _with_fewer(
    one: PreparedClip, footage: Footage, rule: Callable[[int], KeyframeRule], calls: int
) -> PreparedClip:
    """The clip with so many keyframes of its footage to request at most, and more where supplied
    ones take their places. Raises TooFewCalls."""
    plan, free = one.plan, len(one.plan.supplied)
    if free:
        with suppress(TooFewCalls):
            more = _placed_again(plan, footage, rule(calls + free))
            if len(more.requested) <= calls:
                return replace(one, plan=more)
    fewer = _placed_again(plan, footage, rule(calls))
    fixed = len(plan.footage.fixed)
    if fixed and len(fewer.requested) > calls:
        # The ends of crossfades come beside what the rule places.
        try:
            fewer = _placed_again(plan, footage, rule(max(1, calls - fixed)))
        except TooFewCalls as error:
            error.needed += fixed
            raise
    return replace(one, plan=fewer)


def _placed_again(plan: ClipPlan, footage: Footage, rule: KeyframeRule) -> ClipPlan:
    own = plan.footage
    footage = place_again(replace(footage, starts=own.starts, fixed=own.fixed), rule)
    keyframes = with_frames(footage.plan, tuple(plan.supplied))
    return replace(plan, footage=replace(footage, plan=keyframes))


def tell_fewer(
    clips: Sequence[PreparedClip], capped: Sequence[PreparedClip], cap: Decimal | None
) -> Iterator[str]:
    """How many keyframes `fit_cap` took away, if any."""
    before, after = (sum(len(one.plan.requested) for one in several) for several in (clips, capped))
    if cap is not None and after < before:
        fewer = counted(after, "keyframe")
        yield f"The cap of {in_usd(cap)} USD covers {fewer} instead of {before}."


def estimate_clips(
    clips: Sequence[PreparedClip], trial_frames: int | None, resources: Resources
) -> Estimate:
    """The price of the frames to draw, or of so many trial frames of each clip."""
    requests, supplied = [], 0
    for one in clips:
        wanted = one.plan.drawn
        if trial_frames is not None:
            wanted = sheets.spread(one.plan.footage.frames, trial_frames)
        own = [shown for shown in wanted if shown.number in one.plan.supplied]
        supplied += len(own)
        wanted = tuple(shown for shown in wanted if shown not in own)
        for shown, request in zip(wanted, draw.requests_of(one.plan, wanted), strict=True):
            key = body.cache_key(request, resources.realm)
            # What starts from a result that is not there yet cannot be looked up: it is priced.
            requests.append((f"{key} onward" if _onward(one, shown.number) else key, request))
    price_of_all = estimate(requests, resources.paid_for, billed=resources.realm == "aws")
    extra = sum((price(one) * most_extra(one) for one in clips if saved_of([one])), Decimal(0))
    if trial_frames is not None:
        extra = Decimal(0)
    elif resources.spending.cap is not None:
        extra = max(Decimal(0), min(extra, resources.spending.cap - price_of_all.cost))
    every = trial_frames is not None or all(len(s.plan.drawn) == count_frames(s) for s in clips)
    return replace(
        price_of_all,
        pictures=price_of_all.pictures + supplied,
        thing="frame" if every else "keyframe",
        extra=extra,
        remarks=_remarks(clips, extra),
        supplied=supplied,
    )


def add_refinement(estimate: Estimate, clips: Sequence[PreparedClip]) -> Estimate:
    """The price with what making the clips steadier may add to it."""
    more = saved_of(clips)
    remark = f"up to {in_usd(more)} USD more for --max-flicker"
    return replace(estimate, extra=max(estimate.extra, more), remarks=(*estimate.remarks, remark))


def is_paid(one: PreparedClip, number: int, resources: Resources) -> bool:
    """Whether a frame's picture is there; one that starts from a result is taken to be."""
    if number in one.plan.supplied:
        return True
    request = draw.requests_of(one.plan, [one.plan.footage.frames[number]])[0]
    return _onward(one, number) or resources.paid_for(body.cache_key(request, resources.realm))


def _onward(one: PreparedClip, number: int) -> bool:
    """Whether a frame's init image has the result before it mixed in."""
    firsts = {shot.start for shot in one.plan.footage.plan.shots}
    return bool(one.spec.feedback) and number not in firsts


def count_frames(one: PreparedClip) -> int:
    """How many frames the result has."""
    return len(one.plan.footage.frames)


def _remarks(clips: Sequence[PreparedClip], extra: Decimal) -> tuple[str, ...]:
    asked = [s for s in clips if s.plan.requested]
    shots = [(one, shot) for one in clips for shot, _ in one.plan.requests.spans(count_frames(one))]
    silent = [
        shot.request.strength
        for one, shot in shots
        if one in asked and _look_of(one, shot).strength is None
    ]
    remarks = default_strengths(silent)
    saved = saved_of(clips)
    sizes = ((one.plan.footage.clip.size, shot.request.model) for one, shot in shots)
    styles = style_remarks((_look_of(one, shot).style, shot.request) for one, shot in shots)
    remarks = (*remarks, *styles, *enlargement_remarks(sizes))
    whole = sum((sum(frame_prices(one), Decimal(0)) for one in clips), Decimal(0))
    if not saved:
        return remarks
    perhaps = f"up to {in_usd(extra)} USD more where optical flow is unreliable"
    all_frames = f"all frames: {in_usd(whole)} USD"
    return (all_frames, perhaps, *remarks) if extra else (all_frames, *remarks)


def _look_of(one: PreparedClip, shot: ShotRequest) -> Look:
    return shot.placed.look if shot.placed else one.order.look


def tell_levels(one: PreparedClip, rule: KeyframeRule) -> Iterator[str]:
    """Where things move too fast for a level of `auto`, and what the other levels would cost."""
    footage, level = one.plan.footage, rule.level
    if rule.word != "auto":
        return
    plan, surveys = footage.plan, footage.surveys
    fast = find_fast_passages(plan, surveys, level)
    if fast:
        times = [float(frame.at) for frame in footage.frames]
        where = list_passages([(times[each.start], times[each.stop]) for each in fast])
        yield f"fast motion at {where}"
    drawn, others = len(plan.keyframes), []
    for name, other in LEVELS.items():
        calls = min(forecast_calls(plan, surveys, other), plan.frames)
        finer = other.unexplained < level.unexplained
        if other != level and calls != drawn and (calls > drawn) is finer:
            others.append(f"auto:{name} about {calls} ({in_usd(calls * price(one))} USD)")
    if others:
        yield f"other levels: {', '.join(others)}"


def most_extra(one: PreparedClip) -> int:
    """How many frames may be drawn beyond the plan, told with the price: a quarter as many.

    None where all keyframes are supplied: then nothing is sent.
    """
    requested = len(one.plan.requested)
    most = max(_FEWEST_EXTRA, requested // _EXTRA_SHARE) if requested else 0
    return min(count_frames(one) - len(one.plan.drawn), most)


def saved_of(clips: Sequence[PreparedClip]) -> Decimal:
    """USD of the frames that motion fills."""
    saved = Decimal(0)
    for one in clips:
        drawn = set(one.plan.footage.plan.keyframes)
        saved += sum(
            (usd for number, usd in enumerate(frame_prices(one)) if number not in drawn), Decimal(0)
        )
    return saved


def price(one: PreparedClip) -> Decimal:
    """USD a frame at most, over all shots; 0 where nobody knows."""
    return max(frame_prices(one))


def frame_prices(one: PreparedClip) -> list[Decimal]:
    """USD of each frame, if it is generated; 0 where nobody knows."""
    prices: list[Decimal] = []
    for shot, frames in one.plan.requests.spans(count_frames(one)):
        request = shot.request
        usd = price_of(request.model, request.size, request.extras) or Decimal(0)
        prices += [usd] * len(frames)
    return prices
