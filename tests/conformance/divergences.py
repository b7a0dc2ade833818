"""Where the emulator is known to differ from influxd 2.9.1, and why. Anything else is a bug of the emulator.

KNOWN lists what random requests meet; `explained` finds the one that fits. What they do not meet:

- `Accept-Encoding: gzip;q=0`: the emulator compresses a large result of a query all the same, as no client says so.
- CONNECT, a whole url in the request line, CORS requests, larger headers than 1 MiB: no client of secrets sends them.
- A `Server` header names the emulator, so that nobody takes it for influxd, which sends none. Bodies have a length
  where influxd sends some in chunks: no client sees that.
- Valid JSON nested deeper than Python's recursion limit (about 1,000) is refused as Go refuses more than 10,000 levels.
- `POST /api/v2/query`: no syntax tree is run (`ast`, `extern`), for that would take a Flux of our own; a text in `now`
  that is no time is refused in words of less detail. The header `Prefer` means nothing.
- A real server has one more org, of its setup, and users: an org is never found by `userID` here.
- Time: `createdAt` and `updatedAt` have microseconds, not nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.random_requests import ODD_METHODS

if TYPE_CHECKING:
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


def _other_words(_: Random, emulated: Reply, real: Reply) -> bool:
    return _refused_as_http(emulated) and real.status in {0, 400, 501, 505} and "X-Influxdb-Build" not in real.headers


def _odd_method(request: Random, emulated: Reply, real: Reply) -> bool:
    return request.method in ODD_METHODS and _refused_as_http(emulated) and real.status == 405


def _odd_line(request: Random, _: Reply, real: Reply) -> bool:
    return b" " in request.target and real.status == 400 and "X-Influxdb-Build" not in real.headers


def _odd_path(request: Random, emulated: Reply, _: Reply) -> bool:
    return re.search(rb"[^\x21-\x7e]", request.target) is not None and _refused_as_http(emulated)


def _odd_framing(request: Random, emulated: Reply, _: Reply) -> bool:
    folded = any(name.startswith(b" ") for name, _ in request.headers)
    framed = any(name in {b"Transfer-Encoding", b"Content-Length"} for name, _ in request.headers)
    refused = _refused_as_http(emulated) or emulated.status == 0
    return (request.version != "HTTP/1.1" or folded or framed) and refused


def _old_chunks(request: Random, _: Reply, __: Reply) -> bool:
    return request.version == "HTTP/1.0" and request.framing == "chunked" and request.body is not None


def _cut(request: Random, emulated: Reply, _: Reply) -> bool:
    return request.hangs_up and emulated.status == 0


def _not_served(request: Random, emulated: Reply, _: Reply) -> bool:
    said = request.method == "HEAD" or b"the influx_secrets emulator does not serve" in emulated.body
    return emulated.status == 501 and said


def _not_run(request: Random, emulated: Reply, _: Reply) -> bool:
    refused = emulated.status == 400 and b"the influx_secrets emulator does not run this script" in emulated.body
    return refused and not request.understood


KNOWN = (
    Divergence("other words", "What is not HTTP is refused by both, here by aiohttp in its own words.", _other_words),
    Divergence(
        "odd method", "aiohttp knows no other methods than the registered ones, in capitals; 400 for 405.", _odd_method
    ),
    Divergence("odd line", "aiohttp takes a request line with more spaces than one, which Go refuses.", _odd_line),
    Divergence(
        "odd path",
        "Bytes outside of ASCII, unescaped in the path: aiohttp refuses what Go takes; no client sends them.",
        _odd_path,
    ),
    Divergence(
        "odd framing",
        "aiohttp is stricter with HTTP versions, folded headers and bodies framed twice than Go.",
        _odd_framing,
    ),
    Divergence("old chunks", "aiohttp reads a chunked body of HTTP/1.0, where Go sees no body.", _old_chunks),
    Divergence(
        "cut body",
        "The client hangs up within the body: influxd acts on what has come, the emulator does nothing.",
        _cut,
    ),
    Divergence(
        "not served", "All other routes of the API, such as creating orgs: 501, which influxd never says.", _not_served
    ),
    Divergence(
        "not run", "Flux beyond one array.from of records of strings: 400 in words of the emulator's own.", _not_run
    ),
)
