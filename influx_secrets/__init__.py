"""InfluxDB OSS v2 organization secrets as Pulumi resources: reviewed in the preview, never stored in the state."""

from influx_secrets._providers import OrgSecretsProvider as OrgSecretsProvider
from influx_secrets._providers import SecretProvider as SecretProvider
from influx_secrets._resources import OrgSecrets, Provider, Secret

__all__ = ["OrgSecrets", "Provider", "Secret"]
