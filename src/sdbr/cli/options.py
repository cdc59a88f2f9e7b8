"""Options that several commands share; each group arrives as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

import click

from sdbr.cli.connection import ConnectionFlags, connection_of, with_retired
from sdbr.cli.help import Option
from sdbr.cli.numbers import FiniteNumber, UsdAmount, WholeNumber
from sdbr.config.settings import Connection, Effort, Output, Spending

if TYPE_CHECKING:
    from sdbr.bedrock.catalog import Catalog
    from sdbr.config import Config
    from sdbr.workflows.run import Setup

CommandFunction = Callable[..., object]
Chosen = TypeVar("Chosen")
Decorator = Callable[[CommandFunction], CommandFunction]


@dataclass(frozen=True, slots=True)
class Run:
    """How to run: the workspace, the three values of `settings`, the output, the config."""

    root: Path
    connection: Connection
    effort: Effort
    spending: Spending
    output: Output
    config: Config
    dry_run: bool
    fresh: bool
    provenance: bool
    signing_files: tuple[Path, Path] | None
    on_filtered: str | None

    def catalog(self) -> Catalog:
        """The models, with the user's own prices and aliases."""
        from sdbr.bedrock import catalog

        return catalog.load(self.config.prices, self.config.aliases)

    def setup(self, catalog: Catalog, refused: str = "stop") -> Setup:
        """What to draw with; `refused` is what becomes of refused pictures unless a flag says."""
        from sdbr.console import Console
        from sdbr.generation.filter_policy import OnFiltered
        from sdbr.generation.stack import Resources
        from sdbr.media.credentials.signing import load_signing_key
        from sdbr.workflows.lines import Shell
        from sdbr.workflows.run import Setup
        from sdbr.workspace import Workspace

        # A program that calls the command takes the results itself.
        recipient = click.get_current_context().obj or Shell(json=self.output.json)
        resources = Resources(
            workspace=Workspace(self.root),
            connection=self.connection,
            effort=self.effort,
            spending=self.spending,
            models=catalog.models,
            on_filtered=OnFiltered.parse(self.on_filtered or refused),
            fresh=self.fresh,
            provenance=self.provenance,
            signing_key=load_signing_key(*self.signing_files) if self.signing_files else None,
        )
        console = Console(quiet=self.output.quiet, verbose=bool(self.output.verbose))
        return Setup(resources, self.output, console, recipient, self.dry_run)


def collect_options(into: str, build: Callable[..., object], *options: Decorator) -> Decorator:
    """A decorator that adds `options` and hands their values to the command as one: `into`."""

    def decorate(function: CommandFunction) -> CommandFunction:
        def own(**values: object) -> object:
            mine = {name: values.pop(name) for name in names}
            return function(**values, **{into: build(**mine)})

        wrapped: CommandFunction = wraps(function)(own)
        before = [option.name for option in getattr(function, "__click_params__", [])]
        for option in reversed(options):
            wrapped = option(wrapped)
        # click lists the last one first. In the order of the help, so that a sweep over several
        # flags has one order, whatever the hashes of their names are.
        after = [option.name for option in getattr(wrapped, "__click_params__", [])]
        names = [name for name in reversed(after) if name not in before]
        return wrapped

    return decorate


def grouped(title: str) -> Callable[..., Decorator]:
    """`click.option` under the heading `title`."""
    return partial(click.option, cls=type("Option", (Option,), {"group": title}))


_connection = grouped("Connection")
_effort = grouped("Requests")
_spending = grouped("Spending")
_output = grouped("Output")

workspace_option = _output(
    "--workspace",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="SDBR_WORKSPACE",
    metavar="FOLDER",
    help="Folder with source/ and generate/ [default: .].",
)
json_option = _output("--json", "as_json", is_flag=True, help="Print one JSON object per line.")

