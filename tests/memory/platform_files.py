"""What platforms have in /proc and /sys of a process that they run, as it is found there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.memory.platforms import MIB, NO_LIMIT, write_tree

ID = "3f1c9d1e7a52"
POD = "pod8b6c2f4e"

#: Of containers: a namespace of their own, or the host's.
OWN_V2 = "612 601 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw"
HOST_V2 = (
    "31 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw"
)
V1 = """\
611 601 0:52 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
612 611 0:27 {root} /sys/fs/cgroup/systemd ro,relatime master:9 - cgroup cgroup rw,name=systemd
613 611 0:30 {root} /sys/fs/cgroup/cpu,cpuacct ro,relatime master:15 - cgroup cgroup rw,cpu,cpuacct
614 611 0:33 {root} /sys/fs/cgroup/memory ro,relatime master:18 - cgroup cgroup rw,memory"""
V1_PATHS = "12:memory:{path}\n7:cpu,cpuacct:{path}\n1:name=systemd:{path}\n"
#: systemd's hybrid: version 2 is mounted too, without a controller.
HYBRID = """\
25 20 0:22 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:5 - tmpfs tmpfs ro,mode=755
26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:6 - cgroup2 cgroup2 rw,nsdelegate
33 25 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:13 - cgroup cgroup rw,memory"""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform, and the MiB, source and restart threshold that are to be found.

    `files` are paths below /sys/fs/cgroup; `arguments` are what settings pass on from the
    environment.
    """

    cgroup: str
    mountinfo: str
    files: Mapping[str, object] = field(default_factory=dict)
    host_mib: int = 64 * 1024
    arguments: Mapping[str, int | bool] = field(default_factory=dict)
    quota: tuple[int, str, int]

    def lay_out(self, root: Path) -> None:
        """Write it all under `root`."""
        root_mount = "601 590 0:48 / / rw,relatime - overlay overlay rw"
        write_tree(
            root,
            cgroup=self.cgroup,
            mountinfo=f"{root_mount}\n{self.mountinfo}\n",
            files=self.files,
            host_bytes=self.host_mib * MIB,
        )


def use_v1(path: str, limit_bytes: int, *, shows_usage: bool = True, **given: Any) -> Platform:
    """A container with version 1, which sees its own group at the mount."""
    files = {"memory/memory.limit_in_bytes": limit_bytes}
    if shows_usage:
        files["memory/memory.usage_in_bytes"] = 40 * MIB
    shown = {"cgroup": V1_PATHS.format(path=path), "mountinfo": V1.format(root=path)}
    return Platform(files=files, **shown, **given)


def use_v2(files: Mapping[str, object], quota: tuple[int, str, int], **given: Any) -> Platform:
    """A container with version 2 and a namespace of its own, unless `given` says otherwise."""
    return Platform(files=files, quota=quota, **{"cgroup": "0::/\n", "mountinfo": OWN_V2, **given})


def limit(max_mib: int, *, high: object = "max", at: str = "") -> dict[str, object]:
    """What a limited group of version 2 has."""
    return {
        f"{at}memory.max": max_mib * MIB,
        f"{at}memory.high": high,
        f"{at}memory.current": 40 * MIB,
        f"{at}memory.swap.max": 0,
    }


def unlimited(*folders: str) -> dict[str, object]:
    """What groups without a limit have."""
    return {f"{at}memory.{name}": "max" for at in folders for name in ("max", "high")}


COMMON = {"is_heroku": True, "dyno_ram_bytes": 512 * MIB}
USER = "user.slice/user-1000.slice/user@1000.service/"

