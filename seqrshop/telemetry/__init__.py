"""What a process reports of itself: the ids in its log lines, errors for Sentry, and traces."""
