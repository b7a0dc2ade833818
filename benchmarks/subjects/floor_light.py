"""Subject: the lightest floor of `OrgSecrets`: the whole map one secret, no outputs, and no comparison."""

from floor import LightFloor
from pulumi import Output
from values import ORG_ID, values

LightFloor("all", {"org_id": ORG_ID, "secrets": Output.secret(values())})
