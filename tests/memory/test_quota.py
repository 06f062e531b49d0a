"""The quota on each platform: how much, who says so, and where the process is ended."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from processing.memory.quota import Quota, find_dyno_restart, find_quota
from tests.memory.platforms import (
    GIB,
    MIB,
    NO_LIMIT,
    OTHER_MOUNT,
    make_first_version,
    make_platform,
    make_second_version,
)


def told(quota: Quota) -> tuple[int, str, int]:
    """Quota and restart threshold in MiB, with the source between them."""
    return quota.limit_bytes // MIB, quota.source, quota.restart_bytes // MIB


def make_dyno(root: Path, limit_bytes: int = 512 * MIB, **files: object) -> Path:
    return make_first_version(
        root,
        path="/lxc/3f1c",
        mount_root="/lxc/3f1c",
        memory__limit_in_bytes=limit_bytes,
        **files,
    )


@pytest.mark.parametrize(
    ("dyno_ram_mb", "restart_mb"),
    [(512, 1024), (1024, 2048), (2560, 5120), (14336, 28672), (30720, 36864)],
)
def test_a_dyno_of_the_common_runtime_is_ended_above_its_quota(
    tmp_path: Path, dyno_ram_mb: int, restart_mb: int
) -> None:
    root = make_dyno(tmp_path, dyno_ram_mb * MIB)
    quota = find_quota(dyno_ram_bytes=dyno_ram_mb * MIB, is_heroku=True, root=root)
    assert told(quota) == (dyno_ram_mb, "DYNO_RAM", restart_mb)
    assert quota.cgroup is None


def test_a_dyno_without_dyno_ram_goes_by_its_group(tmp_path: Path) -> None:
    quota = find_quota(is_heroku=True, root=make_dyno(tmp_path))
    assert told(quota) == (512, "memory.limit_in_bytes", 1024)


def test_a_dyno_whose_group_has_no_limit_goes_by_dyno_ram(tmp_path: Path) -> None:
    root = make_dyno(tmp_path, NO_LIMIT)
    quota = find_quota(dyno_ram_bytes=512 * MIB, is_heroku=True, root=root)
    assert told(quota) == (512, "DYNO_RAM", 1024)


def test_the_setting_wins_and_the_dyno_is_ended_where_heroku_ends_it(tmp_path: Path) -> None:
    quota = find_quota(
        setting_bytes=400 * MIB,
        dyno_ram_bytes=512 * MIB,
        is_heroku=True,
        root=make_dyno(tmp_path),
    )
    assert told(quota) == (400, "MEMORY_QUOTA_MB", 1024)


def test_a_pod_of_kubernetes_sees_its_group_at_the_mount(tmp_path: Path) -> None:
    files = {"memory.max": 256 * MIB, "memory.high": "max"}
    quota = find_quota(root=make_second_version(tmp_path, files=files))
    assert told(quota) == (256, "memory.max", 256)
    assert quota.cgroup == tmp_path / "sys/fs/cgroup"


def test_a_pod_may_see_the_path_of_its_group_from_outside(tmp_path: Path) -> None:
    files = {"memory.max": 256 * MIB, "../memory.max": 5 * MIB}  # the second is nobody's
    root = make_second_version(tmp_path, path="/../../kubepods/pod7/c1", files=files)
    assert told(find_quota(root=root)) == (256, "memory.max", 256)


def test_a_container_of_docker_with_version_1_is_told_the_hosts_path(tmp_path: Path) -> None:
    path = "/docker/9d1e"
    root = make_first_version(
        tmp_path, path=path, mount_root=path, memory__limit_in_bytes=300 * MIB
    )
    quota = find_quota(root=root)
    assert told(quota) == (300, "memory.limit_in_bytes", 300)
    assert quota.cgroup == tmp_path / "sys/fs/cgroup/memory"


def test_groups_above_limit_too_and_only_the_hard_ones_kill(tmp_path: Path) -> None:
    root = make_second_version(
        tmp_path,
        path="/a.slice/b.slice/c.scope",
        files={
            "a.slice/memory.max": 800 * MIB,
            "a.slice/b.slice/memory.max": 900 * MIB,
            "a.slice/b.slice/memory.high": 500 * MIB,
            "a.slice/b.slice/c.scope/memory.max": "max",
        },
    )
    quota = find_quota(root=root)
    assert told(quota) == (500, "memory.high", 800)
    assert quota.cgroup == tmp_path / "sys/fs/cgroup/a.slice/b.slice"


def test_a_mount_that_begins_below_the_top_is_walked_from_there(tmp_path: Path) -> None:
    root = make_second_version(
        tmp_path,
        path="/outer/inner",
        mount_root="/outer",
        files={"memory.max": 600 * MIB, "inner/memory.max": 650 * MIB},
    )
    assert told(find_quota(root=root)) == (600, "memory.max", 600)


def test_a_virtual_machine_without_limits_has_its_memory(tmp_path: Path) -> None:
    root = make_platform(tmp_path, cgroup="", mount=OTHER_MOUNT, files={}, host_gib=4)
    assert told(find_quota(root=root)) == (4096, "the host", 4096)


def test_the_setting_wins_and_the_kernel_kills_at_its_own_limit(tmp_path: Path) -> None:
    root = make_second_version(tmp_path, files={"memory.max": 256 * MIB})
    quota = find_quota(setting_bytes=200 * MIB, root=root)
    assert told(quota) == (200, "MEMORY_QUOTA_MB", 256)


def test_a_machine_without_proc_is_asked_for_its_memory(tmp_path: Path) -> None:
    total_bytes = psutil.virtual_memory().total
    quota = find_quota(root=tmp_path)
    assert (quota.limit_bytes, quota.source) == (total_bytes, "the host")


def test_half_of_a_host_is_ours_to_plan_with(tmp_path: Path) -> None:
    root = make_platform(tmp_path, cgroup="", mount=OTHER_MOUNT, files={})
    assert find_quota(root=root).usable_bytes == 32 * GIB


def test_this_machine_has_a_quota_that_it_can_have() -> None:
    assert 0 < find_quota().limit_bytes <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("quota_bytes", "restart_bytes"),
    [(512 * MIB, GIB), (14 * GIB, 28 * GIB), (30 * GIB, 36 * GIB), (126 * GIB, 151 * GIB)],
)
def test_a_dyno_is_restarted_at_the_usage_that_heroku_names(
    quota_bytes: int, restart_bytes: int
) -> None:
    assert find_dyno_restart(quota_bytes) // GIB == restart_bytes // GIB
