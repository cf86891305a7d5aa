"""A mail server for tests, which accepts mails, refuses them, or never answers."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class Behaviour(Enum):
    """What the server does with a mail."""

    ACCEPT = "accept"
    REFUSE_RECIPIENT = "refuse the recipient"
    ANSWER_NOTHING = "answer nothing"
    CLOSE_AFTER_DATA = "close the connection after the mail"


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks SMTP on a port of this machine. `mails` are the contents that it has accepted."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.behaviour = behaviour
        self.mails: list[str] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        """The port on which the server listens."""
        return int(self.server_address[1])


@contextmanager
def running_mail_server(behaviour: Behaviour) -> Iterator[MailServer]:
    """Run the server until the block ends."""
    with MailServer(behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        """Answer one client's commands."""
        if self.server.behaviour == Behaviour.ANSWER_NOTHING:
            self.server.ended.wait()
            return
        self._answer("220 ready")
        for line in self.rfile:
            command = line.decode().split()[0].upper()
            if command == "DATA":
                self._answer("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                if self.server.behaviour == Behaviour.CLOSE_AFTER_DATA:
                    return
                self.server.mails.append(content)
                self._answer("250 accepted")
            elif command == "RCPT" and self.server.behaviour == Behaviour.REFUSE_RECIPIENT:
                self._answer(f"550 no such mailbox: {line.decode().strip()}")
            elif command == "QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("250 ok")

    def _answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
