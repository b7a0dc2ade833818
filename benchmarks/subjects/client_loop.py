"""Subject: no Pulumi, a loop over the `SecretsService` of influxdb-client; prints the seconds that it took."""

import os
import sys
import time

from influxdb_client import InfluxDBClient
from influxdb_client.domain.secret_keys import SecretKeys
from influxdb_client.service.secrets_service import SecretsService
from values import ORG_ID, TOKEN, URL, first_key, values

work = sys.argv[1]
start = time.perf_counter()
with InfluxDBClient(url=URL, token=TOKEN, ssl_ca_cert=os.environ.get("SSL_CERT_FILE")) as client:
    service = SecretsService(client.api_client)
    for key, value in values().items():
        if work == "destroy":
            service.post_orgs_id_secrets(ORG_ID, SecretKeys(secrets=[key]))
        elif work != "rotate 1" or key == first_key():
            service.patch_orgs_id_secrets(ORG_ID, {key: value})
sys.stdout.write(f"{time.perf_counter() - start}\n")
