"""Runs a WSGI application in threads, a bounded number of them, for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from itertools import chain
from typing import Any

from seqrshop.serving.asgi_types import Headers, Message, Receive, Send

AT_ONCE = 256 * 1024  # bytes; an answer up to this is handed over whole

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Answer:
    """What the application answers: all of it, or the beginning and `rest`, still to be made."""

    status: int
    headers: Headers
    body: bytes
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None


class Threads:
    """The application, and the threads that it runs in."""

    def __init__(self, application: Wsgi, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def ask(self, environ: dict[str, Any]) -> Answer:
        """Return the answer to a request that must have a short one."""
        return await self._in_thread(self._answer, environ)

    async def answer(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request. A long answer is made as fast as it is taken, in one thread."""
        loop = asyncio.get_running_loop()

        def work() -> Answer:
            answer = self._answer(environ)
            if answer.rest is not None:
                _tell_long(answer, loop, receive, send)
            return answer

        answer = await self._in_thread(work)
        if answer.rest is None:
            await send(_start(answer))
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await send({"type": "http.response.body", "body": b""})

    async def _in_thread(self, work: Callable[..., Answer], *arguments: Any) -> Answer:
        loop = asyncio.get_running_loop()
        # A context of its own, as a thread has it: nothing of one request is seen by another.
        return await loop.run_in_executor(self._threads, Context().run, work, *arguments)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            started.append((status, headers))

        parts = self._application(environ, start)
        close: Callable[[], None] = getattr(parts, "close", lambda: None)
        rest = iter(parts)
        gathered, size = [], 0
        try:
            for part in rest:
                gathered.append(part)
                size += len(part)
                if size > AT_ONCE:
                    break
        except BaseException:
            close()
            raise
        status, headers = started[-1]
        answer = Answer(int(status.split(" ", 1)[0]), _encoded(headers), b"".join(gathered))
        if size > AT_ONCE:
            answer.rest, answer.close = rest, close
        else:
            close()
        return answer


def _encoded(headers: list[tuple[str, str]]) -> Headers:
    # Django's cookies begin with a space.
    return [(name.encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]


def _start(answer: Answer) -> Message:
    return {"type": "http.response.start", "status": answer.status, "headers": answer.headers}


def _tell_long(
    answer: Answer, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send
) -> None:
    """Send a long answer from the thread that makes it, until nobody takes it any more."""
    gone = asyncio.run_coroutine_threadsafe(hung_up(receive), loop)

    async def say(message: Message) -> None:
        await send(message)

    def say_and_wait(message: Message) -> None:
        asyncio.run_coroutine_threadsafe(say(message), loop).result()

    try:
        say_and_wait(_start(answer))
        for part in chain([answer.body], answer.rest or ()):
            if gone.done():
                return
            say_and_wait({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        gone.cancel()
        answer.close()


async def hung_up(receive: Receive) -> None:
    """Wait until whoever asked has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
