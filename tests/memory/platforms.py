"""Trees that stand for / on the platforms where the service runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB
#: What version 1 says where there is no limit.
NO_LIMIT = 9223372036854771712

SECOND_VERSION_MOUNT = (
    "29 23 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
)
FIRST_VERSION_MOUNT = (
    "36 31 0:33 {root} /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup rw,memory"
)
OTHER_MOUNT = "37 31 0:34 / /sys/fs/cgroup/cpu ro,nosuid master:18 - cgroup cgroup rw,cpu"


def write_tree(
    root: Path, *, cgroup: str, mountinfo: str, files: Mapping[str, object], host_bytes: int
) -> None:
    """Write proc/ and sys/ under `root`; `files` are paths below sys/fs/cgroup."""
    own = root / "proc/self"
    own.mkdir(parents=True)
    (own / "cgroup").write_text(cgroup)
    (own / "mountinfo").write_text(mountinfo)
    (root / "proc/meminfo").write_text(f"MemTotal:       {host_bytes // 1024} kB\nMemFree: 5 kB\n")
    for name, value in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")


def make_platform(
    root: Path, *, cgroup: str, mount: str, files: Mapping[str, object], host_gib: int = 64
) -> Path:
    """A platform with one mount of control groups that tells of memory."""
    mountinfo = f"23 0 8:1 / / rw - ext4 /dev/sda rw\n{OTHER_MOUNT}\n{mount}\n"
    host_bytes = host_gib * GIB
    write_tree(root, cgroup=cgroup, mountinfo=mountinfo, files=files, host_bytes=host_bytes)
    return root


def make_first_version(root: Path, *, path: str, mount_root: str, **files: object) -> Path:
    """A platform whose memory group is one of version 1; `files` by name, at the mount."""
    return make_platform(
        root,
        cgroup=f"12:cpu,cpuacct:/x\n4:memory:{path}\n1:name=systemd:/x\n0::/\n",
        mount=FIRST_VERSION_MOUNT.format(root=mount_root),
        files={f"memory/{name.replace('__', '.')}": value for name, value in files.items()},
    )


def make_second_version(
    root: Path, *, path: str = "/", mount_root: str = "/", files: Mapping[str, object]
) -> Path:
    """A platform with version 2 alone."""
    return make_platform(
        root,
        cgroup=f"0::{path}\n",
        mount=SECOND_VERSION_MOUNT.format(root=mount_root),
        files=files,
    )
