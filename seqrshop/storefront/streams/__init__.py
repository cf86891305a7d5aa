"""Event streams: a customer's page receives each change of its order once it is committed.

A process has one Redis subscription, and its streams hold no PostgreSQL connection. It reads a
changed order once for all of its streams. A query for all streamed orders, every two seconds,
finds the changes that Redis has lost.

stream_acceptor.py  lets a view turn its response into a stream
broker.py           the streams of a process, and the loops that feed them
stream.py           one stream: its pending events and its end
order_reads.py      reads orders from the database
order_version.py    detects changes of an order
"""

from seqrshop.storefront.streams.broker import StreamBroker
from seqrshop.storefront.streams.stream import Stream
from seqrshop.streaming.event_stream import StreamTimings

__all__ = ["Stream", "StreamBroker", "StreamTimings"]
