"""The click group: finds a command by name; turns a failure into one line and an exit code."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
from contextlib import suppress

import click

from sdbr import __version__
from sdbr.cli.help import Folder, UnknownCommand, columns
from sdbr.config.drawing_commands import DRAWING
from sdbr.errors import EXIT_CODES, Interrupted, SdbrError

_STACK = 1024 * 1024
_M_ARENA_MAX = -8  # In glibc's malloc.h.
_NO_MEMORY = (
    "Not enough memory. Finished pictures are saved: close other programs or lower --workers, "
    "then run the same command again."
)
_ASCII = {"×": "x", "·": "|", "…": "...", "–": "-", "—": "-", "−": "-", "→": "->", "’": "'"}
_READER_GONE = 141  # As a shell tells SIGPIPE.
_DRAW = tuple(dict.fromkeys(name.split()[0] for name in DRAWING))


class Commands(Folder):
    """All commands, those that draw first."""

    package = "sdbr.commands"

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option, which points to the examples of each command."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Show this message; `sdbr COMMAND --help` shows examples."
        return option

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names: those that draw first, then by the alphabet."""
        names = super().list_commands(ctx)
        first = [name for name in _DRAW if name in names]
        return [*first, *(name for name in names if name not in first)]

    def sections(self, ctx: click.Context) -> list[tuple[str, list[str]]]:
        """The commands under two headings."""
        names = self.list_commands(ctx)
        drawing = [name for name in names if name in _DRAW]
        return [("Generate", drawing), ("Manage", names[len(drawing) :])]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": columns()},
)
@click.version_option(__version__, message="sdbr %(version)s")
def cli() -> None:
    """Make pictures and restyle video with Stability AI's models on Amazon Bedrock.

    Try it without an account: sdbr txt2img "a lighthouse at dusk" --offline
    """


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    if "_SDBR_COMPLETE" in os.environ:
        from sdbr.cli import completion

        completion.install(cli)
    _save_memory()
    codecs.register_error("sdbr", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="sdbr")
    sys.exit(run(sys.argv[1:]))


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What a terminal of another code page shows for what that has not: ASCII, or a ?."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_ASCII.get(letter, "?") for letter in text), error.end


def _save_memory() -> None:
    """Where address space is limited, give each thread less than Linux does.

    That is 8 MB of stack and a heap of 64 MB, of which a few workers fill half a gigabyte.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        import ctypes

        threading.stack_size(_STACK)
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; a failure is one line on stderr."""
    try:
        code = cli.main(arguments, prog_name="sdbr", standalone_mode=False)
        if sys.stdout is not None:  # As it is where it was closed.
            sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.UsageError as error:
        return _fail(_in_one_line(error, arguments), 2)
    except click.ClickException as error:
        return _fail(error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt):
        return _fail("Interrupted. Run the same command again to continue.", Interrupted.exit_code)
    except SystemExit as leaving:
        # Click's own end where nobody reads any more.
        return _READER_GONE if leaving.code == 1 else int(leaving.code or 0)
    except BrokenPipeError:
        # Whoever read the paths has gone; what is drawn is on disk.
        _drop_output()
        return _READER_GONE
    except SdbrError as error:
        return _fail(str(error), error.exit_code, error)
    except OSError as error:
        return _fail_output(error)
    except MemoryError as error:
        return _fail(_NO_MEMORY, 3, error)
    except Exception as error:
        return _fail(_bug(error), 1, error)


def _fail(message: str, code: int, error: Exception | None = None) -> int:
    if error is not None and os.environ.get("SDBR_DEBUG"):
        import traceback

        traceback.print_exception(error)
    from sdbr.console import shown, wrapped

    with suppress(OSError, ValueError):  # Whoever would read it has gone.
        print(wrapped(f"sdbr: {shown(' '.join(message.split()))}"), file=sys.stderr)
    return code


def _fail_output(error: OSError) -> int:
    """The failure of what click writes, which is stdout's; any other is a bug."""
    from traceback import walk_tb

    where = [frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__)][-1]
    if where not in (click.echo.__module__, __name__):
        return _fail(_bug(error), 1, error)
    from sdbr.console import unwritable_output

    # Else Python tries once more at its end, and says so in its own words.
    _drop_output()
    problem = unwritable_output(error)
    return _fail(str(problem), problem.exit_code, error)


def _drop_output() -> None:
    """Let what is still to be written to stdout go nowhere."""
    with suppress(OSError, ValueError):  # It may be no file at all.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_one_line(error: click.UsageError, arguments: list[str]) -> str:
    command = error.ctx.command_path if error.ctx else "sdbr"
    from sdbr.cli.hints import usage_message

    message = usage_message(error) + _told_by_environment(error)
    if isinstance(error, UnknownCommand):
        from sdbr.cli.hints import command_hint

        words = arguments[arguments.index(error.name) :]
        top = error.ctx is not None and error.ctx.parent is None
        message = f"{message} {command_hint(words, error.names, top)}".rstrip()
    return f"{message} See `{command} --help`." if "--help" not in message else message


def _told_by_environment(error: click.UsageError) -> str:
    """Nobody looks for a wrong value in a variable that was set long ago."""
    option = error.param if isinstance(error, click.BadParameter) else None
    if error.ctx is None or option is None or option.envvar is None or option.name is None:
        return ""
    source = error.ctx.get_parameter_source(option.name)
    from_environment = source is click.core.ParameterSource.ENVIRONMENT
    return (
        f" The value comes from the environment variable {option.envvar}."
        if from_environment
        else ""
    )


def _bug(error: Exception) -> str:
    what = f"{type(error).__name__}: {error}".strip()[:300]
    return f"This is a bug in sdbr: {what}. Please report it with the output of SDBR_DEBUG=1."
