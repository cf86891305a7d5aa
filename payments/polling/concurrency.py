"""Limits the number of concurrent calls to what SEQR answers quickly."""

SLOW_CALL_SECONDS = 1.0
INITIAL_LIMIT = 100
MIN_LIMIT = 8
LATENCY_TOLERANCE_SECONDS = 0.02
BASELINE_DECAY = 1.02  # per adaptation: a baseline is forgotten within half a minute


class ConcurrencyLimit:
    """The number of quick calls allowed in flight, adapted to SEQR's answer time.

    The limit grows while it is reached and answers stay quick. It shrinks when answers slow down,
    since more calls would only queue at SEQR. Calls slower than SLOW_CALL_SECONDS do not count
    against the limit, so that a few slow ones delay no others.
    """

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit
        self.limit = min(INITIAL_LIMIT, max_limit)
        self._baseline_seconds = float("inf")
        self._total_seconds = 0.0
        self._quick_count = 0
        self._slow_count = 0
        self._limit_reached = False

    def record_call(self, seconds: float) -> None:
        """Count a finished call."""
        if seconds < SLOW_CALL_SECONDS:
            self._quick_count += 1
            self._total_seconds += seconds
        else:
            self._slow_count += 1

    def record_limit_reached(self) -> None:
        """Record that a due call may have to wait for another one to finish."""
        self._limit_reached = True

    def adapt(self) -> None:
        """Adapt the limit to the latest calls; to be called several times a second."""
        if self._slow_count > self._quick_count:
            self._set_limit(self.limit // 2)
        elif self._quick_count:
            average = self._total_seconds / self._quick_count
            self._baseline_seconds = min(self._baseline_seconds * BASELINE_DECAY, average)
            if average > 2 * self._baseline_seconds + LATENCY_TOLERANCE_SECONDS:
                self._set_limit(self.limit * 4 // 5)
            elif self._limit_reached:
                self._set_limit(self.limit * 3 // 2)
        self._total_seconds, self._quick_count, self._slow_count = 0.0, 0, 0
        self._limit_reached = False

    def _set_limit(self, limit: int) -> None:
        self.limit = max(min(MIN_LIMIT, self._max_limit), min(limit, self._max_limit))
