"""Subject: the provider that most people would write, a resource for each key."""

from hand_written_provider import HandWrittenSecret
from pulumi import Output
from values import ORG_ID, values

for key, value in values().items():
    HandWrittenSecret(key, org_id=ORG_ID, key=key, value=Output.secret(value))
