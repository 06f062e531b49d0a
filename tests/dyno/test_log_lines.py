from __future__ import annotations

import re

from processing.dyno.log_lines import Log, describe_metrics, describe_mib, describe_usage
from processing.memory.units import MIB


def test_usage_is_told_as_heroku_does() -> None:
    told = describe_usage(528 * MIB, 512 * MIB)
    assert told == "Process running mem=528M(103.1%)"


def test_metrics_are_told_as_heroku_does() -> None:
    told = describe_metrics(
        "web.1", resident_bytes=100 * MIB, swap_bytes=MIB // 2, quota_bytes=512 * MIB
    )
    assert told == (
        "source=web.1 sample#memory_total=100.50MB sample#memory_rss=100.00MB "
        "sample#memory_swap=0.50MB sample#memory_quota=512.00MB"
    )


def test_a_line_has_time_source_and_dyno() -> None:
    lines: list[str] = []
    log = Log("web.1", lines.append)
    log.platform("Error R14 (Memory quota exceeded)")
    log.app("hello")
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"
    assert re.fullmatch(rf"{time} heroku\[web\.1\]: Error R14 \(Memory quota exceeded\)", lines[0])
    assert re.fullmatch(rf"{time} app\[web\.1\]: hello", lines[1])


def test_a_size_is_written_as_heroku_does() -> None:
    assert describe_mib(528 * MIB) == "528M"
