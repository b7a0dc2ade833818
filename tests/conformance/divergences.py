"""Where the emulator is known to differ from influxd 2.9.1, and why. Anything else is a bug of the emulator.

HTTP itself (the emulator's is aiohttp's):

- Requests that are not HTTP, unknown methods, control characters in a path: 400 with other words.
- A path with bytes outside of ASCII that are not percent-encoded: 400, where influxd takes them as they are. No HTTP
  library sends them.
- CONNECT, `OPTIONS *`, a whole url in the request line, CORS requests: not for this server.
- Larger headers than 1 MiB: influxd says 431, the emulator 400.
- A `Server` header names the emulator; influxd sends none. Bodies have a length where influxd sends some in chunks.
- `Accept-Encoding: gzip;q=0`: the emulator compresses a large result of a query all the same.

JSON:

- Valid JSON nested deeper than Python's recursion limit (about 1,000) is refused as Go refuses more than 10,000 levels.
- `POST /api/v2/query`: malformed `dialect`, `type` and `Content-Type` are not all refused, or in other words.

Not there at all:

- Every other route of the API: 501 `not implemented`, a code that influxd gives for no path. Among them creating,
  changing and deleting orgs, and tokens: the Python API of the emulator does that.
- `after`, `descending` and `sortBy` in the list of orgs are ignored. A real server has one more org, of its setup.
- Flux beyond one `array.from` of records of strings: 400 `invalid`, in the emulator's own words; syntax errors too.
- The `Prefer` header of queries.
- Time: `createdAt` and `updatedAt` have microseconds, not nanoseconds.
"""
