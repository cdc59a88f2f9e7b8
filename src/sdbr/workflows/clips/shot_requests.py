"""The requests that the frames of a clip share: one, or one for each shot of a direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import seed_within
from sdbr.bedrock.validation import EmptyPrompt
from sdbr.errors import UsageProblem
from sdbr.media.stills.fit import Placement
from sdbr.request import ImageRequest, Model, Size
from sdbr.workflows.clips.direction import PlacedShot, naming, weighs_prompts
from sdbr.workflows.clips.draw import ClipPlan, requests_of
from sdbr.workflows.clips.requests import FrameRequests, ShotRequest, cuts_out
from sdbr.workflows.clips.supplied import tell_missing
from sdbr.workflows.enlargement import enlarges, place_whole
from sdbr.workflows.look import Look, choose
from sdbr.workflows.pictures.job import Input
from sdbr.workflows.pictures.jobs import Attachments, request_over_picture
from sdbr.workflows.prepare import attach


@dataclass(frozen=True, slots=True)
class RequestMaker:
    """What makes shared requests of looks: the size and the name of the clip, what goes beside
    each frame, where it is kept, and the models."""

    size: Size
    name: str
    beside: Attachments
    store: Path
    catalog: Catalog

    def request(self, look: Look) -> tuple[ImageRequest, Placement, tuple[Input, ...]]:
        """The request of a look, the place of frames in it, and what goes beside them.

        Raises UsageProblem or InputProblem.
        """
        model = choose(self.catalog, look.model, look.family, "image-to-image")
        placement = place_whole(self.size, model, look.fit, self.name)
        blobs, attached = attach(model, self.beside, placement, self.store)
        request = replace(request_over_picture(look, model, "mask" in blobs), **blobs)
        return request, placement, attached


def request_shots(
    shots: Sequence[PlacedShot], request: ImageRequest, maker: RequestMaker
) -> tuple[ShotRequest, ...]:
    """The requests of the shots, each with the seed of the command's `request` unless it has its
    own. Raises UsageProblem or InputProblem."""
    made: list[ShotRequest] = []
    before = request
    for one in shots:
        with naming(one.shot.name):
            own, placement, _ = maker.request(one.look)
            _check_alike(request, own)
        if one.look.seed is None:
            own = replace(own, seed=seed_within(own.model, request.seed))
        fades = one.faded is not None and weighs_prompts(own.model)
        made.append(ShotRequest(one.first, own, placement, one, before.prompt if fades else None))
        before = own
    return tuple(made)


def _check_alike(request: ImageRequest, own: ImageRequest) -> None:
    """Raise UsageProblem where the pictures of two models cannot be frames of one clip."""
    if own.model == request.model:
        return
    for model in (own.model, request.model):
        if enlarges(model) or cuts_out(model):
            what = "enlarges frames" if enlarges(model) else "cuts out the background"
            raise UsageProblem(
                f"{model.title} {what}, so it cannot be one of several models in a clip. Run it "
                "alone, with --model."
            )


def check_requests(plan: ClipPlan, models: Sequence[Model], *, prompts_follow: bool) -> None:
    """Raise UsageProblem where a model cannot do what a keyframe asks of it, naming the shot.

    `models` are those of the catalog. Nothing is wrong with an empty prompt that is to follow.
    """
    checked: set[ImageRequest] = set()
    for frame, request in zip(plan.requested, requests_of(plan, plan.requested), strict=True):
        shared = replace(request, init_image=None, seed=1)
        if shared in checked:
            continue
        checked.add(shared)
        shot = plan.requests.shot_at(frame.number)
        try:
            with naming(shot.name):
                body.check(request, models)
        except EmptyPrompt as error:
            if prompts_follow:
                continue
            if plan.supplied:
                raise UsageProblem(tell_missing(plan.requested)) from error
            if plan.requests.shots:
                raise UsageProblem(_tell_empty(shot, plan.requests)) from error
            raise


def _tell_empty(shot: ShotRequest, requests: FrameRequests) -> str:
    if shot.placed is not None:
        return f"{shot.name} has no prompt. Add one, or add PROMPT to the command for all shots."
    until = requests.shots[0]
    return f"The frames before frame {until.first + 1} have no prompt. Add PROMPT to the command."


def tell_shots(requests: FrameRequests) -> Iterator[str]:
    """The crossfades that a model without weights cannot do, and a prompt that no shot has."""
    for one in requests.shots:
        if one.placed is not None and one.placed.faded is not None and one.faded is None:
            yield (
                f"{one.name}: {one.request.model.title} has no weighted prompts, so the prompt "
                f"changes at frame {one.first + 1} without a crossfade"
            )
    own = [
        one.placed is not None and "prompt" in dict(one.placed.shot.flags) for one in requests.shots
    ]
    if requests.request.prompt and all(own) and any(not one.first for one in requests.shots):
        yield "PROMPT is not used, because every shot has a prompt of its own"
