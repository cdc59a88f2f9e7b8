"""The functions of the API, and sessions: several calls under one cap."""

from __future__ import annotations

import copy
import io
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, Unpack, get_args

import click

from sdbr.api.argument_types import check_types
from sdbr.api.call import Collector, call, unknown_keyword
from sdbr.api.options import (
    OPTIONS,
    EditKind,
    EditOptions,
    Img2gifOptions,
    Img2imgOptions,
    SessionOptions,
    Txt2imgOptions,
    UpscaleOptions,
    Vid2vidOptions,
)
from sdbr.api.results import Result, Results
from sdbr.cli.numbers import UsdAmount
from sdbr.errors import OverBudget, SdbrError, UsageProblem
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate, in_usd
from sdbr.workspace import Workspace, slug, write_unique

if TYPE_CHECKING:
    from PIL.Image import Image

    from sdbr.api.options import PictureInput

_WITHOUT_PROMPT = ("cutout", "erase")

Arguments = ParamSpec("Arguments")
Function = TypeVar("Function", bound=Callable[..., object])


def with_keywords(options: type) -> Callable[[Function], Function]:
    """A decorator that shows the keys of a TypedDict as keywords, to `help` and to notebooks."""

    def decorate(function: Function) -> Function:
        own = signature(function)
        places = [one for one in own.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        keywords = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind.__forward_arg__)
            for name, kind in options.__annotations__.items()
        ]
        function.__dict__["__signature__"] = own.replace(parameters=[*places, *keywords])
        return function

    return decorate


class Session:
    """Several calls with the same options; `max_cost` caps what all of them spend together.

    Takes the options of `SessionOptions`; each call may give its own. Calls may run at once, from
    several threads. Raises UsageProblem for a `max_cost` that is no amount.
    """

    @with_keywords(SessionOptions)
    def __init__(self, **options: Unpack[SessionOptions]) -> None:
        for name in options.keys() - {*SessionOptions.__annotations__, "allow_ended"}:
            raise TypeError(unknown_keyword("Session()", name, SessionOptions.__annotations__))
        check_types(options, SessionOptions)
        self._options = options
        self._allowance = Budget(_usd(options.get("max_cost")), threading.Event())
        self._only_prices = False

    @property
    def spent(self) -> Decimal:
        """USD that its calls have cost so far, or perhaps cost."""
        return self._allowance.spent

    @with_keywords(Txt2imgOptions)
    def txt2img(self, prompt: str | Sequence[str], **options: Unpack[Txt2imgOptions]) -> Results:
        """Draw pictures from words: one for each prompt, each value of a sweep and each of `count`.

        Raises SdbrError: see `sdbr.errors`.
        """
        prompts = [prompt] if isinstance(prompt, str) else prompt
        if not isinstance(prompts, Sequence) or not all(isinstance(one, str) for one in prompts):
            raise TypeError("prompt must be a string or a list of strings")
        return self._call("txt2img", _words(prompts), options, "--each")

    @with_keywords(Img2imgOptions)
    def img2img(
        self,
        picture: PictureInput | Sequence[PictureInput],
        prompt: str | None = None,
        **options: Unpack[Img2imgOptions],
    ) -> Results:
        """Restyle pictures. A model that takes no prompt, or a look that has one, needs none here.

        Raises SdbrError: see `sdbr.errors`.
        """
        return self._over("img2img", picture, prompt, options)

    @with_keywords(Img2gifOptions)
    def img2gif(
        self,
        picture: PictureInput | Sequence[PictureInput],
        prompt: str | None = None,
        **options: Unpack[Img2gifOptions],
    ) -> Results:
        """Bring stills to life, or restyle animations, as GIF, WebP, APNG or MP4.

        Raises SdbrError: see `sdbr.errors`.
        """
        return self._over("img2gif", picture, prompt, options)

    @with_keywords(Vid2vidOptions)
    def vid2vid(
        self,
        clip: PictureInput | Sequence[PictureInput],
        prompt: str | None = None,
        **options: Unpack[Vid2vidOptions],
    ) -> Results:
        """Restyle videos, with their sound. Several pictures are one clip; `fps` is their rate.

        Raises SdbrError: see `sdbr.errors`.
        """
        return self._over("vid2vid", clip, prompt, options)

    @with_keywords(UpscaleOptions)
    def upscale(
        self,
        picture: PictureInput | Sequence[PictureInput],
        **options: Unpack[UpscaleOptions],
    ) -> Results:
        """Make pictures larger.

        Raises SdbrError: see `sdbr.errors`.
        """
        return self._over("upscale", picture, None, options)

    @with_keywords(EditOptions)
    def edit(
        self,
        picture: PictureInput | Sequence[PictureInput],
        kind: EditKind,
        prompt: str | None = None,
        **options: Unpack[EditOptions],
    ) -> Results:
        """Change a part of pictures: `edit("photo.jpg", "recolor", "bright red", find="the car")`.

        `kind` is a command of `sdbr edit`; cutout and erase take no prompt. Raises TypeError for
        an argument that this kind does not take, else SdbrError: see `sdbr.errors`.
        """
        if kind not in get_args(EditKind):
            raise UsageProblem(f"kind is {kind!r}: use {', '.join(get_args(EditKind))}.")
        if kind in _WITHOUT_PROMPT and prompt is not None:
            raise UsageProblem(f"edit {kind} takes no prompt. Leave it out.")
        own = {"prompt": prompt} if kind == "outpaint" else {}
        words = None if own else prompt
        return self._over(f"edit {kind}", picture, words, {**options, **own})

    def pricing(self) -> Session:
        """This session without sending: its calls return no results, and what they would cost."""
        only_prices = copy.copy(self)
        only_prices._only_prices = True
        return only_prices

    def _over(
        self,
        command: str,
        given: PictureInput | Sequence[PictureInput],
        prompt: str | None,
        options: Mapping[str, object],
    ) -> Results:
        places = (options.get("workspace"), self._options.get("workspace"))
        root = next(filter(None, (*places, os.environ.get("SDBR_WORKSPACE"), ".")))
        if not isinstance(prompt, str | None):
            raise TypeError(f"prompt must be a string, not {prompt!r}")
        inputs = _names(given, Workspace(Path(str(root))))
        return self._call(command, _words([*inputs, *([prompt] if prompt else [])]), options)

    def _call(
        self,
        command: str,
        arguments: Sequence[str],
        options: Mapping[str, object],
        *switches: str,
    ) -> Results:
        check_types(options, OPTIONS[command.partition(" ")[0]])
        chosen = {"quiet": True, **self._options, **options}
        chosen["quiet"] = chosen["quiet"] and not chosen.get("verbose")
        chosen["max_cost"] = self._left(_usd(chosen.get("max_cost")))
        more = chosen.pop("family_flags", None)
        if isinstance(more, Mapping):
            chosen |= more
        if str(chosen.get("output")) == "-":
            raise UsageProblem("output is '-': use a file or a folder.")
        switches = (*switches, "--dry-run") if self._only_prices else switches
        collector = Collector(self._allowance)
        try:
            call(command, arguments, chosen, collector, switches)
        except SdbrError as error:
            error.made = tuple(one.path for one in _results(collector))
            if isinstance(error, OverBudget) and self._allowance.cap is not None:
                cap, spent = in_usd(self._allowance.cap), in_usd(self.spent)
                error.args = (f"{error} This session has spent {spent} of {cap} USD.",)
            raise
        return Results(_results(collector), collector.estimate)

    def _left(self, most: Decimal | None) -> Decimal | None:
        """What a call may spend: `most`, and no more than its session has left."""
        if self._allowance.cap is None:
            return most
        left = max(self._allowance.cap - self.spent, Decimal(0))
        return left if most is None else min(most, left)


