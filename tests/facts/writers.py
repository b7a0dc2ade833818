"""Who else writes or reads secrets: endpoints, rules, templates, tasks."""

from __future__ import annotations

import json
from typing import Any

from conformance.other_writers import apply_template, post, put_endpoint
from facts.answers import ask, get, org_body, until
from facts.fact import Question
from servers import EmulatorServer
from wire import Wire, send

READERS = Question("Who can read a secret?", "influxd")
WRITERS = Question("Who else writes, reads or deletes the secrets of an org?", "influxd")


def _run(wire: Wire, script: str, token: str = "operator") -> tuple[str, str, str]:
    """Make a task and run it once; return the ids of both, and how it ended."""
    text = f'import "influxdata/influxdb/secrets"\nimport "array"\noption task = {{name: "t", every: 1h}}\n{script}'
    task = ask(wire, "POST", "/api/v2/tasks", org_body(wire, flux=text), token)["id"]
    run = ask(wire, "POST", f"/api/v2/tasks/{task}/runs", {}, token)["id"]
    return task, run, _end(wire, task, run)


def _end(wire: Wire, task: str, run: str) -> str:
    def look() -> str:
        found = ask(wire, "GET", f"/api/v2/tasks/{task}/runs/{run}")
        status = found["status"] if isinstance(found, dict) else ""
        return status if status in {"success", "failed"} else ""

    return str(until(look))


def _log(wire: Wire, task: str, run: str) -> str:
    found = ask(wire, "GET", f"/api/v2/tasks/{task}/runs/{run}/logs")
    return "\n".join(event["message"] for event in found["events"]) if isinstance(found, dict) else ""


@READERS.fact(
    known=["failed", True],
    means="Anyone who may write tasks of an org can read all its secrets, whatever their token allows.",
    does="It cannot prevent this. The page on limits says so.",
    real="not served",
)
def task_reads_secrets_with_its_owners_rights(wire: Wire) -> object:
    """A task runs with the rights of its owner.

    A token without any permission on secrets can create a task that reads them, and the log of the run repeats the
    value.
    """
    wire.put(k="marker-value")
    resources: list[dict[str, object]] = [{"type": kind, "orgID": wire.org_id} for kind in ("tasks", "buckets")]
    permissions = [{"action": action, "resource": one} for action in ("read", "write") for one in resources]
    made = ask(wire, "POST", "/api/v2/authorizations", org_body(wire, permissions=permissions))
    task, run, end = _run(wire, 'die(msg: "value: " + secrets.get(key: "k"))', made["token"])
    return [end, until(lambda: "value: marker-value" in _log(wire, task, run))]


@READERS.fact(
    known=["failed", True, "success"],
    means="Wait for the line in the log, not for the status. After the key is back, `retry` is enough.",
    does="It keeps the key when its resource is renamed, or when it moves to another resource.",
    real="not served",
)
def failed_task_can_be_retried(wire: Wire) -> object:
    """A task whose secret is missing fails with `secret not found` in its log.

    `retry` succeeds when the key is there again.
    """
    task, run, end = _run(wire, get("k"))
    why = until(lambda: "secret not found" in _log(wire, task, run))
    wire.put(k="v")
    # The scheduler may not have finished with the run yet.
    again = until(
        lambda: isinstance(made := ask(wire, "POST", f"/api/v2/tasks/{task}/runs/{run}/retry", {}), dict) and made
    )
    return [end, why, _end(wire, task, again["id"])]


@READERS.fact(
    known=[False, True],
    means="Anyone who may list endpoints sees which keys they use.",
    does="The command `usage` names the endpoints that use a key.",
)
def list_of_endpoints_shows_references(wire: Wire) -> object:
    """`GET /api/v2/notificationEndpoints` shows `secret: KEY`, never a value."""
    put_endpoint(wire.server, wire.org, "slack", None, token="marker-value")
    listed = wire.send("GET", f"/api/v2/notificationEndpoints?orgID={wire.org_id}")
    (endpoint,) = json.loads(listed.body)["notificationEndpoints"]
    return [b"marker-value" in listed.body, endpoint["token"] == f"secret: {endpoint['id']}-token"]


