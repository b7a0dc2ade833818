"""Subject: value proofs without Pulumi, by the package of any revision; prints the seconds that they took."""

import sys
import time
from importlib import import_module

from values import ORG_ID, values

from influx_secrets import SecretsClient

try:
    prove = import_module("influx_secrets._client.value_proofs").prove
except ModuleNotFoundError:
    prove = import_module("influx_secrets._proofs").prove  # before the package had folders

work, found = sys.argv[1], values()
with SecretsClient() as client:
    start = time.perf_counter()
    if work == "first up":
        client.upsert_secrets(ORG_ID, found)
    elif work == "destroy":
        client.delete_secrets(ORG_ID, found)
    else:
        proofs = prove(client, ORG_ID, found)
        if work == "prove" and proofs.keys() != found.keys():
            sys.exit(f"{len(proofs)} proofs")
    sys.stdout.write(f"{time.perf_counter() - start}\n")
