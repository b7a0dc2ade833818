"""Subject: `Secret`, a resource for each key."""

from values import ORG_ID, values

import influx_secrets as influx

for key, value in values().items():
    influx.Secret(key, org_id=ORG_ID, key=key, value=value)
