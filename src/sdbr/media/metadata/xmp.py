"""The IPTC's digital source type in an XMP packet: written among what is there, and read.

XMP: ISO 16684-1. The property: IPTC Photo Metadata Standard 2025.1, section "Digital Source Type".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.dom import minidom
from xml.parsers.expat import ExpatError

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

KEY = "XML:com.adobe.xmp"
"""The packet's name in a PNG; here its name among the texts of any file."""
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_BASIC = "http://ns.adobe.com/xap/1.0/"
_TYPE, _SYSTEM, _TOOL = "DigitalSourceType", "AISystemUsed", "CreatorTool"
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True)
class DigitalSource:
    """Where content is from: a term of VOCABULARY, the program, and the model's name or ""."""

    term: str
    tool: str
    model: str

    @property
    def uri(self) -> str:
        """The term as the IPTC writes it."""
        return VOCABULARY + self.term


def with_source(packet: str, source: DigitalSource) -> str:
    """Return the packet, a fresh one for "", with `source` in place of an earlier one.

    All else stays, a CreatorTool too: it names the first program. Only what is no XMP gives way.
    The same input gives the same output.
    """
    document = _parse(packet) or minidom.parseString(_EMPTY)
    rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    assert isinstance(rdf, minidom.Element)
    about = tool = ""
    for description in list(_descriptions(rdf)):
        about = about or description.getAttributeNS(_RDF, "about")
        tool = tool or _value(description, _BASIC, _TOOL)
        for space, name in ((_IPTC, _TYPE), (_IPTC, _SYSTEM), (_BASIC, _TOOL)):
            _remove(description, space, name)
        if not _holds_anything(description):
            rdf.removeChild(description)
    ours = document.createElementNS(_RDF, "rdf:Description")
    ours.setAttribute("xmlns:rdf", _RDF)
    ours.setAttributeNS(_RDF, "rdf:about", about)
    _add(ours, _IPTC, f"Iptc4xmpExt:{_TYPE}", source.uri)
    if source.model:
        _add(ours, _IPTC, f"Iptc4xmpExt:{_SYSTEM}", source.model)
    _add(ours, _BASIC, f"xmp:{_TOOL}", tool or source.tool)
    rdf.appendChild(ours)
    root = document.documentElement
    assert root is not None
    return f"{_BEGIN}\n{root.toxml()}\n{_END}"


def source_type(packet: str) -> str:
    """Return the digital source type of a packet, as a rule a URI; "" where it names none."""
    # Parsing takes milliseconds, and most packets say nothing of it.
    document = _parse(packet) if _TYPE in packet else None
    if document is None:
        return ""
    rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    assert isinstance(rdf, minidom.Element)
    values = (_value(description, _IPTC, _TYPE) for description in _descriptions(rdf))
    return next(filter(None, values), "")


def _parse(packet: str) -> Document | None:
    """The packet's tree; None for what is no XMP, and for declared entities, which may be bombs."""
    if "<!" in packet.replace("<!--", "").replace("<![CDATA[", ""):
        return None
    try:
        document = minidom.parseString(packet.strip("\0\ufeff \r\n\t").encode("utf-8", "replace"))
        return document if document.getElementsByTagNameNS(_RDF, "RDF") else None
    except (ExpatError, ValueError, LookupError, RecursionError):
        return None


def _descriptions(rdf: Element) -> Iterator[Element]:
    for node in rdf.childNodes:
        if isinstance(node, minidom.Element) and node.localName == "Description":
            yield node


def _properties(description: Element, space: str, name: str) -> Iterator[Element]:
    for node in description.childNodes:
        named = (node.namespaceURI, node.localName) == (space, name)
        if named and isinstance(node, minidom.Element):
            yield node


def _value(description: Element, space: str, name: str) -> str:
    """A property's value: an attribute, an element's text, or the resource that it refers to."""
    values = [description.getAttributeNS(space, name)]
    for node in _properties(description, space, name):
        text = "".join(part.data for part in node.childNodes if isinstance(part, minidom.Text))
        values += [text, node.getAttributeNS(_RDF, "resource")]
    return next(filter(None, map(str.strip, values)), "")


def _remove(description: Element, space: str, name: str) -> None:
    if description.hasAttributeNS(space, name):
        description.removeAttributeNS(space, name)
    for node in list(_properties(description, space, name)):
        description.removeChild(node)


def _holds_anything(description: Element) -> bool:
    names = [name for name, _ in description.attributes.items() if not name.startswith("xmlns")]
    has_property = any(name.rpartition(":")[2] != "about" for name in names)
    return has_property or any(isinstance(node, minidom.Element) for node in description.childNodes)


def _add(description: Element, space: str, name: str, value: str) -> None:
    document = description.ownerDocument
    assert document is not None
    description.setAttribute(f"xmlns:{name.partition(':')[0]}", space)
    node = document.createElementNS(space, name)
    node.appendChild(document.createTextNode(value))
    description.appendChild(node)
