"""The audit's marker, and the places outside the database that keep it: Redis and a file."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings

from seqrshop.redis_client import redis_client

logger = logging.getLogger(__name__)

MARKER_KEY = "seqrshop:audit_marker"
REDIS_TIMEOUT_SECONDS = 1.0  # in a worker, where nobody waits


@dataclass(frozen=True)
class AuditMarker:
    """An audit event, by its ID and time, and the time of the audit's first event.

    The first event identifies the database: another database, such as a new demo's, has another.
    """

    event_id: int
    occurred_at: datetime
    first_occurred_at: datetime

    def replaces(self, other: AuditMarker) -> bool:
        """Whether this is a later event, or one of another database."""
        is_same_database = self.first_occurred_at == other.first_occurred_at
        return not is_same_database or self.event_id > other.event_id


class MarkerStore(Protocol):
    """A place that keeps the marker. Raises RedisError or OSError while it is unavailable."""

    def read(self) -> AuditMarker | None:
        """Return the marker, None if there is none."""

    def advance(self, marker: AuditMarker) -> None:
        """Keep the marker, unless it has a later one of the same database."""

    def replace(self, marker: AuditMarker) -> None:
        """Keep the marker, whatever it has."""


def marker_stores() -> list[MarkerStore]:
    """Return Redis, and AUDIT_MARKER_FILE if it is set."""
    stores: list[MarkerStore] = [_RedisStore()]
    if settings.AUDIT_MARKER_FILE:
        stores.append(_FileStore(Path(settings.AUDIT_MARKER_FILE)))
    return stores


class _RedisStore:
    """Redis, which all processes share."""

    # One script, since two processes may advance the marker at the same moment.
    _ADVANCE = """
        local kept = redis.call('GET', KEYS[1])
        if kept then
            local known, marker = pcall(cjson.decode, kept)
            if known and marker.first_occurred_at == ARGV[2]
                and marker.event_id >= tonumber(ARGV[3]) then
                return
            end
        end
        redis.call('SET', KEYS[1], ARGV[1])
    """

    def __init__(self) -> None:
        self._client = redis_client(REDIS_TIMEOUT_SECONDS)

    def __str__(self) -> str:
        return "Redis"

    def read(self) -> AuditMarker | None:
        return _from_json(self._client.get(MARKER_KEY))

    def advance(self, marker: AuditMarker) -> None:
        first_occurred_at = marker.first_occurred_at.isoformat()
        self._client.eval(
            self._ADVANCE, 1, MARKER_KEY, _to_json(marker), first_occurred_at, marker.event_id
        )

    def replace(self, marker: AuditMarker) -> None:
        self._client.set(MARKER_KEY, _to_json(marker))


class _FileStore:
    """A file of this machine, replaced as a whole, so that it is never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def read(self) -> AuditMarker | None:
        try:
            return _from_json(self._path.read_text())
        except FileNotFoundError:
            return None

    def advance(self, marker: AuditMarker) -> None:
        with self._locked():
            kept = self.read()
            if kept is None or marker.replaces(kept):
                self._write(marker)

    def replace(self, marker: AuditMarker) -> None:
        with self._locked():
            self._write(marker)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._beside(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, marker: AuditMarker) -> None:
        new = self._beside(".new")
        with new.open("w") as file:
            file.write(_to_json(marker))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _to_json(marker: AuditMarker) -> str:
    return json.dumps(
        {
            "event_id": marker.event_id,
            "occurred_at": marker.occurred_at.isoformat(),
            "first_occurred_at": marker.first_occurred_at.isoformat(),
        }
    )


def _from_json(text: str | bytes | None) -> AuditMarker | None:
    if text is None:
        return None
    try:
        fields = json.loads(text)
        return AuditMarker(
            int(fields["event_id"]),
            datetime.fromisoformat(fields["occurred_at"]),
            datetime.fromisoformat(fields["first_occurred_at"]),
        )
    except (ValueError, TypeError, KeyError):
        logger.warning("the audit's marker is unreadable, and is written anew")
        return None
