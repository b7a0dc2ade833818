"""A preview of the real engine, piped into `influx-secrets review` as a CI job does it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from cli.review.scenarios import MADE
from e2e.stack import STACK

if TYPE_CHECKING:
    from e2e.stack import Stack
    from servers import InfluxdServer

BEFORE = """
influx.OrgSecrets("shared", org=ORG, secrets=dict.fromkeys(
    ["KEPT", "ROTATED", "REMOVED", "MOVED", "CHANGED", "DELETED", "LATER", "__HIDDEN"], "planted-old"))
influx.Secret("goes", org=ORG, key="a|b `c` @octocat", value="planted-old")
influx.Secret("old-name", org=ORG, key="RENAMED", value="planted-old")
influx.Secret("stays", org=ORG, key="STAYS", value="planted-old", opts=ResourceOptions(retain_on_delete=True))
influx.OrgSecrets("all", org=LABS, secrets={"A": "planted-old"}, exclusive=True)
"""

AFTER = f"""{MADE}
secrets = dict.fromkeys(["KEPT", "CHANGED", "DELETED"], "planted-old")
secrets |= dict.fromkeys(["ROTATED", "CREATED", "TAKEN", "__HIDDEN"], "planted-new")
influx.OrgSecrets("shared", org=ORG, overwrite=True,
    secrets=secrets | {{"ADOPTED": "planted-theirs", "LATER": Made("made").text}})
influx.Secret("moved", org_id=ORG_ID, key="MOVED", value="planted-old")
influx.Secret("new-name", org=ORG, key="RENAMED", value="planted-old")
influx.OrgSecrets("all", org=LABS, secrets={{"A": "planted-old"}}, exclusive=True)
"""


def test_review_in_a_pipe_names_every_kind_of_change(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Two orgs, line by line; no value is anywhere, and the exit code is that of the gates."""
    labs = f"labs-{os.urandom(4).hex()}"
    acme_id, labs_id = influxd.org_id(acme), influxd.create_org(labs)
    stack.program(BEFORE, LABS=labs).up()
    for key in ("ADOPTED", "TAKEN", "CHANGED"):
        influxd.put_secret(acme, key, "planted-theirs")
    influxd.remove_secret(acme, "DELETED")
    influxd.put_secret(labs, "STRAY", "planted-theirs")
    stack.refresh()
    stack.program(AFTER, LABS=labs, ORG_ID=acme_id)
    piped = f"pulumi preview --json --stack {STACK} | influx-secrets review --format markdown --fail-on prune,drift"
    done = subprocess.run(  # noqa: S602 (a pipe, as in a CI job)
        piped,
        shell=True,
        cwd=stack.project,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "found, and --fail-on names it: 1 prune, 2 drift\n"
    assert done.returncode == 1
    assert "planted" not in done.stdout
    of_acme, of_labs = f"`{acme}` (`{acme_id}`)", f"`{labs}` (`{labs_id}`)"
    title = (
        "## InfluxDB secrets: 2 to remove, 1 to prune, 1 to take over, 1 not known yet, 2 to repair, 2 to rotate, "
        "2 to move, 1 to adopt, 1 to create, 1 to release, 2 kept"
    )
    removed = f"- {of_acme}: 2 keys are removed: `REMOVED`, ``a|b `c` @octocat``"
    drifted = f"- {of_acme}: 2 keys were changed or deleted by others, and are written again: `CHANGED`, `DELETED`"
    assert done.stdout.splitlines() == [
        "<!-- influx-secrets review -->",
        title,
        "",
        "**Look at this first:**",
        "",
        f"- {of_acme}: 1 key is already there, perhaps with another value, and is overwritten: `TAKEN`",
        removed,
        f"- {of_labs}: 1 key that nobody declares is removed (exclusive): `STRAY`",
        f"- {of_acme}: what happens to 1 key is not known yet: `LATER`",
        drifted,
        "",
        f"### {of_acme}",
        "",
        "| Key | Change | Version | Resource | Note |",
        "| --- | --- | --- | --- | --- |",
        "| `REMOVED` | remove | 1 | OrgSecrets `shared` |  |",
        r"| ``a\|b `c` @octocat`` | remove | 1 | Secret `goes` | its resource is deleted |",
        "| `TAKEN` | take over | 1 | OrgSecrets `shared` |  |",
        "| `LATER` | not known yet | 1 → ? | OrgSecrets `shared` |  |",
        "| `CHANGED` | repair (changed) | 1 → 2 | OrgSecrets `shared` |  |",
        "| `DELETED` | repair (deleted) | 1 → 2 | OrgSecrets `shared` |  |",
        "| `ROTATED` | rotate | 1 → 2 | OrgSecrets `shared` |  |",
        "| `__HIDDEN` | rotate | 1 → 2 | OrgSecrets `shared` |  |",
        "| `MOVED` | move | 1 | Secret `moved`, from OrgSecrets `shared` |  |",
        "| `RENAMED` | move | 1 | Secret `new-name`, from Secret `old-name` |  |",
        "| `ADOPTED` | adopt | 1 | OrgSecrets `shared` |  |",
        "| `CREATED` | create | 1 | OrgSecrets `shared` |  |",
        "| `STAYS` | release | 1 | Secret `stays` | stays on the server: retain_on_delete |",
        "",
        "1 key stays as it is.",
        "",
        f"### {of_labs}",
        "",
        "| Key | Change | Version | Resource |",
        "| --- | --- | --- | --- |",
        "| `STRAY` | prune |  | OrgSecrets `all` |",
        "",
        "1 key stays as it is.",
        "",
        "Resources of other types: 1 to create.",
        "",
        "Unchanged resources, of any type, that the preview does not list: 1.",
    ]
