"""The shop's pages and JSON endpoints.

pages.py        order, success, failure, cancel, and the page that a browser comes back to
session.py      a token becomes a customer's visit
orders.py       orders, for the customer they belong to
screen_code.py  the QR code of an order's invoice
receipts.py     the receipt of a paid order, as a page and as a PDF
looks.py        pictures and colours
endpoint.py     what the JSON endpoints share: methods, CSRF, who is asking
json_input.py   reading what others send
json_output.py  the shop's things as JSON
refusals.py     each answer other than the one asked for
errors.py       pages and JSON for what went wrong
"""
