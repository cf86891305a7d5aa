"""Limits the calls in flight: as many as the deadline needs, beyond that as SEQR answers quickly.

SEQR reverses a payment that nobody has queried for 20 seconds. So the deadline comes first: the
shard may always have as many calls in flight as it needs to get an answer about each open invoice
every ANSWER_GOAL_SECONDS. Only above that number SEQR's comfort decides.
"""

from math import ceil

SLOW_CALL_SECONDS = 1.0
ADAPT_INTERVAL_SECONDS = 0.25

ANSWER_GOAL_SECONDS = 5.0  # half of the silence that health accepts
GOAL_MARGIN = 1.25  # the answer time is an estimate
# Per adaptation: the answer time is the longer one of the last half second, which notices at once
# that answers slow down, and of the last three, in which answers that arrive together even out.
USAGE_DECAYS = (0.5, 0.92)

INITIAL_LIMIT = 100
MIN_LIMIT = 8
LATENCY_TOLERANCE_SECONDS = 0.05  # above the poller's own pauses
BASELINE_FACTOR = 1.5  # of the baseline, above which answers count as slowed down
BASELINE_DECAY = 1.02  # per adaptation in which answers are slow without calls beyond `needed`

LOST_CALL_FACTOR = 4  # calls in flight for each open invoice, at most, while calls are lost

OVERLOAD_TIMEOUTS = 2.0  # for each answer, in the last five seconds
OVERLOAD_SLOWNESS = 0.85  # of a time-out, from which on answers seem to queue until they time out
OVERLOAD_ANSWER_SECONDS = 2.5  # of calls in flight that SEQR can answer before they time out
OVERLOAD_HOLD_ADAPTATIONS = 40  # ten seconds, until SEQR has passed over the calls given up
UNANSWERED_ADAPTATIONS = 20  # five seconds, from which on there is an outage
OVERLOAD_RELIEF = 0.8  # of the share of time-outs of before; above it, fewer calls are no help
NO_OVERLOAD_ADAPTATIONS = 240  # a minute after the last time-outs that fewer calls did not prevent
OVERLOAD_DECAY = 0.95  # per adaptation: the calls of the last five seconds count
SLOW_ANSWER_DECAY = 0.995  # per adaptation: halves in half a minute
CEILING_DECAY = 0.98  # per adaptation, while answers queue until they time out
CEILING_GROWTH = 1.005  # per adaptation: doubles in half a minute
QUICK_CEILING_GROWTH = 1.25  # per adaptation, while answers are quick
COMFORT_GROWTH = 1.5  # per adaptation, or per answer time where that is longer
QUICK_DECAY = 0.5  # per adaptation
QUICK_SHARE = 0.25  # of the finished calls, at which a repeated query is worth its call


