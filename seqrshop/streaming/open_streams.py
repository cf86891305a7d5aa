"""The open streams of a process: by what they show, and by who reads them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Set
from contextlib import suppress
from typing import Generic, Protocol, TypeVar


class Endable(Protocol):
    """A stream that can be ended, for a reason that its page reads."""

    def end(self, reason: str) -> None:
        """End the stream."""


T = TypeVar("T", bound=Hashable)
S = TypeVar("S", bound=Endable)


class OpenStreams(Generic[T, S]):
    """Streams by topic, what they show, with limits. Used within one event loop.

    Iterating yields the topics that have streams.
    """

    def __init__(self, *, most: int, most_per_reader: int) -> None:
        self._most = most
        self._most_per_reader = most_per_reader
        self._by_topic: dict[T, set[S]] = defaultdict(set)
        self._by_reader: dict[Hashable, deque[S]] = defaultdict(deque)

    def __len__(self) -> int:
        return sum(map(len, self._by_topic.values()))

    def __iter__(self) -> Iterator[T]:
        return iter(self._by_topic)

    def __contains__(self, topic: object) -> bool:
        return topic in self._by_topic

    @property
    def is_full(self) -> bool:
        """Whether the process has no room for another stream."""
        return len(self) >= self._most

    def of(self, topic: T) -> Set[S]:
        """Return the streams of a topic."""
        return self._by_topic.get(topic, set())

    def all(self) -> list[S]:
        """Return all streams."""
        return [stream for streams in self._by_topic.values() for stream in streams]

    def add(self, topic: T, reader: Hashable, stream: S) -> None:
        """Add a stream. One beyond a reader's limit replaces the oldest.

        The page of that one may have lost its connection unnoticed; the newest page is in use.
        """
        of_reader = self._by_reader[reader]
        if len(of_reader) >= self._most_per_reader:
            of_reader.popleft().end("replaced")
        of_reader.append(stream)
        self._by_topic[topic].add(stream)

    def remove(self, topic: T, reader: Hashable, stream: S) -> None:
        """Remove a stream that has ended."""
        self._by_topic[topic].discard(stream)
        if not self._by_topic[topic]:
            del self._by_topic[topic]
        of_reader = self._by_reader[reader]
        with suppress(ValueError):
            of_reader.remove(stream)
        if not of_reader:
            del self._by_reader[reader]
