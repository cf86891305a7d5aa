"""A mutation of the shop's code, and the test that catches it."""

from dataclasses import dataclass

# The model-based test runs none of these: roles and digests of the audit, reconciliation, and the
# processes, threads and time limits around the shop.
OUTSIDE_THE_MODEL = (
    "orders/audit_",
    "orders/database_roles.py",
    "orders/encryption.py",
    "orders/migrations/",
    "payments/management/",
    "payments/polling/liveness.py",
    "payments/polling/lock.py",
    "payments/polling/run.py",
    "payments/polling/supervisor.py",
    "payments/reconciliation/",
    "payments/seqr/report_reader.py",
    "payments/stored_passwords.py",
    "seqrshop/backoffice/password_field.py",
    "seqrshop/celery.py",
    "seqrshop/error_filter.py",
    "seqrshop/ops/",
    "seqrshop/postgresql.py",
    "seqrshop/settings.py",
    "seqrshop/startup.py",
)


@dataclass(frozen=True)
class Mutation:
    """Replaces `old`, which occurs exactly once in `file`, by `new`.

    `test` is the node id of a test that catches it; "" where only the model-based test does.
    """

    name: str
    file: str
    old: str
    new: str
    test: str = ""

    @property
    def is_in_the_model(self) -> bool:
        """Whether the model-based test runs the file."""
        return not self.file.startswith(OUTSIDE_THE_MODEL)
