"""What the event streams of customers and of staff share.

event_stream.py  one stream: its pending events and its end
loops.py         the loops that feed the streams of a process, and their threads
open_streams.py  the open streams by topic and reader, with limits
subscriber.py    the Redis subscription to order changes
static/          the script that reads a stream in a browser
"""

STREAM_ACCEPTOR = "seqrshop.stream"  # key in the WSGI environment: a function for a subscription
# A stream by which the doctor sees whether a proxy holds events back: the proxy takes it for one of
# an order.
PROBE_PATH = "/orders/probe/events"
