"""Vouchers in the format SIE 4, type 4I: what a till's system hands to an accounting program."""
