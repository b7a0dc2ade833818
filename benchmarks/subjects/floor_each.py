"""Subject: the floor of `Secret`, a resource for each key that does nothing."""

from floor import Floor
from pulumi import Output
from values import ORG_ID, values

for key, value in values().items():
    Floor(key, {"org_id": ORG_ID, "key": key, "value": Output.secret(value)})
