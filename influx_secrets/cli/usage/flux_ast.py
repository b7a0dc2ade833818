"""Which secrets a Flux script reads, by its syntax tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_PACKAGE: Final = "influxdata/influxdb/secrets"
_NAME: Final = "secrets"

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reads:
    """What a script reads.

    Attributes:
        keys: Keys that are string literals in a call of `secrets.get`.
        unknown: Whether it also reads a key that is computed at run time, or passes `secrets.get` on.
        possible: All other string literals of a script whose reads are unknown: each may be such a key.
    """

    keys: frozenset[str] = frozenset()
    unknown: bool = False
    possible: frozenset[str] = frozenset()


def may_read(flux: str) -> bool:
    r"""Whether a script can import the package of secrets: most cannot, and need not be parsed.

    A string literal can write a letter in one other way, `\x73`.
    """
    return _NAME in flux or "\\x" in flux


def reads(tree: Node) -> Reads:
    """Return what the script of this tree reads, wherever in it the call is."""
    found = [_find(file) for file in tree.get("files") or ()]
    keys: frozenset[str] = frozenset().union(*(one.keys for one in found))
    if not any(one.unknown for one in found):
        return Reads(keys)
    literals = frozenset(text for file in tree["files"] for text in _literals(file.get("body") or ()))
    return Reads(keys, unknown=True, possible=literals - keys)


def _literals(nodes: Iterable[Node]) -> Iterator[str]:
    waiting: list[Any] = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if node.get("type") == "StringLiteral":
                yield str(node["value"])
            waiting += node.values()


def _find(file: Node) -> Reads:
    imported = [item for item in file.get("imports") or () if item["path"]["value"] == _PACKAGE]
    names = frozenset(str(item["as"]["name"]) if item.get("as") else _NAME for item in imported)
    keys = [key for item in file.get("body") or () for key in _walk(item, names)]
    return Reads(frozenset(key for key in keys if key is not None), None in keys)


def _walk(start: Node, names: frozenset[str]) -> Iterator[str | None]:
    """Yield each key that is read, None for a computed one. Not recursive, because a tree may be deep."""
    waiting: list[tuple[Node, frozenset[str]]] = [(start, names)]
    while waiting:
        node, known = waiting.pop()
        if _is_get(node.get("callee"), known):
            yield _key(node)
            waiting += [(item, known) for item in node.get("arguments") or ()]
        elif node.get("type") == "Identifier" and node["name"] in known:
            # The package or its function is passed on: the keys that are read there cannot be told from here.
            yield None
        else:
            waiting += [(child, _visible(node, known)) for child in _children(node)]


def _is_get(node: Node | None, names: frozenset[str]) -> bool:
    callee = _bare(node or {})
    if callee.get("type") != "MemberExpression":
        return False
    package, member = _bare(callee["object"]), callee["property"]
    # `secrets.get` and `secrets["get"]` are the same, and the server rewrites one as the other.
    return package.get("name") in names and "get" in (member.get("name"), member.get("value"))


def _key(call: Node) -> str | None:
    given = [item for record in call.get("arguments") or () for item in record.get("properties") or ()]
    values = [_bare(item["value"]) for item in given if item.get("value") and _label(item["key"]) == "key"]
    literal = len(values) == 1 and values[0].get("type") == "StringLiteral"
    return str(values[0]["value"]) if literal else None


def _label(key: Node) -> str | None:
    """Return the name before the colon, which may be quoted."""
    name: str | None = key.get("name", key.get("value"))
    return name


def _bare(node: Node) -> Node:
    """Return the expression without the parentheses around it."""
    while node.get("type") == "ParenExpression":
        node = node["expression"]
    return node


def _visible(node: Node, names: frozenset[str]) -> frozenset[str]:
    """Return the names that still mean the package inside a node: parameters of a function hide them."""
    if node.get("type") != "FunctionExpression":
        return names
    return names - {_label(item["key"]) for item in node.get("params") or ()}


def _children(node: Node) -> Iterator[Node]:
    """Yield the child nodes that are expressions or statements, not mere labels."""
    labels = {
        # `{a: b}` names a field, `(a) => b` a parameter; `{a}` alone is short for `{a: a}`.
        "Property": ("key",) if node.get("value") else (),
        "MemberExpression": ("property",),
        "VariableAssignment": ("id",),
    }.get(node.get("type", ""), ())
    for name, child in node.items():
        if name in labels or name == "location":
            continue
        if name == "params":
            # A parameter without a default is only a label.
            yield from (item["value"] for item in child or () if item.get("value"))
        elif isinstance(child, dict):
            yield child
        elif isinstance(child, list):
            yield from (item for item in child if isinstance(item, dict))
