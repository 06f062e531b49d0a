"""A run as markdown: the same text for the terminal and for the documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.load_line.table import list_rows
from bench.load_line.verdict import judge_line
from bench.queue.machine import write_machine
from bench.queue.markdown import write_table

OURS = "plimsoll"


def write_report(run: Mapping[str, Any]) -> str:
    """The whole report."""
    measured = {name: record for name, record in run["systems"].items() if "dynos" in record}
    machine = run["machine"]
    conditions = f"{write_machine(machine)}; {machine['store']}."
    sections = [conditions, write_load(run["sizes"])]
    if measured:
        sections.append(write_comparison(list(measured.values())))
    if OURS in measured:
        sections.append(write_verdict(measured[OURS]))
    sections += [write_deviations(record) for record in measured.values()]
    sections.append(write_gaps(run["systems"]))
    return "\n\n".join(section for section in sections if section) + "\n"


def write_load(sizes: Mapping[str, Any]) -> str:
    return (
        f"The load, for {sizes['seconds']:g} s, all at once: {sizes['post_count']:,} posts of "
        f"{sizes['post_kb']} kB, {sizes['post_clients']} at a time; "
        f"{sizes['upload_clients']} uploads at a time of {sizes['upload_kb'] / 1000:g} MB; "
        f"{sizes['fanout_clients']} fan-outs at a time to {sizes['url_count']} URLs of "
        f"{sizes['url_kb'] / 1000:g} MB. Of each ten posts one is a hog, one wants 20 to 200 MiB, "
        f"one leaks 5 MiB."
    )


def write_comparison(records: list[Mapping[str, Any]]) -> str:
    """What all of them did, a column for each."""
    columns = [dict(list_rows(record)) for record in records]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [[name, *(column.get(name, "–") for column in columns)] for name in names]
    return write_table(["", *(str(record["title"]) for record in records)], rows, text_columns=1)


def write_verdict(record: Mapping[str, Any]) -> str:
    """What Plimsoll is to hold, and whether it did."""
    rows = [[text, found, "yes" if held else "NO"] for text, found, held in judge_line(record)]
    return write_table(["Plimsoll is to hold", "measured", "held"], rows, text_columns=2)


def write_deviations(record: Mapping[str, Any]) -> str:
    """The jobs with another end than the right one, the first of them by name."""
    lines = list(_list_deviations(record))
    return "\n".join([f"{record['title']}:", "", *lines]) if lines else ""


def _list_deviations(record: Mapping[str, Any]) -> Iterator[str]:
    jobs = record["jobs"]
    for kind, count in jobs["kinds"].items():
        ends = [f"{number:,} {end}" for end, number in count["wrong"].items()]
        if count["unfinished"]:
            ends.append(f"{count['unfinished']:,} not ended")
        if ends:
            yield f"- {kind}: of {count['accepted']:,} {', '.join(ends)}"
    for name, requests in record["requests"].items():
        for failure, number in requests["failures"].items():
            yield f"- {name}: {number:,} × {failure}"
    for probe in record["health"]:
        if probe["failed"]:
            yield f"- {probe['path']}: {probe['failed']:,} × {probe['last_failure']} or the like"
    if record["drain_stopped_for"]:
        yield f"- no more was waited for: {record['drain_stopped_for']}"
    if record["uploads_held_back"]:
        yield f"- uploads were held back {record['uploads_held_back']:,} times: the disk was full"
    if jobs["named"]:
        yield f"- the first of the jobs: {'; '.join(jobs['named'][:10])}"


def write_gaps(systems: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(
        f"- Not measured: {record['title']}: {record['failure'].splitlines()[0]}"
        for record in systems.values()
        if "failure" in record
    )