def estimate(
    function: Callable[Arguments, Results], *args: Arguments.args, **options: Arguments.kwargs
) -> Estimate:
    """What a call would cost; nothing is sent: `sdbr.estimate(sdbr.txt2img, "a fox", count=4)`.

    `function` is one of sdbr's or of a session's; what follows are its arguments. Raises SdbrError
    for what the call would refuse.
    """
    session = getattr(function, "__self__", None)
    if not isinstance(session, Session):
        raise TypeError(
            "estimate() takes a function of sdbr, such as sdbr.txt2img, and its arguments"
        )
    same: Callable[Arguments, Results] = getattr(session.pricing(), function.__name__)
    return same(*args, **options).estimate


def _results(collector: Collector) -> list[Result]:
    return [
        Result(
            path=line.path.absolute(),
            request=line.request,
            seed=line.seed,
            size=line.size,
            cost=line.cost,
            source=line.source and line.source.absolute(),
            details=line.as_json(emulated),
        )
        for line, emulated in collector.made
        if line.path is not None
    ]


def _usd(amount: object) -> Decimal | None:
    if amount is None:
        return None
    try:
        return UsdAmount().convert(amount, None, None)
    except click.BadParameter as error:
        raise UsageProblem(f"max_cost: {error.message}") from error


def _words(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments, none of which is read from stdin."""
    if "-" in arguments:
        raise UsageProblem(
            "'-' means stdin, which only works in a shell. Pass the text or a file name."
        )
    return arguments


def _names(given: PictureInput | Sequence[PictureInput], workspace: Workspace) -> list[str]:
    """The paths of what goes in; a Pillow image becomes a file of the workspace."""
    # Results are a sequence and, as a single one is a path, a path too.
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return [name for one in given for name in _names(one, workspace)]
    if isinstance(given, str | os.PathLike):
        return [os.fspath(given)]
    if not hasattr(given, "getbands"):
        what = "a path, a result, a Pillow image or a list of these"
        raise TypeError(f"An input must be {what}, not {type(given).__name__}")
    return [_saved(given, workspace)]


def _saved(image: Image, workspace: Workspace) -> str:
    """The path of a Pillow image, among the workspace's pictures under the name that it had."""
    file = io.BytesIO()
    whole = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else image.convert("RGB")
    whole.save(file, "PNG")
    stem = slug(Path(getattr(image, "filename", "") or "image").stem)
    return str(write_unique(file.getvalue(), workspace.source_img, stem, ".png"))


_ONCE = Session()
txt2img, img2img, img2gif = _ONCE.txt2img, _ONCE.img2img, _ONCE.img2gif
vid2vid, upscale, edit = _ONCE.vid2vid, _ONCE.upscale, _ONCE.edit
