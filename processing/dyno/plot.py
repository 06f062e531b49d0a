"""A picture of usage against quota and threshold, drawn by matplotlib where that is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from processing.dyno.log_lines import describe_mib
from processing.dyno.tally import Tally
from processing.memory.units import MIB

#: Inches of one dyno's diagram, and dots for each of them.
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 10.0, 3.2, 120


class NoPlotLibrary(Exception):
    """matplotlib is not installed; the message says how to install it."""


def check_plot_library() -> None:
    """Raises NoPlotLibrary, before anything is run whose picture could not be drawn."""
    if find_spec("matplotlib") is None:
        raise NoPlotLibrary(
            "a plot needs matplotlib, which is not installed; "
            "run: pip install -r requirements-plot.txt"
        )


def draw_plot(path: Path, tallies: Mapping[str, Tally], *, threshold_bytes: int) -> None:
    """Write a PNG with one diagram for each dyno: MB over seconds, a cross at each kill."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES * len(tallies)), layout="constrained")
    FigureCanvasAgg(figure)
    diagrams = figure.subplots(len(tallies), sharex=True, squeeze=False)[:, 0]
    for diagram, (name, tally) in zip(diagrams, tallies.items(), strict=True):
        seconds = [at for at, _ in tally.curve.points]
        usage = [size / MIB for _, size in tally.curve.points]
        quota, threshold = describe_mib(tally.quota_bytes), describe_mib(threshold_bytes)
        diagram.plot(seconds, usage, color="tab:blue", label="usage")
        diagram.axhline(tally.quota_bytes / MIB, color="tab:orange", label=f"quota {quota}")
        diagram.axhline(
            threshold_bytes / MIB, color="tab:red", linestyle="--", label=f"threshold {threshold}"
        )
        if tally.kill_times:
            heights = [threshold_bytes / MIB] * len(tally.kill_times)
            diagram.plot(tally.kill_times, heights, "x", color="tab:red", label="killed (R15)")
        diagram.set(title=name, ylabel="MB", ylim=(0, None))
        diagram.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
    diagrams[-1].set_xlabel("seconds")
    figure.savefig(path, format="png", dpi=DOTS_PER_INCH)
