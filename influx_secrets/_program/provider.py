"""The resource `Provider`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from influx_secrets._model.input_types import instance_problem, require
from influx_secrets._model.setting_names import INPUTS
from influx_secrets._program import sdk
from influx_secrets._program.inputs import Inputs


class Provider(pulumi.ProviderResource):
    """One InfluxDB server, for resources that name it in `opts.provider` or inherit it from a component.

    A setting that is not given is looked up in the environment, then in the active profile of the `influx` CLI, each
    setting on its own. A token that comes from there is in no state; one given here is stored, encrypted, with the
    stack.

    Args:
        resource_name: Pulumi's logical name.
        url: URL of the server, such as `https://eu.example.com:8086`; may be an output of the same program.
        token: API token with three permissions: read the org, read its secrets, write its secrets.
        org: Name of the org for resources that name none.
        org_id: Id of the org for resources that name none, 16 hexadecimal digits.
        ca_file: Path of a file of certificates to trust, in PEM.
        skip_verify: Accept any certificate; False by default.
        timeout: Time limit of one attempt, in seconds; 10 by default.
        max_attempts: Number of attempts for one request, the first one included; 5 by default.
        verify_values: `auto` compares values where the server can, `always` fails where it cannot, `never` does not
            compare; `auto` by default.
        missing_org: `error` stops `pulumi destroy` where the org does not exist, and a state does not say which server
            had it; `gone` lets it go on. `error` by default.
        allow_insecure: Send the token over plain http to another machine; False by default.
        trace_span: Content of the header `Zap-Trace-Span`, printable ASCII.
        extra_http_header: Headers for a gateway in front of the server, `Name: value`, several separated by commas;
            stored encrypted, as a token is.
        token_variable: Name of the environment variable with the API token of this server. The provider reads it in
            each run, so the state has the name alone. One that is not set is an error: no other token is used.
        profile: Name of the profile of the `influx` CLI with url, token and org, read in each run as `token_variable`.
        opts: Options of the resource.
    """

    def __init__(  # noqa: PLR0913 (each is a setting, by keyword)
        self,
        resource_name: str,
        *,
        url: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        org: pulumi.Input[str] | None = None,
        org_id: pulumi.Input[str] | None = None,
        ca_file: pulumi.Input[str] | None = None,
        skip_verify: pulumi.Input[bool] | None = None,
        timeout: pulumi.Input[float] | None = None,
        max_attempts: pulumi.Input[int] | None = None,
        verify_values: pulumi.Input[str] | None = None,
        missing_org: pulumi.Input[str] | None = None,
        allow_insecure: pulumi.Input[bool] | None = None,
        trace_span: pulumi.Input[str] | None = None,
        extra_http_header: pulumi.Input[str] | None = None,
        token_variable: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given: Mapping[str, Any] = locals()  # the arguments, by name
        inputs = Inputs(f'Provider "{resource_name}"')
        fields = {setting: given[setting.field] for setting in INPUTS}
        props = {
            setting.config_key: inputs.setting(setting, value) for setting, value in fields.items() if value is not None
        }
        if opts is not None:
            require("opts", opts, instance_problem(pulumi.ResourceOptions, "pulumi.ResourceOptions"))
        # From SDK 3.272 on. The SDK does not keep them, and functions of the program need them too.
        self._variables: Mapping[str, str] = getattr(opts, "env_var_mappings", None) or {}
        super().__init__(sdk.PACKAGE, resource_name, props, opts)
        sdk.await_registration(self)
