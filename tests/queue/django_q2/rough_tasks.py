"""Tasks that take liberties with their process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from tests.queue.django_q2.tasks import add, note

#: Longer than any test waits.
LONG_SECONDS = 600
FILE_COUNT = 64
#: As many as there are before a seat has its own.
SOCKET_COUNT = 24

#: What a task opens and leaves open.
kept: list[Any] = []


def close_descriptors(notes: str) -> str:
    note(notes, "attempt")
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(3, most)
    return "closed"


def replace_descriptors(notes: str) -> str:
    """Have every number that was in use mean another file."""
    close_descriptors(notes)
    for number in range(FILE_COUNT):
        kept.append(os.open(f"{notes}.{number}", os.O_WRONLY | os.O_CREAT))
    return "replaced"


def replace_descriptors_by_sockets(notes: str) -> str:
    """Have every number that was in use mean a connection to the test."""
    close_descriptors(notes)
    for _ in range(SOCKET_COUNT):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"{notes}.socket")
        kept.append(connection)
    return "replaced"


def fork_and_return(notes: str) -> str:
    """Come back in two processes."""
    if os.fork():
        return "parent"
    note(notes, "child")
    return "child"


def fork_and_raise(notes: str) -> str:
    if os.fork():
        return "parent"
    raise RuntimeError("in the child")


def fork_and_return_late(notes: str) -> int | str:
    """Come back a second time much later, where nobody ends it; first with the child's id."""
    child = os.fork()
    if child:
        return child
    time.sleep(LONG_SECONDS)
    note(notes, "child")
    return "child"


def leave_program(notes: str) -> int:
    """Start a program and leave it; returns its process id."""
    command = [sys.executable, "-c", f"import time; time.sleep({LONG_SECONDS})"]
    program = subprocess.Popen(command)
    kept.append(program)
    return note(notes, program.pid)


def use_processes(notes: str) -> int:
    with multiprocessing.Pool(2) as pool:
        total: int = sum(pool.map(abs, [-1, 2, -3]))
    child = multiprocessing.Process(target=note, args=[notes, "child"])
    child.start()
    child.join()
    return total


def use_process_executor(notes: str) -> int:
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        return sum(executor.map(abs, [-1, 2, -3]))


def use_spawned_process(notes: str) -> int | None:
    child = multiprocessing.get_context("spawn").Process(target=abs, args=[-1])
    child.start()
    child.join()
    return child.exitcode


def use_threads(notes: str) -> int:
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        return sum(executor.map(add, range(10)))


def leave_thread(notes: str) -> str:
    """Leave a thread behind that the process would wait for at its end."""
    threading.Thread(target=time.sleep, args=[LONG_SECONDS]).start()
    return "left"


def use_event_loop(notes: str) -> list[int]:
    async def count(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def gather() -> list[int]:
        return list(await asyncio.gather(*(count(number) for number in range(3))))

    return asyncio.run(gather())


def leave_event_loop(notes: str) -> str:
    """Make a loop of one's own that is not closed."""
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    kept.append(loop)
    return loop.run_until_complete(asyncio.sleep(0, "left"))


def exit_on_signals(notes: str) -> str:
    """Have handlers that end the process, and leave an alarm that rings soon."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, lambda number, frame: os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    return "set"


def find_process(seconds: float) -> int:
    """Take a while; returns the process id."""
    time.sleep(seconds)
    return os.getpid()


def change_directory(notes: str) -> str:
    os.chdir("/")
    os.environ["DJANGO_SETTINGS_MODULE"] = "nowhere"
    return os.getcwd()
