"""Keeps a certification's progress in its folder: written whole, and by one process at a time."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from payments.certification.problem import CertificationProblem
from payments.certification.progress import Progress

STATE_NAME = "state.json"


class StateFile:
    """The file of the progress in a folder, which is made if it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / STATE_NAME

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from this certification. Raises CertificationProblem."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise CertificationProblem(f"--folder {self.folder}: {error.strerror}.") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CertificationProblem(
                    f"Another process works on the certification in {self.folder}."
                ) from None
            yield

    def read(self) -> Progress | None:
        """Return the stored progress, or None. Raises CertificationProblem."""
        try:
            return Progress.from_json(json.loads(self._path.read_text()))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError):
            raise CertificationProblem(f"{self._path} is not readable as a state file.") from None

    def write(self, progress: Progress) -> None:
        """Store the progress; it is safely on the disk afterwards. Raises OSError."""
        write_whole(self._path, json.dumps(progress.to_json(), indent=1).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is complete under its name, or not changed at all. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
