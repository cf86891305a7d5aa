"""A small HTTP/1.1 client for the load generator: one kept-alive connection, as of a browser."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body, which may be compressed."""
        is_compressed = "gzip" in self.headers.get("content-encoding", [])
        return json.loads(gzip.decompress(self.body) if is_compressed else self.body)


class HttpClient:
    """One client: its connection, its cookies, and the loopback address it connects from.

    Each client has an address of its own, since a shop may limit the requests of an address.
    """

    def __init__(self, port: int, *, address: str = "127.0.0.1") -> None:
        self._port = port
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.cookies: dict[str, str] = {}

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; return the whole answer. A `body` is sent as JSON.

        Opens the connection, and opens it again where the server has closed an idle one, as a
        browser does. Raises OSError, EOFError and TimeoutError.
        """
        request = self._encode(method, path, body, headers or {})
        is_reused = self._streams is not None
        async with asyncio.timeout(TIMEOUT_SECONDS):
            try:
                answer = await self._exchange(request, has_body=method != "HEAD")
            except (ConnectionResetError, asyncio.IncompleteReadError) as error:
                is_begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
                if not is_reused or is_begun:
                    raise
                answer = await self._exchange(request, has_body=method != "HEAD")
        self._store_cookies(answer)
        if "close" in answer.headers.get("connection", []):
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes, *, has_body: bool) -> Answer:
        reader, writer = await self._connect()
        try:
            writer.write(request)
            return await _read_answer(reader, has_body=has_body)
        except BaseException:
            self.close()
            raise

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._address, 0)
            )
        return self._streams

    def _encode(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Accept: */*",
            "Accept-Encoding: gzip",
            "Accept-Language: en",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if self.cookies:
            lines.append(f"Cookie: {'; '.join(f'{k}={v}' for k, v in self.cookies.items())}")
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            lines += ["Content-Type: application/json"]
        if method == "POST":
            lines += [f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    def _store_cookies(self, answer: Answer) -> None:
        for line in answer.headers.get("set-cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()


async def _read_answer(reader: asyncio.StreamReader, *, has_body: bool) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.rstrip().split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    body = b""
    if has_body and "chunked" in headers.get("transfer-encoding", []):
        body = await _read_chunks(reader)
    elif has_body and "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"][0]))
    return Answer(int(status_line.split(" ", 2)[1]), headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int(await reader.readline(), 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(chunks)