PLATFORMS = {
    "heroku cedar": use_v1(
        f"/lxc/{ID}", 512 * MIB, shows_usage=False, arguments=COMMON, quota=(512, "DYNO_RAM", 1024)
    ),
    "heroku private space": use_v1(
        f"/lxc/{ID}",
        1024 * MIB,
        arguments={"is_heroku": True, "dyno_ram_bytes": 1024 * MIB},
        quota=(1024, "DYNO_RAM", 1024),
    ),
    "heroku fir": use_v2(
        limit(512), (512, "memory.max", 512), arguments={"is_heroku": True}, host_mib=32 * 1024
    ),
    "docker v1": use_v1(f"/docker/{ID}", 300 * MIB, quota=(300, "memory.limit_in_bytes", 300)),
    "docker v1 without a limit": use_v1(
        f"/docker/{ID}", NO_LIMIT, quota=(64 * 1024, "the host", 64 * 1024)
    ),
    "docker v1 with a namespace": use_v1("/", 300 * MIB, quota=(300, "memory.limit_in_bytes", 300)),
    "docker v2": use_v2(limit(300), (300, "memory.max", 300)),
    "docker v2 without a limit": use_v2(unlimited(""), (64 * 1024, "the host", 64 * 1024)),
    "docker v2 in the host's namespace": use_v2(
        limit(300, at=f"system.slice/docker-{ID}.scope/") | unlimited("system.slice/"),
        (300, "memory.max", 300),
        cgroup=f"0::/system.slice/docker-{ID}.scope\n",
        mountinfo=HOST_V2,
    ),
    "kubernetes v1": use_v1(
        f"/kubepods/burstable/{POD}/{ID}", 256 * MIB, quota=(256, "memory.limit_in_bytes", 256)
    ),
    "kubernetes v1 by systemd": use_v1(
        f"/kubepods.slice/kubepods-{POD}.slice/cri-containerd-{ID}.scope",
        256 * MIB,
        quota=(256, "memory.limit_in_bytes", 256),
    ),
    "kubernetes v2": use_v2(limit(256), (256, "memory.max", 256)),
    "kubernetes v2 with memory.high": use_v2(limit(256, high=230 * MIB), (230, "memory.high", 256)),
    "kubernetes v2, entered from another container": use_v2(
        limit(256), (256, "memory.max", 256), cgroup=f"0::/../cri-containerd-{ID}.scope\n"
    ),
    "kubernetes v2, a group inside the container's": use_v2(
        limit(256) | limit(200, high=180 * MIB, at="app/"),
        (180, "memory.high", 200),
        cgroup="0::/app\n",
    ),
    "kubernetes v2 in the host's namespace": use_v2(
        limit(256, at=f"kubepods.slice/{POD}.slice/")
        | unlimited("kubepods.slice/", f"kubepods.slice/{POD}.slice/cri-{ID}.scope/"),
        (256, "memory.max", 256),
        cgroup=f"0::/kubepods.slice/{POD}.slice/cri-{ID}.scope\n",
        mountinfo=HOST_V2,
    ),
    "systemd service": use_v2(
        limit(700, high=600 * MIB, at="system.slice/plimsoll.service/")
        | unlimited("system.slice/"),
        (600, "memory.high", 700),
        cgroup="0::/system.slice/plimsoll.service\n",
        mountinfo=HOST_V2,
    ),
    "systemd session whose user has a limit": use_v2(
        limit(2048, at="user.slice/user-1000.slice/")
        | unlimited("user.slice/", USER, f"{USER}app.slice/", f"{USER}app.slice/run-7.scope/"),
        (2048, "memory.max", 2048),
        cgroup=f"0::/{USER}app.slice/run-7.scope\n",
        mountinfo=HOST_V2,
    ),
    "systemd, hybrid": Platform(
        cgroup="9:memory:/system.slice/plimsoll.service\n0::/system.slice/plimsoll.service\n",
        mountinfo=HYBRID,
        files={
            "memory/memory.limit_in_bytes": NO_LIMIT,
            "memory/system.slice/memory.limit_in_bytes": NO_LIMIT,
            "memory/system.slice/plimsoll.service/memory.limit_in_bytes": 700 * MIB,
            "unified/system.slice/plimsoll.service/cgroup.procs": 7,
        },
        quota=(700, "memory.limit_in_bytes", 700),
    ),
    "lxc v1": Platform(
        cgroup=V1_PATHS.format(path=f"/lxc/{ID}/user.slice"),
        mountinfo=V1.format(root=f"/lxc/{ID}"),
        files={
            "memory/memory.limit_in_bytes": 2048 * MIB,
            "memory/user.slice/memory.limit_in_bytes": NO_LIMIT,
        },
        quota=(2048, "memory.limit_in_bytes", 2048),
    ),
    # lxcfs shows the container's limit as the memory of the machine.
    "lxc v2": use_v2(
        limit(2048) | unlimited("system.slice/", "system.slice/plimsoll.service/"),
        (2048, "memory.max", 2048),
        cgroup="0::/system.slice/plimsoll.service\n",
        host_mib=2048,
    ),
    "render": use_v2(limit(512), (512, "memory.max", 512)),
    "railway": use_v2(limit(8192), (8192, "memory.max", 8192), host_mib=256 * 1024),
    # A machine of its own, whose kernel keeps a part of the 256 MiB.
    "fly": Platform(
        cgroup="0::/\n",
        mountinfo="22 17 0:19 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw",
        files={"cgroup.procs": 1},
        host_mib=217,
        quota=(217, "the host", 217),
    ),
}
