"""Streams: a customer's page hears of each change of its order as soon as it is committed.

A process has one subscription in Redis, and holds no connection to PostgreSQL for its streams. It
reads an order that is said to have changed, once for all who follow it. What Redis loses is found
every two seconds, by one query for all orders that are followed.

hub.py        who follows what, and the loops that keep them told
stream.py     one stream: what is to be sent, and when it ends
reading.py    the database: orders as they are told, and marks by which a change is seen
listening.py  the subscription
"""

from seqrshop.storefront.streams.broker import StreamBroker
from seqrshop.storefront.streams.stream import Stream, StreamTimings

__all__ = ["Stream", "StreamBroker", "StreamTimings"]
