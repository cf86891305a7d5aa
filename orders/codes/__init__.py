"""Printed QR codes: their content, revisions, prints and scans."""
