"""What a write proves: checks on the four calls."""

from __future__ import annotations

import json
from urllib.parse import quote

from facts.answers import ask, flux, get, line
from facts.fact import Question
from wire import Wire

WRITING = Question("What does the answer to a write or a delete prove (204, 400, 405)?", "influxd")

_PATH = "/api/v2/orgs/ORG/secrets"


def _patch(wire: Wire, body: str) -> list[object]:
    """Write, and return the answer and the keys afterwards."""
    return [line(wire.secrets("PATCH", "", body)), wire.keys]


@WRITING.fact(
    known=[["204", []]] * 2,
    means="A 204 does not prove that something was written.",
    does="It sends no PATCH without a key, except to test a permission.",
)
def patch_of_nothing_is_204(wire: Wire) -> object:
    """A PATCH of `{}` or `null` is a 204, and writes nothing."""
    return [_patch(wire, body) for body in ("{}", "null")]


@WRITING.fact(
    known=[["204", ["k"], '404 not found: error calling function "get" @3:23-3:44: secret not found']] * 2,
    means="A value that is empty by mistake looks like a key that is set.",
    does="It refuses empty values. It takes an existing key without a value for a changed one.",
)
def empty_value_makes_a_key_without_a_secret(wire: Wire) -> object:
    """An empty value or `null` creates a key that is listed. Flux says that the secret is not found."""
    return [[*_patch(wire, body), flux(wire, get("k"))] for body in ('{"k": null}', '{"k": ""}')]


@WRITING.fact(
    known=[400, "failed to unmarshal json", []],
    means="One wrong value of many keeps all of them from being written.",
    does="It accepts strings only.",
)
def one_bad_value_writes_nothing(wire: Wire) -> object:
    """A PATCH with one value that is not a string is a 400, and no key is written."""
    reply = wire.secrets("PATCH", "", '{"a": "1", "b": 2}')
    return [reply.status, json.loads(reply.body)["message"].partition(":")[0], wire.keys]


@WRITING.fact(
    known=["204", "413 request too large: key too large", 2],
    means="Keys have a limit, values do not.",
    does="Its error names the limit.",
    before={"2.7": ["204", "500 internal error: key too large", 2]},
)
def key_over_32752_bytes_is_413(wire: Wire) -> object:
    """A key may have 32,752 bytes. A longer one is a 413 (500 on 2.6), and no key of the PATCH is written."""
    lengths = {n: line(wire.secrets("PATCH", "", json.dumps({"a": "1", "k" * n: "v"}))) for n in (32_753, 32_752)}
    return [lengths[32_752], lengths[32_753], len(wire.keys)]


@WRITING.fact(
    known=[["204", ["k"]], ["20000000"]],
    means="Certificates and key files fit into one secret.",
    does="It sets no limit.",
    real="not run",
)
def value_of_20_megabytes_is_stored_and_read(wire: Wire) -> object:
    """A value of 20 MB is written in one PATCH, and Flux reads it."""
    written = _patch(wire, json.dumps({"k": "v" * 20_000_000}))
    length = 'array.from(rows: [{v: string(v: strings.strlen(v: secrets.get(key: "k")))}])'
    return [written, flux(wire, length)]


@WRITING.fact(
    known=["204", True],
    means="A run that changes many keys is one change for a reader of the list.",
    does="It collects the keys of an org into one PATCH.",
)
def ten_thousand_keys_are_one_patch(wire: Wire) -> object:
    """10,000 keys are written in one PATCH and listed in one answer, sorted by their bytes, whatever `limit` says."""
    keys = [f"k{n:04}" for n in range(9_998)]
    status = line(wire.secrets("PATCH", "", json.dumps(dict.fromkeys([*reversed(keys), "é", "Z"], "v"))))
    listed = ask(wire, "GET", f"{_PATH}?limit=5")["secrets"]
    return [status, listed == ["Z", *keys, "é"]]


@WRITING.fact(
    known=["204", "204"],
    means="A 204 does not prove a removal. A misspelt key is removed without an error.",
    does="It lists the keys where it has to know which exist.",
)
def delete_of_an_absent_key_is_204(wire: Wire) -> object:
    """DELETE and POST delete of a key that does not exist are a 204."""
    return [line(wire.secrets("DELETE", "/nothing")), line(wire.secrets("POST", "/delete", '{"secrets": ["nothing"]}'))]


@WRITING.fact(
    known=[["204"], "$&+,/:;=@", "204", []],
    means="Do not delete such keys by path. Use POST delete.",
    does="It uses DELETE only for keys of plain characters, and POST delete for all others.",
)
def delete_by_path_leaves_keys_with_special_characters(wire: Wire) -> object:
    """DELETE answers 204 and the key stays, if Python percent-encoded one of `$ & + , / : ; = @` in it.

    POST delete removes every key.
    """
    keys = [f"a{character}b" for character in "$&+,/:;=@ -"]
    wire.put(**dict.fromkeys(keys, "v"))
    answers = sorted({line(wire.secrets("DELETE", f"/{quote(key, safe='')}")) for key in keys})
    left = "".join(key[1] for key in wire.keys)
    return [answers, left, line(wire.secrets("POST", "/delete", json.dumps({"secrets": keys}))), wire.keys]


@WRITING.fact(
    known=[["204", [""]], "405", "204", []],
    means="A script that computes an empty key leaves a secret that no path names.",
    does="It refuses an empty key, and removes an existing one with POST delete.",
)
def empty_key_exists_and_has_no_path(wire: Wire) -> object:
    """The empty string is a key. DELETE answers 405 for it, POST delete removes it."""
    made = _patch(wire, '{"": "x"}')
    return [
        made,
        line(wire.secrets("DELETE", "/")),
        line(wire.secrets("POST", "/delete", '{"secrets": [""]}')),
        wire.keys,
    ]


@WRITING.fact(
    known=[["204"], 400, ["k"]],
    means="A misspelt member of the body removes nothing, without an error.",
    does="It always sends a list with keys.",
)
def delete_without_keys_is_204(wire: Wire) -> object:
    """POST delete without keys, or with another member, is a 204 and removes nothing. An empty body is a 400."""
    wire.put(k="v")
    bodies = ("{}", "null", '{"secrets": null}', '{"secrets": []}', '{"keys": ["k"]}')
    answers = sorted({line(wire.secrets("POST", "/delete", body)) for body in bodies})
    return [answers, wire.secrets("POST", "/delete", "").status, wire.keys]


@WRITING.fact(
    known=[False, ["links", "secrets"], ["405"] * 3],
    means="No call returns a value. Keep the original of each secret.",
    does="It proves values by a keyed hash, and never reads one.",
)
def no_call_returns_a_value(wire: Wire) -> object:
    """The API lists keys only. A GET for one key, PUT and POST are a 405 without a body."""
    wire.put(k="marker-value")
    listed = wire.secrets("GET")
    others = [line(wire.secrets(method, end)) for method, end in (("GET", "/k"), ("PUT", ""), ("POST", ""))]
    return [b"marker-value" in listed.body, sorted(json.loads(listed.body)), others]
