"""Closing the day: the list of days, and the page of one."""
