"""The ids that each log line of a request or a task carries, so that one search finds all of them.

They are kept in a context variable: of the thread in a worker, of the request in a web process.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default=_NOTHING)


def start(**ids: str) -> None:
    """Let the lines of this request or task carry these ids, and none of what ran here before."""
    _ids.set(ids)


def current_ids() -> Mapping[str, str]:
    """Return the ids that a line would carry now, by name."""
    return _ids.get()
