"""Exports for the accountant: tables as CSV and Excel, vouchers as SIE, once or on a schedule."""
