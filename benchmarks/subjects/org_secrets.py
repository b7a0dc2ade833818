"""Subject: `OrgSecrets`, all keys in one resource."""

from values import ORG_ID, values

import influx_secrets as influx

influx.OrgSecrets("all", org_id=ORG_ID, secrets=values())