@WRITERS.fact(
    known=[
        ["slack", [[16, "-token", "t"]]],
        ["slack", []],
        ["pagerduty", [[16, "-routing-key", "r"]]],
        ["http", []],
        ["http", [[16, "-token", "t"]]],
        ["http", [[16, "-password", "p"], [16, "-username", "u"]]],
        ["telegram", [[16, "-token", "t"]]],
    ],
    means="Do not remove such keys. Alerts would fail.",
    does="`exclusive` never removes keys of this form.",
)
def endpoint_keeps_its_credentials_among_the_secrets(wire: Wire) -> object:
    """A notification endpoint stores its credentials among the secrets of its org.

    Their keys are `<id>-token`, `-routing-key`, `-username` or `-password`.
    """
    wire.put(mine="v")
    kinds: list[tuple[str, dict[str, str]]] = [
        ("slack", {"token": "t"}),
        ("slack", {}),
        ("pagerduty", {"routing_key": "r"}),
        ("http", {}),
        ("http", {"token": "t"}),
        ("http", {"username": "u", "password": "p"}),
        ("telegram", {"token": "t"}),
    ]
    seen = []
    for kind, credentials in kinds:
        before = set(wire.keys)
        endpoint_id = put_endpoint(wire.server, wire.org, kind, None, **credentials) or ""
        new = [key for key in wire.keys if key not in before]
        seen.append([kind, [[len(endpoint_id), key.removeprefix(endpoint_id), wire.values[key]] for key in new]])
    return seen


@WRITERS.fact(
    known=True,
    means="Such keys stay for ever. Remove them by hand.",
    does="`exclusive` leaves them. `list` and `usage` name those whose endpoint was deleted.",
)
def deleted_endpoint_leaves_its_keys(wire: Wire) -> object:
    """Deleting an endpoint leaves its credentials among the secrets."""
    endpoint_id = put_endpoint(wire.server, wire.org, "slack", None, token="t")
    if not isinstance(wire.server, EmulatorServer):
        send(wire.server, "DELETE", f"/api/v2/notificationEndpoints/{endpoint_id}")
    return wire.keys == [f"{endpoint_id}-token"]


def _slack(wire: Wire, token: str, endpoint_id: str = "") -> dict[str, Any]:
    """Make an endpoint, or save one again with another token."""
    body = org_body(wire, type="slack", name=token, status="active", url="http://127.0.0.1/", token=token)
    method, path = ("PUT", f"/{endpoint_id}") if endpoint_id else ("POST", "")
    made: dict[str, Any] = ask(wire, method, f"/api/v2/notificationEndpoints{path}", body)
    return made


@WRITERS.fact(
    known=["secret: KEY", ["KEY"], ["-token", "KEY"], "secret:KEY"],
    means="Any key of the org can be a credential. Removing that key breaks alerts.",
    does="`exclusive` spares such keys, and `usage` names the endpoints.",
    real="not served",
)
def endpoint_can_refer_to_any_key(wire: Wire) -> object:
    """An endpoint whose token is `secret: KEY` uses that key, and makes no key of its own.

    Without the blank, the text is taken as the token itself.
    """
    wire.put(KEY="v")
    referring = _slack(wire, "secret: KEY")
    keys = wire.keys
    literal = _slack(wire, "secret:KEY")
    return [
        referring["token"],
        keys,
        [key.removeprefix(literal["id"]) for key in wire.keys],
        wire.values[f"{literal['id']}-token"],
    ]


