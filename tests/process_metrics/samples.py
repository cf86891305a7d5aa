"""What this process has counted since the test began, and the sums of all processes in Redis."""

from seqrshop.process_metrics.pending import PENDING
from seqrshop.process_metrics.publisher import SUCCESSES_KEY, SUMS_KEY
from tests.redis_reset import redis_for_tests


def forget_counts() -> None:
    """Count from zero, in this process and in Redis."""
    PENDING.take()
    redis_for_tests().delete(SUMS_KEY, SUCCESSES_KEY)


def taken_counts(metric: str) -> dict[tuple[str, ...], int]:
    """Return what a metric has counted in this process, by its part and labels; forget it all."""
    return {key[1:]: count for key, count in PENDING.take().items() if key[0] == metric}