PROVENANCE = _output(
    *("--provenance/--no-provenance", "provenance"),
    default=None,
    envvar="SDBR_PROVENANCE",
    help="Mark results as generated (IPTC, XMP) [default: yes].",
)
SIGN = _output(
    *("--sign", "sign"),
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="CERT KEY",
    envvar="SDBR_SIGN",
    help="Sign results with Content Credentials (C2PA). CERT and KEY are PEM files: the "
    "certificate with those of its issuers, and its private key. Needs the extra sdbr[c2pa].",
)
CONNECTION = (
    _connection(
        "--offline", is_flag=True, envvar="SDBR_OFFLINE", help="Use the built-in emulator; free."
    ),
    _connection("--region", metavar="REGION", envvar="SDBR_REGION", help="AWS region to use."),
    _connection("--profile", metavar="NAME", envvar="SDBR_PROFILE", help="AWS profile."),
    _connection(
        "--endpoint-url", metavar="URL", envvar="SDBR_ENDPOINT_URL", help="Custom endpoint URL."
    ),
)
ALLOW_RETIRED = _connection("--allow-retired", is_flag=True, help="With --offline: retired models.")
EFFORT = (
    _effort(
        "--workers",
        type=WholeNumber(1, 64),
        metavar="N",
        envvar="SDBR_WORKERS",
        help="Max requests at once [default: 8].",
    ),
    _effort(
        "--attempts",
        type=WholeNumber(1, 100),
        metavar="N",
        envvar="SDBR_ATTEMPTS",
        help="Max attempts per picture [default: 12].",
    ),
    _effort(
        "--timeout",
        type=FiniteNumber(min=0.1),
        envvar="SDBR_TIMEOUT",
        metavar="SECONDS",
        help="Time limit per picture, with retries [default: 600].",
    ),
    _effort(
        "--rpm",
        type=FiniteNumber(min=0.01),
        metavar="N",
        envvar="SDBR_RPM",
        help="Max requests per minute.",
    ),
)
SPENDING = (
    _spending(
        "--max-cost",
        type=UsdAmount(),
        envvar="SDBR_MAX_COST",
        help="Spend at most this much in one run.",
    ),
    _spending(
        "--ask-above",
        type=UsdAmount(),
        envvar="SDBR_ASK_ABOVE",
        help="Ask before spending more than this [default: 1].",
    ),
    _spending("--yes", "-y", is_flag=True, envvar="SDBR_YES", help="Accept any price; do not ask."),
    _spending("--dry-run", is_flag=True, help="Show the price and the requests; send nothing."),
    _spending("--fresh", is_flag=True, help="Regenerate, and pay, even if cached."),
    _spending(
        "--on-filtered",
        metavar="HOW",
        help="If filtered: stop, skip, hold or reseed[:N]. Default: hold for clips, else stop.",
    ),
)
OUTPUT = (
    workspace_option,
    _output("--name", metavar="NAME", help="File name, or a template like {prompt}-{seed}."),
    _output("--output", "-o", "to", metavar="PATH", help="Output file or folder; - for stdout."),
    _output("--overwrite", is_flag=True, help="Let -o replace an existing file."),
    json_option,
    PROVENANCE,
    SIGN,
    _output("--open", "open_", is_flag=True, help="Open the results when done."),
    _output(
        "--quiet",
        "-q",
        is_flag=True,
        help="Print errors only, and the --dry-run plan.",
    ),
    _output("--verbose", "-v", count=True, help="Print details, such as endpoint and timing."),
)


RUN_ESSENTIALS = ("--output", "--name", "--max-cost", "--yes", "--dry-run", "--offline")
"""Those that `--help` shows of a command that draws."""


class RunFlags(ConnectionFlags):
    """The values of all the options of a run."""

    root: Path
    name: str | None
    to: str | None
    overwrite: bool
    as_json: bool
    provenance: bool | None
    sign: tuple[Path, Path] | None
    open_: bool
    quiet: bool
    verbose: int
    max_cost: Decimal | None
    ask_above: Decimal | None
    yes: bool
    dry_run: bool
    fresh: bool
    on_filtered: str | None
    allow_retired: bool
    workers: int | None
    attempts: int | None
    rpm: float | None


def _run(**flags: Unpack[RunFlags]) -> Run:
    from sdbr import config as configuration

    config = configuration.load(flags["root"])
    # Who asks for a signature with a flag wants the mark, whatever a file says.
    provenance = _told(flags["provenance"], bool(flags["sign"]) or config.provenance is not False)
    return Run(
        root=flags["root"],
        connection=with_retired(connection_of(flags, config), flags["allow_retired"]),
        effort=Effort(
            workers=flags["workers"] or config.workers or Effort().workers,
            attempts=flags["attempts"] or config.attempts or Effort().attempts,
            rpm=flags["rpm"] or config.rpm,
        ),
        spending=Spending(
            cap=_told(flags["max_cost"], config.max_cost),
            ask_above=_told(flags["ask_above"], _told(config.ask_above, Spending().ask_above)),
            assume_yes=flags["yes"],
        ),
        output=Output(
            name=flags["name"],
            to=flags["to"],
            overwrite=flags["overwrite"],
            json=flags["as_json"],
            quiet=flags["quiet"],
            verbose=flags["verbose"],
            open=flags["open_"],
        ),
        config=config,
        dry_run=flags["dry_run"],
        fresh=flags["fresh"],
        provenance=provenance,
        signing_files=(flags["sign"] or config.sign) if provenance else None,
        on_filtered=flags["on_filtered"],
    )


def _told(told: Chosen | None, otherwise: Chosen) -> Chosen:
    return otherwise if told is None else told


run_options = collect_options("run", _run, *OUTPUT, *SPENDING, *EFFORT, *CONNECTION, ALLOW_RETIRED)
