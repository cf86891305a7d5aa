"""The customer's face: pages, JSON API and event streams.

pages.py         the order page, the result pages and the return page
session.py       exchanges a token for a customer session
orders.py        JSON API: create, read, pay and cancel the customer's orders
my_orders.py     JSON API: the customer's orders at a shop
tracking.py      how long pages follow an order, and what they show of the kitchen
usual_time.py    the shop's usual time from the payment to ready
start_page.py    the root address: the shops here
manifest.py      the web app manifest of a shop
screen_code.py   JSON API: the QR code of an order's invoice
receipts.py      the receipt of a paid order, as a page and as a PDF
branding.py      pictures and accent colours
notify.py        SEQR's payment notification
stale_invoice.py refreshes an invoice that the poller has missed
streams/         event streams of an order's changes
endpoint.py      shared by the JSON API: methods, CSRF, authentication
rate_limits.py   requests per minute of a customer, a token and an address
json_input.py    validates request bodies
json_output.py   builds response bodies
api_errors.py    the API's errors
error_pages.py   error responses, as pages or JSON
messages.py      an order's state in words
middleware.py    language of a response; exceptions as error responses
"""
