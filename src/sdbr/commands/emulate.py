"""sdbr emulate: run a Bedrock emulator on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.cli.help import Command
from sdbr.cli.numbers import FiniteNumber, ParamType, WholeNumber
from sdbr.cli.options import collect_options, grouped
from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.emulator import EmulatorSettings

_EXAMPLES = """
sdbr emulate --port 8123
sdbr emulate --port 0 --latency 2s --max-in-flight 4
sdbr emulate --throttle 0.3 --error-500 0.05 --cut-body 0.05 --drop-after '#7'
sdbr emulate --filter-prompt every:10 --ended after:200 --log received.jsonl
sdbr emulate --allow-retired --refuse-words 'gun, blood'
"""
_FAULTS = {
    "Faults: errors": (
        ("throttle", "429 ThrottlingException."),
        ("not_ready", "429 ModelNotReadyException."),
        ("error_500", "500 InternalServerException."),
        ("error_503", "503 ServiceUnavailableException."),
        ("overloaded_529", "529 overloaded_error."),
        ("timeout_408", "408 ModelTimeoutException."),
        ("model_error_424", "424 ModelErrorException."),
        ("quota", "400 ServiceQuotaExceededException."),
    ),
    "Faults: access": (
        ("access_denied", "403: no access to the model."),
        ("marketplace", "403: the Marketplace subscription is pending."),
        ("expired_token", "403 ExpiredTokenException."),
        ("clock_skew", "403 InvalidSignatureException: the clock is wrong."),
        ("request_expired", "400 RequestExpired."),
        ("legacy", "404: a Legacy model unused for 30 days."),
        ("ended", "404: the model was retired."),
    ),
    "Faults: connection": (
        ("drop_before", "Close without an answer, before the picture is made."),
        ("drop_after", "Close without an answer, after the picture was made."),
        ("cut_body", "Close in the middle of the answer."),
        ("stall", "Never answer."),
        ("stall_body", "Stop in the middle of the answer, connection open."),
        ("dribble", "Send headers and body byte by byte."),
        ("endless_continue", "Send 100 Continue forever and never answer."),
        ("slow", "Delay the answer by --slow-by."),
        ("slow_first_byte", "Send headers at once, delay the body by --slow-by."),
    ),
    "Faults: content": (
        ("filter_prompt", "Refuse the prompt (safety filter)."),
        ("filter_input", "Refuse the input image (safety filter)."),
        ("filter_output", "Refuse the finished picture (safety filter)."),
        ("inference_error", '200 with "Inference error".'),
        ("broken_json", "200 with truncated JSON."),
        ("not_a_picture", "200 with base64 that is not a picture."),
        ("no_pictures", "200 without a picture."),
        ("data_uri", "200 with the picture as a data URI."),
        ("html_page", "200 with an HTML page, like a captive portal."),
        ("huge_error", "400 with a 64 MB body."),
    ),
}


class Duration(ParamType[float]):
    """Seconds: 2, 2s or 200ms."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds as a number."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)?\s*", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration such as 2s or 200ms", param, ctx)
        return float(match[1]) / (1000 if match[2] == "ms" else 1)


