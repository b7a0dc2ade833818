"""Subject: the physical limit, the one request that any tool has to make; prints the seconds that it took."""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

from values import ORG_ID, TOKEN, URL, first_key, values

work, found = sys.argv[1], values()
method, path, body = "PATCH", f"/api/v2/orgs/{ORG_ID}/secrets", json.dumps(found)
if work == "rotate 1":
    body = json.dumps({first_key(): found[first_key()]})
elif work == "destroy":
    method, path, body = "POST", f"{path}/delete", json.dumps({"secrets": list(found)})
start = time.perf_counter()
kind = http.client.HTTPSConnection if URL.startswith("https:") else http.client.HTTPConnection
connection = kind(urlsplit(URL).netloc, timeout=60)
connection.request(method, path, body.encode(), {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"})
with connection.getresponse() as answer:
    if answer.status != http.client.NO_CONTENT:
        sys.exit(f"HTTP {answer.status}")
sys.stdout.write(f"{time.perf_counter() - start}\n")
connection.close()
