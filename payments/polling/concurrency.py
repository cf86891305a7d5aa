"""How many calls at a time suit SEQR."""

SLOW_SECONDS = 1.0
FIRST_SIZE = 100
LEAST = 8
TOLERATED_SECONDS = 0.02


class Window:
    """The number of quick calls that may be under way, fitted to how long SEQR takes to answer.

    It grows while it is full and answers come as quickly as before, and shrinks when they slow
    down: more calls would then only wait at SEQR's. Calls that take longer than SLOW_SECONDS are
    outside it, so that a few slow ones hold up no others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = min(FIRST_SIZE, most)
        self._best = float("inf")
        self._sum = 0.0
        self._ended = 0
        self._slow = 0
        self._was_full = False

    def ended(self, seconds: float) -> None:
        """Note how long a call took."""
        if seconds < SLOW_SECONDS:
            self._ended += 1
            self._sum += seconds
        else:
            self._slow += 1

    def full(self) -> None:
        """Note that a call had to wait for another one to end."""
        self._was_full = True

    def adapt(self) -> None:
        """Fit the size to what was noted since the last time. To be called some times a second."""
        if self._slow > self._ended:
            self._resize(self.size // 2)
        elif self._ended:
            usual = self._sum / self._ended
            # What is best is forgotten within half a minute: SEQR may have become slower for good.
            self._best = min(self._best * 1.02, usual)
            if usual > 2 * self._best + TOLERATED_SECONDS:
                self._resize(self.size * 4 // 5)
            elif self._was_full:
                self._resize(self.size * 3 // 2)
        self._sum, self._ended, self._slow, self._was_full = 0.0, 0, 0, False

    def _resize(self, size: int) -> None:
        self.size = max(min(LEAST, self._most), min(size, self._most))
