"""A browser without scripts: requests pages and forms over HTTP and keeps cookies."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.sandbox_process import REQUEST_SECONDS, SandboxProcess


@dataclass(frozen=True)
class Page:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str | None:
        return self.headers["Location"]


class Browser:
    """A browser that keeps its cookies and follows no redirects."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._port = sandbox.port
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._request("GET", path, None)

    def submit(self, path: str, headers: dict[str, str] | None = None, /, **fields: str) -> Page:
        return self._request("POST", path, urlencode(fields), headers)

    def _request(
        self, method: str, path: str, body: str | None, more: dict[str, str] | None = None
    ) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, **(more or {})}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            page = Page(response.status, response.headers, response.read().decode())
        finally:
            connection.close()
        for cookie in page.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return page
