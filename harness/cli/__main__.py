"""Starts a command and turns whatever happens into a line and an exit code."""

import errno
import gc
import io
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

from harness import catalogue
from harness.cli import complaints, drawings, hashing, program
from harness.cli.late import imported
from harness.engines import containers
from harness.engines.compose.interrupts import first_raises
from harness.errors import ChaoslabError, EnvironmentNotReadyError, ExitCode
from harness.model.names import nearest

COMMANDS = sorted(
    path.stem.removeprefix("cmd_").replace("_", "-")
    for path in Path(__file__).parent.glob("cmd_*.py")
)


START = "no command given. Start with: ./lab run retry-storm. All commands: ./lab --help"
STOPPED = "interrupted. All containers and processes of this run were stopped."
BUG = "internal error in chaoslab, not in your lab. Please report it with the traceback above."


SELDOM = (100_000, 10, 10)
"""How many objects are made between two looks for garbage; Python's own is 700."""

OF_REPOSITORY = ("compose", "grafana", "images", "site", "test")
"""Commands that need what an installed package does not hold."""


def _choose(ctx: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    """Turn to another folder's labs before the command reads its other options."""
    del parameter
    if folder is not None:
        elsewhere = imported("harness.cli.elsewhere")
        elsewhere.use(folder, may_be_empty=ctx.info_name == "new")


LABS = click.Option(
    ["--labs"],
    type=click.Path(path_type=Path),
    metavar="DIR",
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="Somebody else's labs: DIR/NAME/lab.py or DIR/TRACK/NAME/lab.py.",
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
            EnvironmentNotReadyError: a part of the lock that it needs is not installed.

        """
        if cmd_name not in COMMANDS:
            close = nearest(cmd_name, COMMANDS)
            raise click.UsageError(f"no command {cmd_name!r}{close}; ./lab --help lists them", ctx)
        if cmd_name in OF_REPOSITORY and not catalogue.IS_CHECKOUT:
            raise EnvironmentNotReadyError(f"{cmd_name}: {containers.NO_REPOSITORY}")
        module = imported(f"harness.cli.cmd_{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        if cmd_name in program.ON_LABS and not any(one.name == "labs" for one in command.params):
            command.params.append(LABS)
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
    with first_raises():
        return _main(arguments)


def _main(arguments: list[str] | None) -> ExitCode:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=drawings.PLAINLY)
    try:
        with complaints.heard():
            code = ExitCode(
                lab.main(arguments, prog_name=program.name(), standalone_mode=False) or 0
            )
        click.echo(nl=False)  # flushes, and so fails here and not at the interpreter's exit
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - the one boundary
        code, line = _explained(error)
        if code is ExitCode.BUG:
            traceback.print_exc()
        if line:
            _print(f"chaoslab: {program.named(line)}")
    return code


def _print(line: str) -> None:
    """Print the last line, unless the terminal is closed; then Python must not flush to it."""
    try:
        click.echo(line, err=True)
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        sys.stdout = None


def _unwritten(error: OSError) -> str:
    """Say what could not be written, why, and what to do."""
    where = error.filename or "standard output"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        why = "the disk is full. Free some space, for example with ./lab clean --runs."
        return f"cannot write {where}: {why}"
    return f"{where} is not writable. Check its permissions."


def _explained(error: BaseException) -> tuple[ExitCode, str]:
    """Give the exit code and the line for whatever ended a command."""
    match error:
        case click.ClickException():
            said = error.format_message()
            helps = isinstance(error, click.exceptions.NoArgsIsHelpError)
            line = f"{START}\n\n{said}" if helps else " ".join(said.split())
            return ExitCode.INCONCLUSIVE, line
        case ChaoslabError():
            return error.exit_code, str(error)
        case KeyboardInterrupt() | click.Abort() | OSError(errno=errno.EIO):
            # A terminal that is closed refuses output before its signal is heard.
            return ExitCode.INTERRUPTED, STOPPED
        case BrokenPipeError() | SystemExit():
            # Who reads our output has gone, as `| head` does: click and rich then ask for an exit.
            # Nobody was told a verdict; Python would complain when it flushes at its own exit.
            sys.stdout = None
            return ExitCode.INCONCLUSIVE, ""
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EACCES):
            sys.stdout = sys.stdout if error.filename else None
            return ExitCode.INCONCLUSIVE, _unwritten(error)
        case _:
            return ExitCode.BUG, BUG


def start() -> NoReturn:
    """Run the command line of this process, as `./lab` and the script `chaoslab` do."""
    hashing.settle()
    # A tenth of the start would go into looking for garbage among modules, at its end once more.
    gc.set_threshold(*SELDOM)
    code = main()
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    start()
