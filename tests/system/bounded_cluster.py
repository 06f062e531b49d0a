"""A cluster in a control group of its own, at whose limit the kernel would kill."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from processing.dyno.cgroup import CgroupBoundary, find_place
from tests.needs import give_up
from tests.service import ROOT, Service, make_environment, run_process

#: Joins the group whose entrance is the first argument, and becomes the command.
JOIN = ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"']
PROGRAM_SECONDS = 60.0


@contextmanager
def make_group(name: str, *, limit_bytes: int) -> Iterator[CgroupBoundary]:
    """A group with that limit; skips the test where none can be made."""
    found = find_place()
    if found is None:
        give_up("needs a cgroup folder in which it may make groups with a memory limit")
    assert found is not None
    place, version = found
    with closing(CgroupBoundary(place, version, name, limit_bytes=limit_bytes)) as group:
        yield group


@dataclass(frozen=True, kw_only=True)
class BoundedCluster:
    """`manage.py qcluster` and all that it has started, in `group`."""

    process: subprocess.Popen[bytes]
    group: CgroupBoundary
    log_file: Path

    @property
    def log(self) -> str:
        """All that it printed so far."""
        return self.log_file.read_text()


@contextmanager
def run_bounded_cluster(
    service: Service, group: CgroupBoundary, *arguments: str
) -> Iterator[BoundedCluster]:
    """The cluster on the service's database and spool folder."""
    log = service.folder / "cluster.log"
    command = [*JOIN, group.entrance, sys.executable, "manage.py", "qcluster", *arguments]
    with run_process(command, env=service.env, log=log) as process:
        yield BoundedCluster(process=process, group=group, log_file=log)


def run_program(group: CgroupBoundary, *arguments: str) -> int:
    """The exit status of a module of Python's in the group, as Popen.returncode has it."""
    command = [*JOIN, group.entrance, sys.executable, "-m", *arguments]
    env = make_environment()
    return subprocess.run(
        command, cwd=ROOT, env=env, timeout=PROGRAM_SECONDS, check=False
    ).returncode
