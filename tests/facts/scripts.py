"""What Flux does with secrets: missing keys, proofs, and what a reader sees of a batch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler

from facts.answers import flux, get, line, until
from facts.fact import Question
from flux import flux_string
from loopback_server import LoopbackServer
from wire import Wire

MISSING = Question("What does Flux do with a key that is missing?", "influxd")
VALUES = Question("What does Flux make of values?", "influxd")
BATCH = Question("What does a batch mean for a reader?", "influxd")

_NO_SECRET = "secret not found"


def _mapped(keys: list[str], record: str) -> str:
    """Return a script with a row for each key."""
    return f"array.from(rows: [{', '.join(map(flux_string, keys))}] |> array.map(fn: (x) => ({record})))"


def _caught(member: str) -> str:
    return f"{{v: experimental.catch(fn: () => secrets.get(key: x)).{member}}}"


@MISSING.fact(
    known=[
        '404 not found: error calling function "get" @3:23-3:45: secret not found',
        '404 not found: error calling function "map" @3:33-3:81: secret not found',
    ],
    means="One missing key stops a task that reads several.",
    does="It lists the keys first, and asks for those alone that exist.",
)
def missing_key_fails_the_whole_query(wire: Wire) -> object:
    """A key that is missing fails the whole query with a 404, in a row and in `array.map`.

    In `array.map` the message does not name the row.
    """
    wire.put(a="1")
    return [flux(wire, get("no")), flux(wire, _mapped(["a", "no"], "{v: secrets.get(key: x)}"))]


@MISSING.fact(
    known="400 invalid: runtime error @3:33-3:78: map: failed to evaluate map function: secret not found",
    means="The status depends on the place of the call. Look at the message.",
    does="It uses `array.map`.",
    real="not run",
)
def missing_key_in_a_stream_function_is_400(wire: Wire) -> object:
    """In the stream function `map()` a missing key is a 400."""
    return flux(wire, 'array.from(rows: [{v: "a"}]) |> map(fn: (r) => ({v: secrets.get(key: "no")}))')


@MISSING.fact(
    known=['404 not found: error calling function "get" @3:5-3:27: secret not found', ["a"]],
    means="A secret that a script reads and does not use must exist all the same.",
    does="The command `usage` names each key that a task reads.",
    real="not run",
)
def secrets_are_read_even_where_they_are_not_used(wire: Wire) -> object:
    """`secrets.get` reads at once, even if the value is not used.

    In a function that is not called, it reads nothing.
    """
    rest = 'array.from(rows: [{v: "a"}])'
    return [flux(wire, f'k = secrets.get(key: "no")\n{rest}'), flux(wire, f'f = () => secrets.get(key: "no")\n{rest}')]


@MISSING.fact(
    known=[[["2"], ["secret not found"]], [["2"], ["read:orgs/<org>/secrets is unauthorized"]]],
    means="Compare the message. The code does not say why a secret is missing.",
    does="Its proofs read the message.",
)
def catch_has_code_2_for_every_reason(wire: Wire) -> object:
    """`experimental.catch` answers 200.

    Its `code` is 2 both for a missing secret and for a missing permission. Only `msg` differs.
    """
    token = wire.server.create_token(wire.org, read_secrets=False)
    tokens = ("operator", token)
    return [[flux(wire, _mapped(["no"], _caught(member)), token) for member in ("code", "msg")] for token in tokens]


@MISSING.fact(
    known=["400 invalid: cannot represent the type null as column data", ["1", ""]],
    means="Ask `exists` before you use the value.",
    does="Its proofs ask `exists`.",
)
def caught_value_is_an_error_where_the_first_key_is_missing(wire: Wire) -> object:
    """`experimental.catch(…).value` alone is a 400 where the first key of a list is missing.

    It works where another key is missing.
    """
    wire.put(a="1")
    return [flux(wire, _mapped(keys, _caught("value"))) for keys in (["no", "a"], ["a", "no"])]


@MISSING.fact(
    known=True,
    means="Read such results by the names of their columns.",
    does="It reads columns by name.",
    real="random order",
)
def columns_of_array_map_come_in_random_order(wire: Wire) -> object:
    """Columns of a record that is made in `array.map` come in another order from one query to the next."""
    script = 'import "array"\n' + _mapped(["x"], "{d: x, c: x, b: x, a: x}")
    heads = {wire.query(script).body.partition(b"\r\n")[0] for _ in range(60)}
    return len(heads) > 1


def _proof(keys: str, value: str) -> str:
    return base64.b64encode(
        hmac.digest(b"n", hashlib.sha256(f"{keys}{value}".encode()).hexdigest().encode(), "sha1")
    ).decode()


@VALUES.fact(
    known=True,
    means="A value can be compared without reading it, from InfluxDB 2.7 on.",
    does="A refresh compares keyed hashes, and finds values that were changed elsewhere.",
    before={"2.7": "400 invalid: error @2:1-2:27: invalid import path contrib/qxip/hash"},
)
def values_can_be_hashed_inside_the_server(wire: Wire) -> object:
    """`hash.hmac` and `hash.sha256` of `contrib/qxip/hash` hash a secret inside the server.

    Any key and any value can be hashed. The results are HMAC-SHA1 in base64 and SHA-256 in small hexadecimal letters.
    """
    secrets = {"plain": "v", 'q"$\\{': "line\nline\r\n", "ключ": "a\0b", "long": "x" * 10_000}
    wire.put(**secrets)
    seen = flux(wire, _mapped(list(secrets), '{v: hash.hmac(v: hash.sha256(v: "p" + secrets.get(key: x)), k: "n")}'))
    return seen == [_proof("p", value) for value in secrets.values()] or seen


@VALUES.fact(
    known={'"$\\""': 400, '"${x}"': 400, '"\\$"': 400, '"a\0b"': 400, '"\\x24"': ["$"], '"$x"': ["$x"]},
    means="Write a key with such characters as bytes: `\\x24` for the dollar.",
    does="It writes them as bytes.",
)
def dollar_swallows_the_escape_behind_it(wire: Wire) -> object:
    """In a Flux string a dollar takes the character behind it along, even the backslash of an escape.

    `${` begins an expression. A NUL ends the script.
    """
    literals = ('"$\\""', '"${x}"', '"\\$"', '"a\0b"', '"\\x24"', '"$x"')
    return {
        literal: flux(wire, f"array.from(rows: [{{v: {literal}}}])")
        if n > 3
        else wire.query(f'import "array"\narray.from(rows: [{{v: {literal}}}])').status
        for n, literal in enumerate(literals)
    }


class _Headers(BaseHTTPRequestHandler):
    """Answers with the length of a header."""

    def do_POST(self) -> None:
        self.server.seen.append(self.headers["A"])  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@VALUES.fact(
    known=[
        True,
        ["token"],
        "500 internal error: An internal error has occurred - check server logs",
    ],
    means="Remove white space at the end of a value that comes from a file.",
    does="It reports white space at the ends of a value.",
    real="not run",
)
def white_space_at_the_end_does_not_reach_a_header(wire: Wire) -> object:
    """`http.post` fails if the value in a header ends with a newline.

    A blank at the end is dropped without a message. `from(host:, token:)` fails with a message that names no reason.
    """
    wire.put(newline="token\n", blank="token ")
    with LoopbackServer(_Headers) as server:
        server.seen = []  # type: ignore[attr-defined]
        call = f'http.post(url: "http://127.0.0.1:{server.server_port}", headers: {{A: secrets.get(key: "KEY")}})'
        script = f"array.from(rows: [{{v: string(v: {call})}}])"
        answers = [flux(wire, script.replace("KEY", key)) for key in ("newline", "blank")]
        remote = f'from(bucket: "b", host: "http://127.0.0.1:{server.server_port}", token: secrets.get(key: "newline"))'
        elsewhere = flux(wire, f"{remote} |> range(start: -1h)")
        return ["invalid header field value" in answers[0], server.seen, elsewhere]  # type: ignore[attr-defined]


@VALUES.fact(
    known=True,
    means="Write many new keys in several requests. Rewriting them is fast.",
    does="It writes more than 10,000 new keys of a resource 5,000 at a time.",
    real="one at a time",
)
def many_new_keys_in_one_patch_are_slow(wire: Wire) -> object:
    """The time of a PATCH grows with the square of the number of new keys. 60,000 take longer than twelve of 5,000."""
    took = []
    for size in (60_000, 5_000):
        start = time.monotonic()
        for first in range(0, 60_000, size):
            wire.secrets("PATCH", "", json.dumps({f"{size}-{n:05}": "v" for n in range(first, first + size)}))
        took.append(time.monotonic() - start)
    return took[0] > 1.5 * took[1] or took


@VALUES.fact(
    known=',result,table,v\r\n,_result,0,"ab\r\nc"\r\n\r\n',
    means="Do not read values from CSV answers.",
    does="It reads no value.",
)
def csv_changes_line_ends_of_values(wire: Wire) -> object:
    """An answer to a query changes the line ends in a value: a lone CR is lost, a newline becomes CR LF."""
    wire.put(k="a\rb\nc")
    return wire.query(f'import "array"\nimport "influxdata/influxdb/secrets"\n{get("k")}').body.decode()


@BATCH.fact(
    known=True,
    means="Store values that belong together as one secret, or expect a task to fail once.",
    does="It writes all changes of one `OrgSecrets` in one PATCH. It cannot protect a reader that is in the middle.",
    real="one at a time",
)
def reader_can_see_a_mix_of_two_batches(wire: Wire) -> object:
    """One PATCH is one transaction, but each `secrets.get` is a transaction of its own.

    A query that reads two keys during a PATCH can see one old and one new value.
    """
    stop = threading.Event()

    def write() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            wire.secrets("PATCH", "", json.dumps({"a": str(turn), "b": str(turn)}))

    wire.put(a="0", b="0")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        script = _mapped(["x"] * 200, '{v: secrets.get(key: "a") + "|" + secrets.get(key: "b")}')
        return until(lambda: any(len(set(cell.split("|"))) > 1 for cell in flux(wire, script)))
    finally:
        stop.set()
        writer.join()


@BATCH.fact(
    known=["204", {"a": "1", "b": "3", "c": "4"}],
    means="Replace a key by writing it, not by deleting and creating it.",
    does="It writes before it removes.",
)
def patch_leaves_other_keys(wire: Wire) -> object:
    """A PATCH sets the keys that it names and leaves all others."""
    wire.put(a="1", b="2")
    return [line(wire.secrets("PATCH", "", '{"b": "3", "c": "4"}')), wire.values]
