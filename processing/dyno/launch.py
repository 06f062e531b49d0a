"""How the command of a dyno is started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from processing.dyno.boundary import Boundary

#: Joins the boundary before anything else runs, and finds the programs installed beside Python.
SCRIPT = """
test -z "$1" || echo $$ > "$1" || exit 1
PATH="$2:$PATH"
export PATH
eval "exec $3"
"""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A shell command with what is added to its environment, and its folder (None: this one)."""

    command: str
    variables: Mapping[str, str]
    folder: Path | None

    def start(self, boundary: Boundary) -> subprocess.Popen[bytes]:
        """Start it inside the boundary; its output, both kinds, is the process's `stdout`.

        It has a session of its own, so that Ctrl-C reaches this process alone.
        """
        added = [f"{name}={value}" for name, value in self.variables.items()]
        programs = str(Path(sys.executable).parent)
        shell = ["/bin/sh", "-c", SCRIPT, "sh", boundary.entrance, programs, self.command]
        process = subprocess.Popen(  # noqa: S603  (the command is the user's)
            ["/usr/bin/env", boundary.mark, *added, *shell],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        boundary.set_root(process.pid)
        return process
