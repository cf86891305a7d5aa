"""The dashboard: takings, orders, times and SEQR, by hour, day, week and month."""
