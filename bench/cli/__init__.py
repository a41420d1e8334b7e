"""The command line: one file per command, imported when it is called; exit codes of errors.

0 met, 1 measured and not met, 2 usage or scenario error, 3 could not judge, 130 and 143
interrupted after clean-up. Progress and diagnostics go to stderr, results to stdout.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from typing import NoReturn

import click

import bench.core.text  # not its function alone: `clean` is a command here
from bench.cli.output import tell
from bench.core.errors import BenchError
from bench.core.interrupts import Interrupted
from bench.core.version import __version__

COMMANDS = {
    "run": "Measure the cases of scenarios and judge them.",
    "demo": "Measure the bundled quickstart, from anywhere.",
    "validate": "Check scenario files without an engine.",
    "schema": "Print the JSON Schema that editors use.",
    "lint": "Find costly habits in Dockerfiles, without an engine.",
    "inspect": "Show what is in an image, and what could be saved.",
    "improve": "Mend a Dockerfile by rule, and measure what each mend brings.",
    "right-size": "Find the smallest limits at which a scenario still passes.",
    "ladder": "Measure what each change between two images buys.",
    "report": "Write the reports of a run again from its journal.",
    "compare": "Compare two runs, or two cases of one run.",
    "list": "List the runs under a folder, newest first.",
    "history": "Show trends and changes over the runs under a folder.",
    "explain": "Explain a rule, a metric or an exit code.",
    "selftest": "Measure the error of bench itself.",
    "doctor": "Check what this host can measure.",
    "engine": "Start, stop and inspect the private engine.",
    "images": "Prepare the base images of the bundled scenarios.",
    "clean": "Remove what an interrupted run left behind.",
}


class _Lazy(click.Group):
    """Loads the module of a command only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bench.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bench")
def cli() -> None:
    """Measure how long container images take to become useful, and what they cost.

    `bench run scenario.yaml` measures; `bench doctor` says what this host can measure.
    """


def main() -> NoReturn:
    """Run the command line and exit with the code of the contract."""
    _usable_streams()
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted", err=True)
        code = 130
    except Interrupted as signal:
        tell(f"interrupted ({signal})", err=True)
        code = signal.exit_code
    except BenchError as error:
        tell(bench.core.text.clean(error), err=True)
        code = error.exit_code
    except BrokenPipeError:
        # the reader of our output has gone; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except SystemExit as end:
        # Click ends so when the reader of our output has gone, with the code of a missed limit
        gone = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        code = 0 if gone else end.code
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for users
        tell(bench.core.text.clean(_fault(error)), err=True)
        code = 3
    sys.exit(code if isinstance(code, int) else 0)


def _usable_streams() -> None:
    """Streams that take every text: closed ones lead nowhere, and no character is refused."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # `>&-`
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _fault(error: Exception) -> str:
    """A fault of bench's own: what to send to its makers, and where it happened."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = error.filename or "output"
        return f"{where}: cannot be written: {error.strerror}\n  what to do: free some disk space"
    if os.environ.get("BENCH_TRACEBACK"):
        import traceback

        return "".join(traceback.format_exception(error))
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119
        trace = trace.tb_next
    return (
        f"bench itself failed at {place}: {type(error).__name__}: {error}\n"
        "  what to do: this is a bug in bench; BENCH_TRACEBACK=1 shows the traceback"
    )
