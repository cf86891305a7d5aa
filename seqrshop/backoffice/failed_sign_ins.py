"""Records failed sign-ins: in the log for the operator, and for the person whose account it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seqrshop.backoffice.formatting import local_time
from seqrshop.backoffice.sign_in_limits import KEY_PREFIX
from seqrshop.redis_counters import call_counters

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger(__name__)

KEPT_SECONDS = 90 * 24 * 3600
NOT_KEPT = "failed sign-ins are not shown to their person"


@dataclass(frozen=True)
class FailedSignIns:
    """The failed sign-ins to an account since the person's last one, and the latest of them."""

    number: int
    latest_at: datetime
    latest_address: str

    def __str__(self) -> str:
        text = ngettext(
            "%(n)d failed sign-in, on %(time)s from %(address)s",
            "%(n)d failed sign-ins, the latest on %(time)s from %(address)s",
            self.number,
        )
        return text % {
            "n": self.number,
            "time": local_time(self.latest_at),
            "address": self.latest_address,
        }


def record_failed_sign_in(user: User | None, address: str, reason: str) -> None:
    """Log a failed sign-in, and keep it for its person.

    Of an unknown user name only the fact is logged: it may be a password in the wrong field.
    """
    name = "an unknown user name" if user is None else repr(user.get_username())
    logger.warning("sign-in of %s from %s failed: %s", name, address, reason)
    if user is not None:
        _keep(_key(user), address)


def failed_sign_ins(user: User) -> FailedSignIns | None:
    """Return the failed sign-ins to an account since the last sign-in, if any are known."""

    def read(client: Redis) -> dict[bytes, bytes]:
        return dict(cast(dict[bytes, bytes], client.hgetall(_key(user))))

    kept = call_counters(read, otherwise=NOT_KEPT)
    if not kept:
        return None
    return FailedSignIns(
        int(kept[b"number"]),
        datetime.fromtimestamp(float(kept[b"at"]), UTC),
        kept[b"address"].decode(),
    )


def notice_for(failed: FailedSignIns) -> str:
    """Return the notice to a person who has signed in after failed sign-ins."""
    return _(
        "Since your last sign-in: %(failed)s. If that was not you, tell the owner, and choose a "
        "long password that you use nowhere else."
    ) % {"failed": failed}


def forget_failed_sign_ins(user: User) -> None:
    """Begin anew once the person has signed in."""
    call_counters(lambda client: client.delete(_key(user)), otherwise=NOT_KEPT)


def _keep(key: str, address: str) -> None:
    def write(client: Redis) -> None:
        pipeline = client.pipeline()
        pipeline.hincrby(key, "number", 1)
        pipeline.hset(key, mapping={"at": datetime.now(UTC).timestamp(), "address": address})
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.execute()

    call_counters(write, otherwise=NOT_KEPT)


def _key(user: User) -> str:
    return f"{KEY_PREFIX}:failed:{user.pk}"
