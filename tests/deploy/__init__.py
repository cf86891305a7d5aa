"""Checks the files of deploy/ by their own linters, and runs the shop behind its proxies."""
