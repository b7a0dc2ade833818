"""Where the emulator is known to differ from the influxd that it is, and why. Anything else is a bug of the emulator.

The differences are those to 2.9.1, and between the versions to each of 2.6.1, 2.7.12, 2.9.1 and 2.10.0.

KNOWN lists what random requests meet; `explained` finds the one that fits. What they do not meet:

- `Accept-Encoding: gzip;q=0`: the emulator compresses a large result of a query all the same, as no client says so.
- What is no HTTP, or not that of today, is refused by both, but not always, nor in the same words: aiohttp is stricter
  with versions, folded headers and bodies framed twice, takes more than one space in the request line, and no bytes
  outside of ASCII in a path. Where a client hangs up within a body, influxd acts on what has come; the emulator does
  not.
- CONNECT, a whole url in the request line, CORS requests, larger headers than 1 MiB: no client of secrets sends them.
- A `Server` header names the emulator, so that nobody takes it for influxd, which sends none. Bodies have a length
  where influxd sends some in chunks: no client sees that.
- JSON: Python's recursion limit (about 1,000) ends what Go reads up to 10,000 levels. `null` in a list is an empty
  string, also where Go keeps what the same field, given twice, had at that place.
- `POST /api/v2/query`: no syntax tree is run (`ast`, `extern`), as this would take a Flux of its own; `now` is refused,
  and so is every dialect but the usual one, as only our tests would use them. The header `Prefer` means nothing.
- Flux: types are compared where they are used, so that a script which influxd refuses for a type in a part that does
  not run (one branch of `if`) runs here.
- Random order: a record that a function makes has its columns in the order of the script; influxd 2.9.1 gives them in
  random order.
- Files: values are in memory, and in a file of JSON where one is named; it has neither backups nor a log of debugging.
- Health: that of a server that is well, idle and not hardened, at once; 2.10 answers 503 while it starts, which a fault
  can do too.
- TLS: the emulator has none.
- Flux of 2.7.12: an empty string that follows another string in a column is lost, and the query ends in a 500
  `column size mismatch`. The emulator has the column.
- One at a time: each request is a transaction, a query too, and the time of a PATCH grows with its keys alone.
- `GET /api/v2/orgs`: `after`, `descending` and `sortBy`, which influxd checks and does not use, are not looked at.
- Lists of tasks and checks are always empty. Endpoints, rules and the tasks of rules have fewer members than those of
  influxd, and the script of such a task does nothing but read the secrets.
- A real server has one more org, of its setup, and users; here is one, the operator, and no org is found by `userID`.
- Time: `createdAt` and `updatedAt` have microseconds, not nanoseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from conformance.random_requests import ODD_METHODS
from conformance.raw_requests import Random
from wire import Reply


@dataclass(frozen=True, slots=True)
class Divergence:
    """A difference that stays.

    Attributes:
        name: what it is called in reports.
        why: the reason for leaving it.
        fits: whether it explains the answers of the emulator and of influxd to a request.
    """

    name: str
    why: str
    fits: Callable[[Random, Reply, Reply], bool]


def explained(request: Random, emulated: Reply, real: Reply) -> Divergence | None:
    """Return why the two answers differ, if that is known."""
    return next((known for known in KNOWN if known.fits(request, emulated, real)), None)


def _refused_as_http(reply: Reply) -> bool:
    """Whether the HTTP library of the emulator refused a request before the emulator saw it."""
    return reply.status == 400 and "X-Influxdb-Build" not in reply.headers


def _odd_method(request: Random, emulated: Reply, real: Reply) -> bool:
    return request.method in ODD_METHODS and _refused_as_http(emulated) and real.status in {200, 405}


def _not_json(_: Random, emulated: Reply, real: Reply) -> bool:
    words, found, _rest = emulated.body.partition(b"the body is not the JSON that this call takes")
    return bool(found) and emulated.headers == real.headers and real.status == 400 and real.body.startswith(words)


def _not_served(request: Random, emulated: Reply, _: Reply) -> bool:
    said = request.method == "HEAD" or b"the influx_secrets emulator does not serve" in emulated.body
    return emulated.status == 501 and said


def _not_run(request: Random, emulated: Reply, _: Reply) -> bool:
    refused = emulated.status == 400 and b"the influx_secrets emulator does not run this script" in emulated.body
    return refused and not request.understood


def _fewer_members(_: Random, emulated: Reply, real: Reply) -> bool:
    """Whether both list the same endpoints, and the emulator shows some of the members, except their names."""
    if not real.status == emulated.status == 200 or not real.body.startswith(b'{"notificationEndpoints"'):
        return False
    ours, theirs = (json.loads(reply.body)["notificationEndpoints"] for reply in (emulated, real))
    some = [{name: their.get(name) for name in our} | {"name": ""} for our, their in zip(ours, theirs, strict=False)]
    return len(ours) == len(theirs) and some == [{**our, "name": ""} for our in ours]


KNOWN = (
    Divergence(
        "odd method",
        "aiohttp knows no other methods than the registered ones, in capitals; 400 for 405 (`/health` of 2.10: 200).",
        _odd_method,
    ),
    Divergence(
        "not json",
        "Go names the first byte or field that does not fit; no client reads that, so one text is for all.",
        _not_json,
    ),
    Divergence(
        "not served", "All other routes of the API, such as creating orgs: 501, which influxd never says.", _not_served
    ),
    Divergence(
        "not run", "Flux beyond one array.from of records of strings: 400 in words of the emulator's own.", _not_run
    ),
    Divergence(
        "fewer members", "Of an endpoint, what a reader of references looks at; its name is its kind's.", _fewer_members
    ),
)
