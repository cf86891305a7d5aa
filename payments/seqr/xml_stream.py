"""Reads an XML document of any size event by event, in bounded memory.

libxml2 collects a long text before it passes it on; expat passes it on in pieces. A document type
ends the reading at its first character, so no entity is ever declared.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from lxml import etree

from payments.seqr.response_parser import UnreadableResponseError

CHUNK_BYTES = 64 * 1024
MAX_TOKEN_BYTES = 1024 * 1024
"""A longer tag, comment or attribute is refused, because expat holds all of it in memory."""
ELEMENT_SIZE = 200  # counted for each element of a tree, besides its texts


class Start(NamedTuple):
    """The start of an element; its name and its attributes' are lxml's, `{namespace}name`."""

    name: str
    attributes: dict[str | bytes, str | bytes]


class Text(NamedTuple):
    """A piece of text."""

    text: str


class End(NamedTuple):
    """The end of an element."""

    name: str


Event = Start | Text | End


def xml_events(file: BinaryIO, document: str, encoding: str | None = None) -> Iterator[Event]:
    """Yield the events of the document in `file`, from its beginning.

    `encoding` overrides the one that the document declares. Raises UnreadableResponseError, which
    names the `document`, for anything but well-formed XML without a document type.
    """
    file.seek(0)
    events: list[Event] = []
    parser = _parser(events, document, encoding)
    fed = 0
    try:
        while chunk := file.read(CHUNK_BYTES):
            parser.Parse(chunk)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                raise UnreadableResponseError(f"the {document} has a tag that is too long")
            yield from events
            events.clear()
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):
        raise UnreadableResponseError(f"the {document} is not well-formed XML") from None
    yield from events


def _parser(events: list[Event], document: str, encoding: str | None) -> expat.XMLParserType:
    def refuse_document_type(*_: object) -> None:
        raise UnreadableResponseError(f"the {document} has a document type, which is refused")

    parser = expat.ParserCreate(encoding, "}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: events.append(
        Start(_name(name), {_name(each): value for each, value in attributes.items()})
    )
    parser.CharacterDataHandler = lambda text: events.append(Text(text))
    parser.EndElementHandler = lambda name: events.append(End(_name(name)))
    parser.StartDoctypeDeclHandler = refuse_document_type
    return parser


def _name(name: str) -> str:
    return "{" + name if "}" in name else name


class SmallTree:
    """Builds an lxml tree from events, and refuses one that is not small."""

    def __init__(self, max_size: int) -> None:
        self._builder = etree.TreeBuilder()
        self._left = max_size

    def add(self, event: Event) -> None:
        """Add an event. Raises UnreadableResponseError once the tree is too large.

        It raises the same for a name that lxml refuses and expat does not: a namespace that is no
        URI.
        """
        match event:
            case Start(name, attributes):
                texts = (name, *attributes, *attributes.values())
                self._count(ELEMENT_SIZE + sum(map(len, texts)))
                try:
                    self._builder.start(name, attributes)
                except ValueError:
                    raise UnreadableResponseError("the response has an invalid namespace") from None
            case Text(text):
                self._count(len(text))
                self._builder.data(text)
            case End(name):
                self._builder.end(name)

    def close(self) -> etree._Element:
        """Return the outermost element."""
        return self._builder.close()

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise UnreadableResponseError("the response has an element that is too large")
