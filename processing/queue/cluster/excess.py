"""Whether a task ended of its memory limit, and what is said of it then."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import Any

from processing.memory.allocations import LineUse
from processing.memory.plan import show
from processing.memory.profiler import Profile
from processing.memory.source_lines import describe_place, is_library
from processing.memory.units import MIB
from processing.queue.cluster.running import Running

#: A task that was seen with so much of its limit may have been refused the rest since.
CLOSE_SHARE = 0.75
#: How programs end that do not look at what an allocation gives them.
CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS)
#: What Python raises where a child process has failed or died, which was refused memory as well.
CHILD_FAILURES = ("subprocess.CalledProcessError", "concurrent.futures.process.BrokenProcessPool")
#: A frame of a traceback, and the line of code where that is told.
FRAME = re.compile(r' File "([^"]+)", line (\d+), in (.+)(?:\n    (.+))?')
#: A profile of a smaller part than this of what the task took does not say where the rest went.
TELLING_SHARE = 0.5
#: What a profile says of a line that no trace told of.
LAST_SEEN = "it was here when it was given no more"
#: What calls every task, what interrupts it, what looks at it then, and what it may be interrupted
#: in while it unwinds.
SURROUNDINGS = re.compile(
    r"(django_q/worker|processing/(memory/(profiler|allocations|growth)"
    r"|queue/(cluster/\w+|rehearsal|run|work)|uploads/store))\.py$"
)


def has_failed_of_child(running: Running, report: Mapping[str, Any]) -> bool:
    """Whether a task failed close to its limit because a child of it did."""
    if report["error"] is None or not _is_close(running):
        return False
    last_line = report["error"]["error_traceback"].rstrip().rpartition("\n")[2]
    return bool(last_line.startswith(CHILD_FAILURES))


def has_died_of_limit(running: Running, status: int) -> bool:
    """Whether a seat died as programs do that were refused memory; `status` as Popen has it."""
    return _is_close(running) and (status > 0 or status in CRASHES)


def describe_excess(running: Running, *, peak_bytes: int, traceback: str = "") -> str:
    """What it took, what it may take, and where it was, as far as a traceback tells.

    Of a task that ran alone also where most was allocated, if its profile tells of most.
    """
    limit = show(running.limit_bytes)
    may = f"had room for {limit}, alone" if running.claim.runs_alone else f"may take {limit}"
    if running.order_reason:
        text = f"{running.order_reason}; of all tasks this had grown most, by {show(peak_bytes)}"
    elif peak_bytes > running.limit_bytes:
        took = show(peak_bytes + MIB - 1)  # what is more than the limit looks so
        text = f"The task took {took} of memory and {may}"
    else:
        text = f"The task had {show(peak_bytes)} of memory, {may}, and asked for more"
    if place := find_place(traceback):
        text += f"; it was in {place}"
    if _tells_of_most(running.profile, peak_bytes):
        text += f"; most was allocated in {_describe_worst(running.profile[0])}"
    return f"{text}."


def _is_close(running: Running) -> bool:
    return running.most_bytes >= CLOSE_SHARE * running.limit_bytes


def _describe_worst(line: Mapping[str, Any]) -> str:
    said = f" ({line['line']})" if line["line"] else ""
    return f"{line['place']}{said}, {show(line['bytes'])}"


def find_place(traceback: str) -> str:
    """The innermost line of a traceback that is the task's own, else the innermost of all."""
    for path, number, function, _ in _find_last(traceback):
        return f"{function}, {path}:{number}"
    return ""


def complete_profile(running: Running, *, peak_bytes: int, traceback: str = "") -> Profile:
    """What it allocated when it ran alone, and where it was at the end if that tells of too little.

    A single allocation that is refused was never there to be traced, nor is what code in C does
    that lets no other thread look.
    """
    profile = running.profile
    if _tells_of_most(profile, peak_bytes) or not running.claim.runs_alone:
        return profile
    ends = [
        LineUse(
            place=describe_place((path, int(number))),
            line=line.strip(),
            size_bytes=peak_bytes - _sum_up(profile),
            blocks=0,
            detail=LAST_SEEN,
        ).document
        for path, number, _, line in _find_last(traceback)
    ]
    return [*ends, *profile]


def _tells_of_most(profile: Profile, peak_bytes: int) -> bool:
    return bool(profile) and _sum_up(profile) >= TELLING_SHARE * peak_bytes


def _sum_up(profile: Profile) -> int:
    return sum(line["bytes"] for line in profile)


def _find_last(traceback: str) -> list[tuple[str, str, str, str]]:
    """File, number, function and text of one line, or none."""
    frames = [frame for frame in FRAME.findall(traceback) if not SURROUNDINGS.search(frame[0])]
    own = [frame for frame in frames if not is_library(frame[0])]
    return (own or frames)[-1:]
