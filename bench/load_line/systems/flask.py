"""A plain Flask program that works in a pool of threads."""

from __future__ import annotations

from bench.load_line.ends import Ends
from bench.load_line.place import Place
from bench.load_line.sites.noted_ends import ENDS_FILE
from bench.load_line.systems.peer import ENVIRONMENT, SERVE
from bench.load_line.systems.system import System


def read_ends(place: Place) -> Ends:
    """From the file that the program notes them in. What it has not begun or not ended is in its
    memory alone."""
    final = {}
    ends = place.folder / ENDS_FILE
    for line in ends.read_text().splitlines() if ends.exists() else ():
        job_id, _, end = line.partition(" ")
        final[job_id] = end
    return Ends(final=final, waiting_count=0)


FLASK = System(
    name="flask",
    title="Flask {version}, a pool of 5 threads",
    package="Flask",
    interpreter="peers",
    formation=("web=1",),
    procfile={"web": f"{{python}} {SERVE} bench.load_line.sites.flask_app:app"},
    environment=ENVIRONMENT,
    read_ends=read_ends,
)
