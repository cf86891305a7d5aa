"""Exports for the accountant: the page, the links of the lists, account plans and schedules."""
