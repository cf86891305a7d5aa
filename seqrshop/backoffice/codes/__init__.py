"""The pages of printed codes: tables in one form, revisions, prints and scans."""
