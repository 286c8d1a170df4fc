"""The data folder of the embedded engine: where it lies, and the lock that says that a node is alive."""

from __future__ import annotations

import fcntl
import os
import time
from binascii import crc32
from pathlib import Path

from ...errors import EngineError

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smbfs", "smb3", "smb2", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "ncpfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph"}
)

DATABASE = "hotplate.db"
"""Name of the record in the data folder."""

PATIENCE_S = 1.0


def default_folder(app_name: str, root_path: str) -> Path:
    """The folder of an application in the XDG state folder; its name tells applications of one name apart."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "hotplate" / f"{app_name}-{_mark(root_path)[:8]}"


def prepare(folder: Path) -> Path:
    """Make the folder if need be. Raises `EngineError` if it cannot be used, or lies on a network file system."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"data folder {folder} cannot be made ({error.strerror}); set HOTPLATE_DATA") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EngineError(f"data folder {folder} cannot be written to; set HOTPLATE_DATA to one that can")
    kind = _file_system(folder)
    if kind in _NETWORK:
        raise EngineError(
            f"data folder {folder} lies on a network file system ({kind}), where SQLite can lose data; "
            "set HOTPLATE_DATA to a folder on a local disk"
        )
    return folder


def _file_system(folder: Path) -> str:
    """Kind of the file system that holds `folder`, '' where the platform does not tell."""
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    real, found = os.path.realpath(folder), ("", "")
    for line in mounts:
        _, point, kind, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape")
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


def sockets(folder: Path) -> Path:
    """The private folder for the sockets of a data folder: elsewhere, since a socket's path has at most 107 bytes."""
    return runtime(_mark(folder))


def nodes(url: str) -> Path:
    """The private folder in which those nodes of this machine are that serve one database."""
    return runtime(f"nodes-{_digits(url)}")


def runtime(name: str) -> Path:
    """A private folder of this user on this machine, gone with its next start."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.path.join(
        os.environ.get("TMPDIR", "/tmp"), f"hotplate-{os.getuid()}"
    )
    place = Path(base) / "hotplate" / name
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"runtime folder {place} cannot be made ({error.strerror}); set XDG_RUNTIME_DIR") from None
    if place.stat().st_uid != os.getuid() or place.parent.stat().st_uid != os.getuid():
        raise EngineError(f"runtime folder {place} is another user's; set XDG_RUNTIME_DIR to a folder of your own")
    return place


def _mark(path: str | Path) -> str:
    """16 hexadecimal digits that tell paths apart. No hash of OpenSSL's, which would cost every node 4 MB."""
    return _digits(os.path.realpath(path))


def _digits(text: str) -> str:
    data = text.encode()
    return f"{crc32(data):08x}{crc32(data[::-1]):08x}"


class NodeLock:
    """Held by the one node of a data folder as long as it lives; the system lets go of it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "node.lock"
        self._fd = -1

    def take(self) -> None:
        """Become the folder's node. Raises `EngineError` naming the one there is."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + PATIENCE_S
        while not _try_lock(fd, fcntl.LOCK_EX):
            if time.monotonic() > deadline:  # until then it may be `alive` of another process, which is brief
                holder = os.read(fd, 20).decode(errors="replace") or "?"
                os.close(fd)
                raise EngineError(
                    f"another worker node (process {holder}) is serving {self.path.parent}; "
                    "one is enough: stop it first, or set HOTPLATE_DATA to another folder"
                )
            time.sleep(0.02)
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def alive(self) -> bool:
        """Whether some process holds the lock: a node is alive."""
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(fd, fcntl.LOCK_SH)
        finally:
            os.close(fd)


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
