"""What a service sets on its event loop is its process's own: all hosts share the simulated one."""

import asyncio
from collections.abc import Callable
from typing import Any

from harness.engines.sim.process import PROCESS, Process

ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class OwnSettings(asyncio.BaseEventLoop):
    """A loop on which each process has an exception handler, a task factory and debug mode."""

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        """Set the handler of the process that asks; the harness's own is nobody's to replace.

        Raises:
            TypeError: it cannot be called.

        """
        process = PROCESS.get()
        if process is None:
            super().set_exception_handler(handler)
            return
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        process.exception_handler = handler

    def get_exception_handler(self) -> ExceptionHandler | None:
        """Give the handler that the process has set."""
        process = PROCESS.get()
        return process.exception_handler if process else super().get_exception_handler()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell the process whose error it is, if it wants to know, or else the harness."""
        process = self.process_of(context)
        if process is None or process.exception_handler is None:
            super().call_exception_handler(context)
            return
        try:
            process.context().run(process.exception_handler, self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio itself does
            told = {"message": "Unhandled error in exception handler", "exception": error}
            super().call_exception_handler({**context, **told})

    def set_task_factory(self, factory: Any) -> None:  # noqa: ANN401 - as asyncio has it
        """Set what makes the tasks of the process that asks.

        Raises:
            TypeError: it cannot be called.

        """
        process = PROCESS.get()
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        if process is None:
            super().set_task_factory(factory)
        else:
            process.task_factory = factory

    def get_task_factory(self) -> Any:  # noqa: ANN401 - as asyncio has it
        """Give what makes the tasks of the process that asks."""
        process = PROCESS.get()
        return process.task_factory if process else super().get_task_factory()

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - as asyncio has it
        """Turn debug mode on or off for the process that asks."""
        process = PROCESS.get()
        if process is None:
            super().set_debug(enabled)
        else:
            process.debug = enabled
            # Only from now on: Python asks for it with every future, task and handle.
            self.get_debug = _is_debugged  # type: ignore[method-assign]

    def stop(self) -> None:
        """End the process that asks, as one whose loop stops; the harness's own stop ends a run."""
        process = PROCESS.get()
        if process is None or process.quit is None:
            super().stop()
        else:
            process.quit("ended: its event loop was stopped")

    def process_of(self, context: dict[str, Any]) -> Process | None:
        """Find whose an error is: that of the callback, if there is one, or of who tells."""
        handle = context.get("handle")
        return handle._context.get(PROCESS) if handle else PROCESS.get()  # noqa: SLF001


def _is_debugged() -> bool:
    process = PROCESS.get()
    return process is not None and process.debug
