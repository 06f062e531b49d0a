"""The picture of a run: `python -m bench.load_line.picture RUN.json PICTURE.png`.

It runs in a process with an interpreter that has matplotlib, which the project needs for nothing
else; and any run that was kept can be drawn again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.queue.errors import NotMeasured
from bench.queue.interpreters import ROOT

DRAW_SECONDS = 120.0

MIB = 1024 * 1024
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 8.0, 2.1, 100
COLOURS = {"web.1": "tab:blue", "worker.1": "tab:green"}
#: With a palette of so many the picture has a third of the bytes and looks the same.
COLOUR_COUNT = 64
#: Above the restart threshold, so that a cross on it is seen whole.
ROOM = 1.12


def draw_picture(python: Path, run: Path, picture: Path) -> None:
    """Draw it. Raises NotMeasured with the reason where that fails."""
    command = [str(python), "-m", "bench.load_line.picture", str(run), str(picture)]
    done = subprocess.run(  # noqa: S603  (our own command)
        command, cwd=ROOT, capture_output=True, text=True, timeout=DRAW_SECONDS
    )
    if done.returncode:
        raise NotMeasured((done.stderr.strip().splitlines() or ["no reason given"])[-1])


def draw(run: dict[str, Any], picture: Path) -> None:
    """A diagram for each system that was measured, one below the other, on the same scales."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    records = [record for record in run["systems"].values() if "dynos" in record]
    if not records:
        raise SystemExit("nothing was measured")
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES * len(records)), layout="constrained")
    FigureCanvasAgg(figure)
    diagrams = figure.subplots(len(records), sharex=True, sharey=True, squeeze=False)[:, 0]
    for diagram, record in zip(diagrams, records, strict=True):
        draw_system(diagram, record, load_seconds=run["sizes"]["seconds"])
    figure.legend(*diagrams[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    diagrams[-1].set_xlabel("seconds since the load began, which goes on in the grey part")
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    Image.open(drawn).convert("RGB").quantize(COLOUR_COUNT).save(picture, optimize=True)


def draw_system(diagram: Any, record: dict[str, Any], *, load_seconds: float) -> None:
    quota_mib = record["dynos"][0]["quota_bytes"] / MIB
    threshold_mib = record["threshold_bytes"] / MIB
    diagram.axvspan(0, load_seconds, color="0.94")
    diagram.axhline(quota_mib, color="tab:orange", label=f"quota {quota_mib:.0f} MB")
    label = f"restart at {threshold_mib:.0f} MB"
    diagram.axhline(threshold_mib, color="tab:red", linestyle="--", label=label)
    for dyno in record["dynos"]:
        seconds, usage = split(dyno["curve"])
        name = dyno["name"]
        diagram.plot(seconds, usage, color=COLOURS[name], linewidth=1.0, label=name)
        killed_at = dyno["killed_at"]
        diagram.plot(killed_at, [threshold_mib] * len(killed_at), "x", color="tab:red")
    diagram.set(ylabel="MB", ylim=(0, threshold_mib * ROOM))
    diagram.set_title(record["title"], fontsize="medium", loc="left")
    diagram.set_title(describe(record), fontsize="small", loc="right")


def split(curve: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    return [seconds for seconds, _ in curve], [size / MIB for _, size in curve]


def describe(record: dict[str, Any]) -> str:
    """What the diagram comes to, in a few words."""
    kills = sum(dyno["kills"] for dyno in record["dynos"])
    jobs = record["jobs"]
    return (
        f"killed {kills} × · of {jobs['accepted']:,} jobs {jobs['lost']:,} lost, "
        f"{jobs['waiting']:,} not done"
    )


def main(run: str, picture: str) -> None:
    draw(json.loads(Path(run).read_text()), Path(picture))


if __name__ == "__main__":
    main(*sys.argv[1:])
