#!/usr/bin/env bash
# aiohttp 3.14.5 with yarl 1.25.1, requests 2.34.2, httpx 0.28.1
#
# The same URL, whose last part Python's quote(key, safe="") encoded, leaves two clients as two paths: requests and httpx send
# `a%2Cb`, aiohttp decodes comma, semicolon, colon, `@`, `&`, `=`, `$` and `'` and sends `a,b`. Go's router looks at the encoded path
# if it is not the one that Go would write, so `DELETE /api/v2/orgs/ID/secrets/a%2Cb` of influxd 2.9.1 removes nothing with
# requests and the key with aiohttp, and answers 204 to both.
#
# Guessed: clients send a URL that is quoted already as it is. Seen: requests and httpx `a%2Cb a%3Ab a%26b a%2Fb`, aiohttp
# `a,b a:b a&b a%2Fb`
# Needs Python 3.11. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip --quiet --disable-pip-version-check install aiohttp==3.14.5 yarl==1.25.1 requests==2.34.2 httpx==0.28.1

cat >probe.py <<'END'
import asyncio
import http.server
import threading
from urllib.parse import quote

import aiohttp
import httpx
import requests

received = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_DELETE(self):
        received.append(self.path.rpartition("/")[2])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
urls = [f"http://127.0.0.1:{server.server_port}/{quote(key, safe='')}" for key in ("a,b", "a:b", "a&b", "a/b")]


async def with_aiohttp():
    async with aiohttp.ClientSession() as session:
        for url in urls:
            async with session.delete(url):
                pass


for name, send in {
    "requests": lambda: [requests.delete(url) for url in urls],
    "httpx": lambda: [httpx.delete(url) for url in urls],
    "aiohttp": lambda: asyncio.run(with_aiohttp()),
}.items():
    received.clear()
    send()
    print(name, *received)
END
environment/bin/python probe.py | tee seen
diff seen - <<'END' || { echo "changed: see the lines above"; exit 1; }
requests a%2Cb a%3Ab a%26b a%2Fb
httpx a%2Cb a%3Ab a%26b a%2Fb
aiohttp a,b a:b a&b a%2Fb
END
echo "as known: aiohttp decodes what requests and httpx leave encoded"
