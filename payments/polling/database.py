"""Runs work in the database, and says whether it is away or only another transaction in the way."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from payments.models import Shard

logger = logging.getLogger(__name__)

# What Django raises for an unavailable database, and for one whose transaction failed.
DATABASE_ERRORS = (OperationalError, InterfaceError)
# Another transaction was in the way; the database itself is available.
CONTENTION_ERRORS = (DeadlockDetected, LockNotAvailable, QueryCanceled)


def try_database(shard: Shard, work: Callable[[], None]) -> bool:
    """Run `work`; return False if the database is away."""
    try:
        work()
    except DATABASE_ERRORS as error:
        logger.error("shard %s: the database is unavailable: %s", shard, type(error).__name__)
        return False
    finally:
        connection.close()  # returns it to the pool, which may be smaller than the shard count
    return True


def is_contention(error: OperationalError | InterfaceError) -> bool:
    """Return whether a transaction failed because of another one."""
    return isinstance(error.__cause__, CONTENTION_ERRORS)
