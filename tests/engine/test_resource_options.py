"""The options of Pulumi on our resources; `docs/reference/options.md` has a row for each."""

from __future__ import annotations

import re
import subprocess

from engine.stack import Stack
from servers import InfluxdServer

OPTIONS = """
last = influx.Secret("last", org=ORG, key="LAST", value=VALUE)
hook = pulumi.ResourceHook("seen", lambda args: print("hook saw", VALUE in repr(args.new_inputs)))
hooks = pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
def migrate(resource):
    seen = repr(resource.old_state)
    print("migration saw", "never-seen" in seen, "plaintext" in seen)

OPTIONS = {
    "additional_secret_outputs": ["version", "versions", "drift"],
    "custom_timeouts": pulumi.CustomTimeouts(create="1m"),
    "delete_before_replace": True,
    "deleted_with": last,
    "depends_on": [last],
    "hide_diffs": ["version", "versions"],
    "hooks": hooks,
    "ignore_changes": ["org", "key", "digest", "digests", "versions"],
    "plugin_download_url": "https://plugins.example",
    "replace_on_changes": ["*"],
    "retain_on_delete": True,
    "state_migrations": [migrate],
}
for name, option in OPTIONS.items():
    opts = ResourceOptions(**{name: option})
    influx.Secret(name, org=ORG, key=name, value=VALUE, opts=opts)
    influx.OrgSecrets(f"{name}-map", org=ORG, secrets={f"{name}/map": VALUE}, opts=opts)
versioned = ResourceOptions(provider=influx.Provider("versioned", opts=ResourceOptions(version="1.2.3")))
influx.Secret("version", org=ORG, key="version", value=VALUE, opts=versioned)
"""
TRANSFORMED = """
def renamed(args):
    props, opts = dict(args.props), args.opts
    if "key" in props:
        props["key"] = f"NEW_{props['key']}"
        opts = ResourceOptions.merge(opts, ResourceOptions(provider=other))
    if "secrets" in props:
        props["secrets"] = {**{f"NEW_{key}": value for key, value in props["secrets"].items()}, "ADDED": "4"}
    return pulumi.ResourceTransformResult(props=props, opts=opts)

other = influx.Provider("other")
if TRANSFORMS:
    pulumi.runtime.register_resource_transform(renamed)
influx.Secret("one", org=ORG, key="A", value="1")
influx.OrgSecrets("map", org=ORG, secrets={"B": "2", "C": "3"})
"""


def test_options_change_nothing_about_the_secrets(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """All are updated in place, shown where they are not hidden, and hooks see no value."""
    first = stack.program(OPTIONS, VALUE="one-never-seen").up()
    keys = influxd.keys(acme)
    assert len(keys) == 2 * 12 + 2
    assert influxd.values(acme) == dict.fromkeys(keys, "one-never-seen")
    assert "hook saw False" in first.output
    stack.program(OPTIONS, VALUE="two-never-seen")
    piped = "pulumi preview --json --stack dev | influx-secrets review"
    review = subprocess.run(  # noqa: S602 (a pipe, as in a CI job)
        piped, shell=True, cwd=stack.project, env=stack.environment, capture_output=True, text=True, check=False
    )
    assert review.stderr == ""
    assert [key for key in keys if not re.search(rf"^{key} +rotate", review.stdout, re.MULTILINE)] == []
    second = stack.up("--diff")
    assert set(second.steps.values()) == {"update"}
    assert second.changes.count("~ version: 1 => 2") == len(keys) / 2
    assert "~ version (hidden)" in second.output
    assert "migration saw False True" in second.output
    assert "expected to have version >=1.2.3" in second.output
    assert influxd.values(acme) == dict.fromkeys(keys, "two-never-seen")
    stack.destroy()
    forgotten = {f"{name}{kind}" for name in ("deleted_with", "retain_on_delete") for kind in ("", "/map")}
    assert set(influxd.keys(acme)) == forgotten


def test_what_a_transform_made_is_what_is_managed(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """The keys of before are removed, and named; a refresh and a destroy find the new ones."""
    stack.program(TRANSFORMED, TRANSFORMS=False).up()
    renamed = stack.program(TRANSFORMED, TRANSFORMS=True).up("--diff")
    assert influxd.values(acme) == {"NEW_A": "1", "NEW_B": "2", "NEW_C": "3", "ADDED": "4"}
    assert {"- B: 1", "- C: 1", "+ NEW_B: 1", "+ NEW_C: 1", "+ ADDED: 1"} <= set(renamed.changes)
    assert "::other::" in str(stack.stored("one")["provider"])
    assert set(stack.up("--refresh").steps.values()) <= {"same", "refresh"}
    stack.destroy()
    assert influxd.keys(acme) == []