@WRITERS.fact(
    known=[[], ["OLD"], ["OLD"], True, ["NEW"]],
    means="After you change the key of an endpoint, save its rules again. Until then keep the old key.",
    does="The command `usage` names the rules that read a key.",
    real="not served",
)
def task_of_a_rule_is_hidden_and_keeps_the_old_key(wire: Wire) -> object:
    """A notification rule runs as a task that the list of tasks does not show.

    After its endpoint gets another key, the task reads the old key until the rule is saved again.
    """
    wire.put(OLD="v", NEW="v")
    endpoint = _slack(wire, "secret: OLD")
    status = {"currentLevel": "CRIT", "previousLevel": "ANY"}
    body = org_body(
        wire,
        type="slack",
        name="r",
        status="active",
        every="1h",
        endpointID=endpoint["id"],
        statusRules=[status],
        messageTemplate="m",
        tagRules=[],
    )
    rule = ask(wire, "POST", "/api/v2/notificationRules", body)

    def reads() -> list[str]:
        script = ask(wire, "GET", f"/api/v2/tasks/{rule['taskID']}")["flux"]
        return [key for key in ("OLD", "NEW") if f'secrets["get"](key: "{key}")' in script]

    listed = ask(wire, "GET", f"/api/v2/tasks?orgID={wire.org_id}")["tasks"]
    before = reads()
    _slack(wire, "secret: NEW", endpoint["id"])
    between = reads()
    shown = ask(wire, "GET", f"/api/v2/notificationRules/{rule['id']}/query")["flux"]
    ask(wire, "PUT", f"/api/v2/notificationRules/{rule['id']}", {**body, "id": rule["id"]})
    return [listed, before, between, 'key: "NEW"' in shown, reads()]


@WRITERS.fact(
    known=[True, 3, True, {"a": "4", "new": "n"}, {"c": "3"}],
    means="Never use `influx apply --secret` on an org whose secrets matter.",
    does="A refresh reports the loss, and `pulumi up` writes the declared keys again.",
)
def template_with_a_secret_removes_all_others(wire: Wire) -> object:
    """`influx apply --secret A=1` removes every other secret of the org, those of endpoints too.

    Without `--secret` it removes none. Other orgs are not touched.
    """
    wire.put(a="1", b="2")
    put_endpoint(wire.server, wire.org, "slack", None, token="t")
    other = f"{wire.org}-other"
    wire.server.create_org(other)
    wire.server.put_secret(other, "c", "3")
    without = apply_template(wire.server, wire.org, {}), len(wire.keys)
    applied = apply_template(wire.server, wire.org, {"new": "n", "a": "4"})
    return [*without, applied, wire.values, wire.server.values(other)]


@WRITERS.fact(
    known=[False, []],
    means="An error of `influx apply` does not mean that nothing happened.",
    does="A refresh shows what is missing.",
)
def template_that_fails_removes_all_the_same(wire: Wire) -> object:
    """A template with secrets that fails has removed the other secrets."""
    wire.put(a="1")
    return [apply_template(wire.server, wire.org, {"k" * 32_753: "v", "b": "2"}), wire.keys]


@WRITERS.fact(
    known=[[200, ["a", "b"]], [201, ["b"]], [500, ["b"]]],
    means="Only `--dry-run` and an empty list of secrets are harmless.",
    does="A refresh shows what is missing.",
    real="not served",
)
def template_that_is_rolled_back_removes_all_the_same(wire: Wire) -> object:
    """A template that is rolled back, and one that is empty, remove the other secrets. A dry run does not."""
    bucket = {
        "apiVersion": "influxdata.com/v2alpha1",
        "kind": "Bucket",
        "metadata": {"name": "b"},
        "spec": {"name": "_no"},
    }
    seen = []
    for contents, is_dry in (([], True), ([], False), ([bucket], False)):
        wire.put(a="1", b="2")
        body = org_body(wire, dryRun=is_dry, secrets={"b": "2"}, template={"contents": contents})
        reply = post(wire.server, "/api/v2/templates/apply", body)
        seen.append([reply.status, wire.keys])
    return seen