class Span(ParamType[tuple[float, float]]):
    """One time, or two with a dash between them: 1s-3s."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        """The shortest and the longest time in seconds."""
        if isinstance(value, tuple):
            return value
        low, dash, high = str(value).partition("-")
        shortest = Duration().convert(low, param, ctx)
        return shortest, Duration().convert(high, param, ctx) if dash else shortest


class FaultRule(ParamType[str]):
    """When a fault strikes: a rate, or by count."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The rule as it was given, once it can be read."""
        from sdbr.emulator.faults import when

        try:
            when(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


_serve = grouped("Server")
_behave = grouped("Behavior")
_limit = grouped("Limits")
_shape = grouped("Fault details")


def _settings(**flags: Any) -> EmulatorSettings:
    from sdbr.emulator.faults import KINDS, Faults
    from sdbr.emulator.settings import EmulatorSettings

    rules = {name: flags.pop(name) for name in KINDS}
    rules |= {name: flags.pop(name) for name in ("slow_by", "retry_after", "filtered_images")}
    try:
        faults = Faults(**rules, seed=flags.pop("fault_seed"))
    except ValueError as error:
        raise UsageProblem(str(error)) from None
    flags["models"] = _pairs(flags["models"])
    words = tuple(word.strip() for word in flags.pop("refuse_words").split(",") if word.strip())
    return EmulatorSettings(**flags, faults=faults, refuse_words=words)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, _, model = text.rpartition("=")
        if not name:
            raise UsageProblem(f"--map is {text!r}: use ARN=ID, a name and a model ID.")
        pairs[name] = model
    return pairs


_options = collect_options(
    "settings",
    _settings,
    _serve("--port", type=WholeNumber(0, 65_535), default=8123, metavar="N", show_default=True,
           help="Port to listen on; 0 for any free port."),
    _serve("--host", default="127.0.0.1", metavar="ADDRESS", show_default=True,
           help="Address to listen on."),
    _behave("--latency", type=Span(), default="0", metavar="TIME",
            help="Time per picture: 2s, 200ms or 1s-3s."),
    _behave("--flicker", type=FiniteNumber(0, 5), default=1.0, show_default=True,
            metavar="0..5",
            help="Variation from call to call."),
    _behave("--picture-side", type=WholeNumber(0, 4096), default=0, metavar="PIXELS",
            help="Max longer side of pictures, for load tests."),
    _behave("--picture-bytes", type=WholeNumber(0, 16_000_000), default=0, metavar="BYTES",
            help="Pad picture files to this size, for load tests."),
    _behave("--credentials", is_flag=True, help="Add content credentials (C2PA) to pictures."),
    _behave("--allow-retired", is_flag=True, help="Serve retired models."),
    _behave("--check-region/--any-region", default=True,
            help="Reject models that the region does not offer."),
    _behave("--refuse-words", default="", metavar="WORDS",
            help="Refuse prompts with these words, such as gun,blood."),
    _behave("--map", "models", multiple=True, metavar="NAME=ID",
            help="Map a name or ARN to a model; repeatable."),
    _limit("--max-in-flight", type=WholeNumber(1), metavar="N",
           help="Throttle above N requests at once."),
    _limit("--rpm", type=WholeNumber(1), metavar="N", help="Throttle above N requests per minute."),
    *(
        grouped(title)(f"--{name.replace('_', '-')}", type=FaultRule(), default="0", metavar="WHEN",
                       help=text)
        for title, kinds in _FAULTS.items()
        for name, text in kinds
    ),
    _shape("--slow-by", type=Duration(), default="5s", metavar="TIME", show_default=True,
           help="Delay of --slow and --slow-first-byte."),
    _shape("--retry-after", type=float, metavar="SECONDS", help="Retry-After of 429 and 529."),
    _shape("--filtered-images", type=click.Choice(["missing", "empty", "blank"]), metavar="HOW",
           default="missing", show_default=True, help="missing, empty or blank."),
    _shape("--fault-seed", type=int, default=0, metavar="N", show_default=True,
           help="Seed that picks the requests a rate hits."),
)  # fmt: skip
_ESSENTIALS = (
    *("--port", "--host", "--log", "--latency", "--max-in-flight", "--rpm"),
    *("--throttle", "--error-500", "--filter-prompt", "--refuse-words", "--allow-retired", "--map"),
    "--fault-seed",
)


@click.command("emulate", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@_options
@_serve(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Append each request and its outcome, as JSON lines.",
)
def command(settings: EmulatorSettings, log: Path | None) -> None:
    """Run a Bedrock emulator on this machine: no account, no cost, faults on demand.

    Any AWS SDK can use it unchanged. The URL goes to stdout, the environment variables to set go
    to stderr. Press Ctrl-C to stop.

    WHEN is a share of the requests (0.3 or 30%) or a count: '#7' or nth:3,7 (these), every:5,
    first:3, after:20 (all later ones).

    GET /_emulator/summary and /_emulator/received report the requests; POST /_emulator/reset
    clears them.
    """
    from sdbr.emulator.process import PortInUse, serve

    try:
        serve(settings, log)
    except PortInUse:
        raise UsageProblem(
            f"Port {settings.port} is already in use. Choose another --port, or 0 for any "
            "free port."
        ) from None
