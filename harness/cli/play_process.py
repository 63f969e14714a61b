"""A session on containers in a process of its own, whose runs are kept with a report.

Started as `python -m harness.cli.play_process [FOLDER OF LABS]` by the console.
"""

import sys
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

from harness.cli.late import imported
from harness.live.real_time_protocol import RealTimeSpeaker
from harness.live.session_process import main
from harness.result import Result

REPORT = "harness.cli.report_writer"


def drawing(result: Result, folder: Path, when: datetime) -> AbstractContextManager[None]:
    """Write the report as `./lab run` does; it brings matplotlib, for which no page waits."""
    writing: AbstractContextManager[None] = imported(REPORT).writing(result, folder, when)
    return writing


if __name__ == "__main__":
    sys.exit(main(partial(RealTimeSpeaker, drawing=drawing)))
