"""The quota on each platform, found in the files that the platform has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from processing.memory.quota import find_quota
from tests.memory.platform_files import PLATFORMS
from tests.memory.platforms import MIB


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_gives_its_quota_and_ends_us_where_it_does(name: str, tmp_path: Path) -> None:
    platform = PLATFORMS[name]
    platform.lay_out(tmp_path)
    arguments: dict[str, Any] = dict(platform.arguments)
    quota = find_quota(root=tmp_path, **arguments)
    told = (quota.limit_bytes // MIB, quota.source, quota.restart_bytes // MIB)
    assert told == platform.quota
    if quota.cgroup is not None:
        assert (quota.cgroup / quota.source).read_text().strip() == str(quota.limit_bytes)
