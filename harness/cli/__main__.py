"""Starts a command and turns whatever happens into a line and an exit code."""

import errno
import importlib
import sys
import traceback
from pathlib import Path

import click

from harness.catalogue import nearest
from harness.errors import ChaoslabError, ExitCode

COMMANDS = sorted(
    path.stem.removeprefix("cmd_").replace("_", "-")
    for path in Path(__file__).parent.glob("cmd_*.py")
)


class Commands(click.Group):
    """Imports a command's module only when the command is asked for, so that starts are fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the names of all commands."""
        return COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import one command.

        Raises:
            click.UsageError: there is none of that name.

        """
        if cmd_name not in COMMANDS:
            close = nearest(cmd_name, COMMANDS)
            raise click.UsageError(f"no command {cmd_name!r}{close}; ./lab --help lists them", ctx)
        module = importlib.import_module(f"harness.cli.cmd_{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", prog_name="chaoslab")
def lab() -> None:
    """Learn how distributed systems fail, and prove that yours does not.

    \b
    Start with:  ./lab run retry-storm
    """  # noqa: D301 - \b is click's


def main(arguments: list[str] | None = None) -> ExitCode:
    """Run one command line and give its exit code; prints what went wrong, if anything."""
    try:
        return ExitCode(lab.main(arguments, prog_name="./lab", standalone_mode=False) or 0)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - this is the one boundary
        code, line = _explained(error)
        if code is ExitCode.BUG:
            traceback.print_exc()
        if line:
            click.echo(f"chaoslab: {line}", err=True)
        return code


def _explained(error: BaseException) -> tuple[ExitCode, str]:
    """Give the exit code and the line for whatever ended a command."""
    match error:
        case click.ClickException():
            return ExitCode.INCONCLUSIVE, " ".join(error.format_message().split())
        case ChaoslabError():
            return error.exit_code, str(error)
        case KeyboardInterrupt() | click.Abort():
            return ExitCode.INTERRUPTED, "interrupted; everything that was started has been ended"
        case BrokenPipeError():
            # Who reads our output has gone, as `| head` does; Python would complain at its exit.
            sys.stdout = None  # type: ignore[assignment]
            return ExitCode.AS_EXPECTED, ""
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EACCES):
            where = error.filename or "output"
            return ExitCode.INCONCLUSIVE, f"{where}: {error.strerror}; make room, or it writable"
        case _:
            return ExitCode.BUG, "this is a bug of ours; please report it with the lines above"


if __name__ == "__main__":
    sys.exit(main())
