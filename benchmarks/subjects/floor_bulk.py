"""Subject: the floor of `OrgSecrets`, one resource of the same payload that does nothing."""

from floor import Floor
from pulumi import Output
from values import ORG_ID, values

Floor("all", {"org_id": ORG_ID, "secrets": {key: Output.secret(value) for key, value in values().items()}})
