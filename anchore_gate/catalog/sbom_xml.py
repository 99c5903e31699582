"""CycloneDX XML in the shape of CycloneDX JSON, so that one reader reads both. No DTD, no entities."""

from __future__ import annotations

from xml.parsers import expat

from anchore_gate.errors import ImageError
from anchore_gate.image.needs import MIB
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, field

MAX_XML = 128 * MIB  # bytes; a tree of elements takes several times as much
_MAX_DEPTH = 200
_MAX_TEXT = 64 * 1024  # characters of one element


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[_Element] = field(default_factory=list)

    def child(self, name: str) -> _Element:
        """The first child of that name, an empty one where there is none."""
        return next((one for one in self.children if one.name == name), _Element(name))

    def all(self, outer: str, inner: str) -> list[_Element]:
        """The elements of a list."""
        return [one for one in self.child(outer).children if one.name == inner]


def from_xml(content: bytes, *, name: str) -> dict[str, Any]:
    """The document as its JSON form. Raises `ImageError` for XML that is no CycloneDX."""
    if len(content) > MAX_XML:
        raise ImageError(f"SBOM {name!r}: XML of more than {MAX_XML} bytes")
    try:
        root = _tree(content)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise ImageError(f"SBOM {name!r} is XML that cannot be read: {problem}") from problem
    if root.name != "bom":
        raise ImageError(f"SBOM {name!r} is XML, but not CycloneDX")
    metadata = root.child("metadata")
    return {
        "bomFormat": "CycloneDX",
        "metadata": {
            "component": _component(metadata.child("component")),
            "properties": _properties(metadata),
        },
        "components": [_component(one) for one in root.all("components", "component")],
    }


def _component(element: _Element) -> dict[str, Any]:
    fields = {one.name: one.text for one in element.children if not one.children}
    return {
        **{key: fields[key] for key in ("name", "version", "group", "purl", "cpe") if key in fields},
        "type": element.attributes.get("type", ""),
        "properties": _properties(element),
        "licenses": [_license(one) for one in element.child("licenses").children],
        "components": [_component(one) for one in element.all("components", "component")],
    }


def _license(element: _Element) -> dict[str, Any]:
    if element.name == "expression":
        return {"expression": element.text}
    return {"license": {one.name: one.text for one in element.children}}


def _properties(element: _Element) -> list[dict[str, str]]:
    found = element.all("properties", "property")
    return [{"name": one.attributes.get("name", ""), "value": one.text} for one in found]


def _tree(content: bytes) -> _Element:
    open_: list[_Element] = [_Element("")]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_) > _MAX_DEPTH:
            raise ValueError("elements too deep")
        element = _Element(name.rpartition(":")[2], attributes)
        open_[-1].children.append(element)
        open_.append(element)

    def end(_name: str) -> None:
        open_.pop()

    def data(text: str) -> None:
        element = open_[-1]
        if not element.children and len(element.text) < _MAX_TEXT:
            element.text = element.text + text if element.text else text

    def refuse(*_declaration: object) -> int:
        raise ValueError("a document type or entity declaration")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1024 * 1024
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    parser.Parse(content, True)
    return open_[0].children[0]
