"""The root command, where errors become messages and exit codes."""

from __future__ import annotations

import logging
import os
from importlib import import_module
from typing import Any, Final

import click

from .._version import __version__
from ..errors import FronteggError
from . import command_lines, exit_codes, output

_logger: Final = logging.getLogger("frontegg_async.cli")


class LazyGroup(click.Group):
    """A group that imports a command when it is used, not for ``--help``.

    Args:
        lazy: module beside this one, attribute and short help, by command name.
    """

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of the table."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._lazy:
            return None
        module, attribute, _ = self._lazy[cmd_name]
        command = getattr(import_module(f"{__package__}.{module}"), attribute)
        assert isinstance(command, click.Command)  # noqa: S101  # the table below names commands only
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the short helps without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self._lazy.items()])


class App(LazyGroup):
    """The whole command line; no exception leaves it as a traceback."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Remember the arguments, for a run that prints how to continue."""
        given = tuple(args)  # parsing uses the list up
        ctx = super().make_context(info_name, args, parent, **extra)
        command_lines.remember(ctx, given)
        return ctx

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and exit with the code that it returns."""
        try:
            code = super().invoke(ctx)
            output.flush()
        except (click.exceptions.Exit, click.ClickException):
            raise  # click prints these and exits with their code
        except (KeyboardInterrupt, click.Abort) as interrupt:
            output.note(str(interrupt) or "Interrupted.")
            code = exit_codes.INTERRUPTED
        except FronteggError as error:
            output.error(str(error))
            code = exit_codes.of_error(error)
        except BrokenPipeError:
            # The reader of stdout has closed it: no message, but the output is incomplete.
            output.give_up_stdout()
            code = exit_codes.ERROR
        except OSError as error:
            output.error(_os_error(error))
            output.give_up_stdout()
            code = exit_codes.ERROR
        except Exception as error:  # the last resort, instead of a traceback
            _logger.debug("unexpected", exc_info=True)
            output.error(f"unexpected {type(error).__name__}: {error} (-vv shows where)")
            code = exit_codes.ERROR
        ctx.exit(code if isinstance(code, int) else exit_codes.DONE)


def _os_error(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return reason if error.filename is None else f"{os.fspath(error.filename)}: {reason}"


app = App(
    "frontegg-async",
    help="Frontegg from the command line: bulk tenant work, single calls, an emulator.\n\n"
    "Credentials come from FRONTEGG_CLIENT_ID and FRONTEGG_API_KEY (or FRONTEGG_SECRET_KEY); "
    "no option takes a secret. Data goes to stdout; messages, progress and logs go to stderr. "
    "With --json, too, an error is a message on stderr, and stdout stays empty.\n\n"
    + exit_codes.TABLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[],
    no_args_is_help=True,
    lazy={
        "bulk": ("bulk.commands", "bulk", "Work on thousands to millions of rows, from a file."),
        "call": ("call.command", "call", "Call one operation and print its response as JSON."),
        "emulator": ("emulator", "emulator", "Serve an emulator of Frontegg's API on this host."),
        "operations": ("operations", "operations", "List the operations that the SDK has."),
        "token": ("token", "token", "Show whose credentials are used, and when the token expires."),
    },
)
click.version_option(__version__, prog_name="frontegg-async")(app)
