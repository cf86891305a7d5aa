"""Bodies: who may send how much, and how long its memory is held."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from seqrshop.serving import body
from seqrshop.serving.asgi_types import Message
from seqrshop.serving.body import (
    MAX_BODY_BYTES,
    MAX_FORM_BYTES,
    MAX_UPLOAD_BYTES,
    UNCOUNTED_BYTES,
    Body,
    BodyNotReceived,
    BodyReader,
)

PICTURES = "/admin/orders/product/1/change/"
LARGE = MAX_FORM_BYTES + 1


class Sender:
    """A client that sends a body in parts; `asked` counts how often its session was looked up."""

    def __init__(self, reader: BodyReader, path: str, parts: Sequence[bytes], person: str) -> None:
        self._parts = list(parts)
        self._person = person
        self.asked = 0
        scope = {"path": path, "headers": []}
        self.body: Body = reader.open(scope, self._receive, "192.0.2.7", self._find_person)

    async def _receive(self) -> Message:
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def _find_person(self) -> str | None:
        self.asked += 1
        return self._person or None


def parts(size: int) -> list[bytes]:
    return [bytes(size // 4)] * 3 + [bytes(size - 3 * (size // 4))]


@pytest.mark.parametrize(
    ("path", "person", "size", "is_received"),
    [
        ("/lyktan/orders", "", MAX_BODY_BYTES, True),
        ("/lyktan/orders", "7", LARGE, False),
        (PICTURES, "", LARGE, False),
        (PICTURES, "7", LARGE, True),
        (PICTURES, "7", MAX_UPLOAD_BYTES, True),
        (PICTURES, "7", MAX_UPLOAD_BYTES + 1, False),
        ("/admin/login/", "", LARGE, False),
        ("/admin/orders/order/", "7", MAX_FORM_BYTES, True),
        ("/admin/orders/order/", "7", LARGE, False),
    ],
)
def test_large_body_is_received_from_signed_in_staff_and_where_pictures_are_sent(
    path: str, person: str, size: int, is_received: bool
) -> None:
    sender = Sender(BodyReader(), path, parts(size), person)

    if is_received:
        assert len(asyncio.run(sender.body.read())) == size
    else:
        with pytest.raises(BodyNotReceived) as error:
            asyncio.run(sender.body.read())
        assert error.value.status == 413


def test_small_body_looks_nobody_up_and_takes_no_budget() -> None:
    reader = BodyReader()
    sender = Sender(reader, PICTURES, [bytes(UNCOUNTED_BYTES)], "7")

    asyncio.run(sender.body.read())

    assert sender.asked == 0
    assert reader.anybody.used_bytes == reader.staff.used_bytes == 0


def test_memory_of_a_body_is_counted_until_its_request_is_answered() -> None:
    """It was released before Django parsed the body, so that any number were in memory."""
    reader = BodyReader()
    sender = Sender(reader, PICTURES, parts(LARGE), "7")

    with sender.body:
        asyncio.run(sender.body.read())
        assert reader.staff.used_bytes == LARGE - UNCOUNTED_BYTES

    assert reader.staff.used_bytes == reader.anybody.used_bytes == 0


def test_uploads_of_one_person_and_bodies_from_anybody_leave_room_for_another_person() -> None:
    reader = BodyReader()
    anybody = Sender(reader, "/lyktan/orders", parts(MAX_BODY_BYTES), "")
    greedy = [Sender(reader, PICTURES, parts(MAX_UPLOAD_BYTES * 3 // 4), "7") for _ in range(2)]
    other = Sender(reader, PICTURES, parts(LARGE), "8")

    with anybody.body, greedy[0].body, greedy[1].body, other.body:
        asyncio.run(anybody.body.read())
        asyncio.run(greedy[0].body.read())
        with pytest.raises(BodyNotReceived) as error:
            asyncio.run(greedy[1].body.read())
        asyncio.run(other.body.read())

    assert error.value.status == 503
    assert reader.staff.used_bytes == 0


def test_half_sent_bodies_from_one_address_leave_room_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "MAX_CONCURRENT_BODY_BYTES", 4 * MAX_BODY_BYTES)
    reader = BodyReader()
    for _ in range(2):
        reader.anybody.take("192.0.2.66", MAX_BODY_BYTES)

    with pytest.raises(BodyNotReceived):
        reader.anybody.take("192.0.2.66", 1)
    reader.anybody.take("192.0.2.7", MAX_BODY_BYTES)
