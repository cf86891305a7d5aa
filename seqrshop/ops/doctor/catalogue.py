"""The checks of the whole shop, and those of one process."""

from __future__ import annotations

from functools import partial

from seqrshop.ops.doctor.broker import broker
from seqrshop.ops.doctor.check import Check
from seqrshop.ops.doctor.database import database
from seqrshop.ops.doctor.disk import disk
from seqrshop.ops.doctor.mail import mail
from seqrshop.ops.doctor.poller import polled_shards, shards
from seqrshop.ops.doctor.processes import beat, own_beat, own_web, own_worker, processes
from seqrshop.ops.doctor.public import public_address
from seqrshop.ops.doctor.seqr import credentials, seqr_service, seqr_session

DATABASE = "PostgreSQL accepts connections and does not answer: restart it, or see its log."
REDIS = "Redis accepts connections and does not answer: restart it. It may be emptied at any time."
SEQR = "Check this machine's DNS and firewall; if they are right, call SEQR."
PUBLIC = "See the logs of the proxy and of the web process."


def shop_checks() -> list[Check]:
    """Return all checks."""
    return [
        Check("database", database, DATABASE),
        Check("redis", broker, REDIS),
        Check("shards", shards, DATABASE),
        Check("processes", processes, REDIS),
        Check("beat", beat, REDIS),
        Check("SEQR_SERVICE_URL", seqr_service, SEQR),
        Check("SEQR_SESSION_URL", seqr_session, SEQR),
        Check("credentials", credentials, SEQR, is_repeated=False),
        Check("public address", public_address, PUBLIC),
        Check("mail", mail, "Restart the mail server, or correct EMAIL_URL."),
        Check("disk", disk, "A network disk does not answer: unmount it."),
    ]


# A failure means that the process has to be restarted. Servers that are unavailable are no reason:
# the process works on as well as it can, and a restart would interrupt it.
PROCESS_CHECKS = {
    "web": [Check("web", own_web, "Restart it.")],
    "worker": [Check("worker", partial(own_worker, "worker"), "Restart it.")],
    "background": [Check("background", partial(own_worker, "background"), "Restart it.")],
    "poller": [
        Check("poller", partial(own_worker, "poller"), "Restart it."),
        Check("shards", polled_shards, "Restart it."),
    ],
    "beat": [Check("beat", own_beat, "Restart it.")],
}