class ConcurrencyLimit:
    """The number of calls allowed in flight, never more than `max_limit`.

    `limit` is what `needed` says, or more while it is reached and answers stay quick. It shrinks
    to `needed` when answers slow down, since more calls would only queue at SEQR.

    `needed` is the number of calls in flight that the deadline needs: open invoices ÷ 5 s × answer
    time. The answer time is the time in flight that an answer costs: calls in flight ÷ answers per
    second (Little's law). So calls that hang or fail count from the moment they are sent.

    Where most calls time out and answers take nearly as long, SEQR gets more calls than it can
    answer. Then the limit is what SEQR can answer in time, also below `needed`: more would time out
    too. If as many time out then, SEQR loses calls for another reason, and the deadline decides.
    """

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit
        self._min_limit = min(MIN_LIMIT, max_limit)
        self._comfort = float(min(INITIAL_LIMIT, max_limit))
        self._ceiling = float(max_limit)
        self._hold = 0  # adaptations until the ceiling may fall again
        self._trial = 0  # adaptations until the lower ceiling has to have helped
        self._share_before = 0.0  # of the calls that timed out when the trial began
        self._no_overload = 0  # adaptations in which the ceiling does not fall
        self._baseline_seconds = float("inf")
        self._is_limit_reached = False
        # Since the last adaptation:
        self._call_seconds = 0.0
        self._quick_seconds = self._answer_seconds = 0.0
        self._quick_count = self._slow_count = 0
        self._failure_count = self._timeout_count = 0
        # Decayed at each adaptation:
        self._usages = [_Usage(decay) for decay in USAGE_DECAYS]
        self._quick_calls = self._slow_calls = 0.0
        self._recent_answers = self._recent_timeouts = 0.0
        self.slowest_answer_seconds = 0.0
        self._has_quick_calls = False  # at the last adaptation
        self._average_answer_seconds = 0.0  # of the last adaptation with an answer
        self._timeout_seconds = 0.0  # of the last call that timed out
        self._unanswered_count = 0  # adaptations since then
        self._open_count = 0
        self.needed = 0
        self.limit = min(INITIAL_LIMIT, max_limit)

    @property
    def is_overloaded(self) -> bool:
        """Whether SEQR gets more calls than it answers in time; a higher limit is no help then."""
        return self._ceiling < self._max_limit

    @property
    def answers_are_quick(self) -> bool:
        """Whether a query sent now has a good chance of a quick answer."""
        share = QUICK_SHARE * (self._quick_calls + self._slow_calls)
        return self._has_quick_calls and self._quick_calls > share

    @property
    def lasting_need(self) -> int:
        """What the deadline has needed over the last seconds; 0 while SEQR does not answer.

        Above `max_limit` no setting but that one, or more shards, helps.
        """
        if self._recent_answers < 1:
            return 0
        return self._needed_for(self._usages[-1].seconds_per_answer)

    def record_step(self, in_flight: int, seconds: float) -> None:
        """Count the calls that were in flight for these seconds."""
        self._call_seconds += in_flight * seconds

    def record_calls(self, durations: list[float]) -> None:
        """Count finished calls; those that failed are also recorded by `record_failure`."""
        quick = [seconds for seconds in durations if seconds < SLOW_CALL_SECONDS]
        self._quick_count += len(quick)
        self._quick_seconds += sum(quick)
        self._answer_seconds += sum(durations)
        self._slow_count += len(durations) - len(quick)

    def record_failure(self, seconds: float) -> None:
        """Record that a finished call brought no answer."""
        self._failure_count += 1
        self._answer_seconds -= seconds
        if seconds >= SLOW_CALL_SECONDS:
            self._timeout_count += 1
            self._timeout_seconds = seconds

    def record_slow_answer(self, seconds: float) -> None:
        """Record how long an answer took: SEQR may take as long for the next ones."""
        self.slowest_answer_seconds = max(self.slowest_answer_seconds, seconds)

    def record_limit_reached(self) -> None:
        """Record that a due call may have to wait for another one to finish."""
        self._is_limit_reached = True

    def adapt(self, open_count: int) -> None:
        """Adapt the limit to the latest calls; to be called every ADAPT_INTERVAL_SECONDS."""
        self._decay()
        self._adapt_comfort()
        self._adapt_ceiling()
        self._open_count = open_count
        self.needed = self._needed_for(max(each.seconds_per_answer for each in self._usages))
        self.limit = int(self._bounded(min(max(self._comfort, self.needed), self._ceiling)))
        self._call_seconds = self._quick_seconds = self._answer_seconds = 0.0
        self._quick_count = self._slow_count = self._failure_count = self._timeout_count = 0
        self._is_limit_reached = False

    def _needed_for(self, answer_seconds: float) -> int:
        # One call for each open invoice is enough, however slow the answers are, unless calls are
        # lost while others are answered.
        loses_calls = self._recent_timeouts >= 1 and self._recent_answers >= 1
        calls = GOAL_MARGIN * answer_seconds / ANSWER_GOAL_SECONDS
        return ceil(self._open_count * min(LOST_CALL_FACTOR if loses_calls else 1.0, calls))

    def _decay(self) -> None:
        answers = self._quick_count + self._slow_count - self._failure_count
        for usage in self._usages:
            usage.record(self._call_seconds, answers)
        self._quick_calls = self._quick_calls * QUICK_DECAY + self._quick_count
        self._slow_calls = self._slow_calls * QUICK_DECAY + self._slow_count
        self._has_quick_calls = self._quick_count > 0
        self._recent_answers = self._recent_answers * OVERLOAD_DECAY + answers
        self._recent_timeouts = self._recent_timeouts * OVERLOAD_DECAY + self._timeout_count
        self._unanswered_count += 1
        if answers > 0:
            if self._unanswered_count > UNANSWERED_ADAPTATIONS:
                self._hold = OVERLOAD_HOLD_ADAPTATIONS  # the latest time-outs are the outage's
            self._unanswered_count = 0
            self._average_answer_seconds = self._answer_seconds / answers
        self.slowest_answer_seconds *= SLOW_ANSWER_DECAY

    def _adapt_comfort(self) -> None:
        if self._slow_count > self._quick_count:
            self._comfort = self._bounded(self._comfort / 2)
        elif self._quick_count:
            average = self._quick_seconds / self._quick_count
            if self._comfort <= max(self._min_limit, self.needed):
                self._baseline_seconds *= BASELINE_DECAY
            self._baseline_seconds = min(self._baseline_seconds, average)
            if average > BASELINE_FACTOR * self._baseline_seconds + LATENCY_TOLERANCE_SECONDS:
                self._comfort = self._bounded(self._comfort * 0.8)
            elif self._is_limit_reached:
                share = min(1.0, ADAPT_INTERVAL_SECONDS / average) if average else 1.0
                self._comfort = self._bounded(self._comfort * COMFORT_GROWTH**share)

    def _adapt_ceiling(self) -> None:
        timeouts, answers = self._recent_timeouts, self._recent_answers
        most_time_out = timeouts > max(1.0, OVERLOAD_TIMEOUTS * answers)
        self._hold = max(0, self._hold - 1)
        is_outage = self._unanswered_count >= UNANSWERED_ADAPTATIONS  # which no limit helps
        if self._trial and not is_outage:
            self._trial -= 1
            is_relieved = timeouts <= OVERLOAD_RELIEF * self._share_before * (timeouts + answers)
            if not (self._trial or is_relieved):
                self._ceiling = float(self._max_limit)
                self._no_overload = NO_OVERLOAD_ADAPTATIONS
        self._no_overload = max(0, self._no_overload - 1)
        if most_time_out and self._no_overload:
            self._no_overload = NO_OVERLOAD_ADAPTATIONS
        elif most_time_out and self._answers_queue() and not self.answers_are_quick:
            if not (self._hold or is_outage):
                rate = answers * (1 - OVERLOAD_DECAY) / ADAPT_INTERVAL_SECONDS
                self._ceiling = min(self._ceiling, self._bounded(rate * OVERLOAD_ANSWER_SECONDS))
                self._hold = OVERLOAD_HOLD_ADAPTATIONS
                if not self._trial:
                    self._trial = OVERLOAD_HOLD_ADAPTATIONS
                    self._share_before = timeouts / (timeouts + answers)
        elif self.is_overloaded and timeouts >= 1 and self._answers_queue():
            self._ceiling = self._bounded(self._ceiling * CEILING_DECAY)
        else:
            growth = QUICK_CEILING_GROWTH if self.answers_are_quick else CEILING_GROWTH
            self._ceiling = self._bounded(self._ceiling * growth)

    def _answers_queue(self) -> bool:
        """Return whether the latest answers took nearly as long as the calls that timed out."""
        timeout_seconds = self._timeout_seconds or float("inf")
        return self._average_answer_seconds >= OVERLOAD_SLOWNESS * timeout_seconds

    def _bounded(self, limit: float) -> float:
        return max(float(self._min_limit), min(limit, float(self._max_limit)))


class _Usage:
    """The time in flight that an answer costs, over a period that `decay` gives."""

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._call_seconds = self.answers = 0.0

    @property
    def seconds_per_answer(self) -> float:
        if not self._call_seconds:
            return 0.0
        return self._call_seconds / self.answers if self.answers else float("inf")

    def record(self, call_seconds: float, answers: int) -> None:
        self._call_seconds = self._call_seconds * self._decay + call_seconds
        self.answers = self.answers * self._decay + answers
