"""What the recorded previews are of: programs before and after a change, and what others did in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACME, LABS, EU = "0123456789abcdef", "00000000000000aa", "00000000000000bb"
ORGS = {"acme": ACME, "acme-labs": LABS, "acme eu | `north`": EU}

MADE = """\
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
class Maker(ResourceProvider):
    def create(self, props): return CreateResult("made", {**props, "text": "planted made"})
class Made(Resource, module="acme", name="Made"):
    text: pulumi.Output[str]
    def __init__(self, name): super().__init__(Maker(), name, {"text": None})
"""
"""A resource of another type, whose output is not known in the preview that creates it."""


@dataclass(frozen=True)
class Scenario:
    """One preview: `before` is applied, then others write and remove keys, then `after` is previewed.

    Attributes:
        wrote: Org to key to the value that others write between the two programs; None removes the key.
        options: Of `pulumi preview`.
        environment: Of the preview alone.
        events: Whether the engine's events are recorded too, beside its JSON document.
        command: The command that is recorded, in place of `preview`.
        servers: How many servers there are. One is an influxd; several are emulators, all with the same orgs and ids,
            and the second one's url is in `URL2`.
        refreshed: Whether a refresh runs before the preview.
    """

    before: str
    after: str
    wrote: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    events: bool = False
    command: tuple[str, ...] = ("preview",)
    servers: int = 1
    refreshed: bool = False


HOSTILE = (
    *("a|b", "`tick`", "``", " lead", "two  spaces", "line\nbreak", "<img src=x onerror=alert(1)>"),
    *("@octocat #1 GH-1", "back\\slash|", "\\", "__proto__", "[link](http://x)", "**bold**", "&amp;", "$(x)", "~~~"),
    *("\u202eesrever", "na\u200bme", "\x1b[31mred", "\U0001f511 key", "e\u0301", ":smile:", "[red]x[/red]"),
    *('"quoted", "twice"', "k" * 2000),
)
MANY = tuple(f"KEY_{number:02}" for number in range(30))

KEPT = """
influx.OrgSecrets("shared", org="acme", secrets={"PAGERDUTY": "planted 1", "SMTP": "planted 2", "SLACK": "planted 3"})
influx.Secret("billing", org="acme", key="BILLING", value="planted 4")
influx.Secret("rotated", org="acme", key="TOKEN", value="planted 5", rotate_on="2026-10")
"""

DRIFT: Mapping[str, str | None] = {"PAGERDUTY": "theirs", "SMTP": None, "BILLING": "theirs", "TOKEN": None}
"""What others do to KEPT."""

EVERYTHING = Scenario(
    """
    stays = ResourceOptions(retain_on_delete=True)
    influx.OrgSecrets("alerts", org="acme", secrets=dict.fromkeys(
        ["FTP_PASSWORD", "GRAFANA_TOKEN", "JIRA_TOKEN", "PAGERDUTY_KEY", "SLACK_TOKEN", "SMTP_PASSWORD",
         "STRIPE_KEY", "TEAMS_WEBHOOK"], "planted 1"))
    influx.Secret("billing", org="acme", key="BILLING_API_KEY", value="planted 2", rotate_on="2026-10")
    influx.Secret("hook", org="acme", key="WEBHOOK_SECRET", value="planted 3")
    influx.Secret("legacy", org="acme", key="LEGACY_TOKEN", value="planted 4", opts=stays)
    influx.Secret("old", org="acme", key="OLD_TOKEN", value="planted 5")
    influx.OrgSecrets("labs", org="acme-labs", exclusive=True, secrets=dict.fromkeys(
        ["MQTT_PASSWORD", "MQTT_USER", "OPCUA_PASSWORD", "SENSOR_KEY"], "planted 6"))
    """,
    MADE
    + """
made, leave = Made("vault").text, ResourceOptions(ignore_changes=["secrets.JIRA_TOKEN"])
kept = dict.fromkeys(["JIRA_TOKEN", "PAGERDUTY_KEY", "SMTP_PASSWORD", "TEAMS_WEBHOOK"], "planted 1")
influx.OrgSecrets("alerts", org="acme", opts=leave, secrets=kept | {"GRAFANA_TOKEN": made, "SLACK_TOKEN": "planted 9"})
influx.Secret("billing", org="acme", key="BILLING_API_KEY", value="planted 2", rotate_on="2026-11")
influx.Secret("hook", org="acme", key="WEBHOOK_SECRET", value="planted 3")
influx.Secret("stripe", org="acme", key="STRIPE_KEY", value="planted 1")
influx.Secret("sendgrid", org="acme", key="SENDGRID_KEY", value="planted 7", overwrite=True)
influx.Secret("opsgenie", org="acme", key="OPSGENIE_KEY", value=made)
influx.OrgSecrets("labs", org="acme-labs", exclusive=True, secrets=dict.fromkeys(
    ["KAFKA_PASSWORD", "MQTT_USER", "OPCUA_PASSWORD", "PLC_PASSWORD"], "planted 6") | {"MQTT_PASSWORD": "planted 9"})
""",
    wrote={
        "acme": {
            **dict.fromkeys(["JIRA_TOKEN", "OPSGENIE_KEY", "PAGERDUTY_KEY", "SENDGRID_KEY"], "theirs"),
            "TEAMS_WEBHOOK": None,
        },
        "acme-labs": {"DEBUG_TOKEN": "theirs", "KAFKA_PASSWORD": "planted 6", "OPCUA_PASSWORD": "theirs"},
    },
    options=("--replace", "urn:pulumi:dev::e2e::pulumi-python:dynamic/influxdb:Secret::hook"),
    events=True,
    refreshed=True,
)
"""Each kind of change, over two orgs: what docs/review.md shows."""

SCENARIOS = {
    "everything": EVERYTHING,
    "create": Scenario("", KEPT + 'influx.OrgSecrets("labs", org_id="00000000000000aa", secrets={"A": "planted 6"})'),
    "rotate": Scenario(
        KEPT,
        KEPT.replace("planted 1", "planted 9").replace("planted 4", "planted 8").replace("2026-10", "2026-11"),
        events=True,
    ),
    "nothing": Scenario(KEPT, MADE + KEPT + 'Made("other")', events=True),
    "shown-sames": Scenario(KEPT, KEPT.replace("planted 1", "planted 9"), options=("--show-sames",)),
    "repair": Scenario(KEPT, KEPT, refreshed=True, wrote={"acme": DRIFT}),
    "repair-refresh": Scenario(KEPT, KEPT, options=("--refresh",), events=True, wrote={"acme": DRIFT}),
    "refresh": Scenario(KEPT, KEPT, command=("refresh", "--preview-only"), events=True, wrote={"acme": DRIFT}),
    "drift-left": Scenario(
        """
        influx.OrgSecrets("shared", org="acme", secrets={"A": "planted 1", "B": "planted 2"})
        influx.Secret("left", org="acme", key="LEFT", value="planted 3")
        """,
        """
        leave_b, leave = ResourceOptions(ignore_changes=["secrets.B"]), ResourceOptions(ignore_changes=["value"])
        influx.OrgSecrets("shared", org="acme", secrets={"A": "planted 9", "B": "planted 8"}, opts=leave_b)
        influx.Secret("left", org="acme", key="LEFT", value="planted 7", opts=leave)
        """,
        wrote={"acme": {"B": "theirs", "LEFT": "theirs"}},
        refreshed=True,
        options=("--show-sames",),
    ),
    "remove": Scenario(
        KEPT + 'influx.OrgSecrets("labs", org="acme-labs", secrets={"A": "planted 6", "B": "planted 7"})',
        'influx.OrgSecrets("shared", org="acme", secrets={"PAGERDUTY": "planted 1"})',
        events=True,
    ),
    "prune": Scenario(
        'influx.OrgSecrets("all", org="acme-labs", secrets={"A": "planted 1"})',
        'influx.OrgSecrets("all", org="acme-labs", secrets={"A": "planted 1"}, exclusive=True, keep=["TEAM_*"])',
        wrote={"acme-labs": {"STRAY": "theirs", "__STRAY": "theirs", "TEAM_X": "theirs"}},
    ),
    "take-over": Scenario(
        "",
        MADE
        + """
made = Made("other").text
secrets = {"SAME": "planted 1", "OTHER": "planted 2", "NEW": "planted 3", "UNKNOWN": made}
influx.OrgSecrets("shared", org="acme", secrets=secrets, overwrite=True)
influx.OrgSecrets("labs", org="acme-labs", secrets={"SAME": "planted 4", "UNKNOWN": made})
""",
        wrote={
            "acme": {"SAME": "planted 1", "OTHER": "theirs", "UNKNOWN": "theirs"},
            "acme-labs": {"SAME": "planted 4", "UNKNOWN": "theirs"},
        },
        events=True,
    ),
    "adopt-many": Scenario(
        "",
        f"""
        secrets = dict.fromkeys({MANY!r}, "planted 1")
        influx.OrgSecrets("shared", org="acme", secrets=secrets)
        influx.OrgSecrets("labs", org="acme-labs", secrets=secrets, overwrite=True)
        """,
        wrote={"acme": dict.fromkeys(MANY[:14], "planted 1"), "acme-labs": dict.fromkeys(MANY[::2], "theirs")},
    ),
    "move": Scenario(
        """
        influx.OrgSecrets("shared", org="acme", secrets={"A": "planted 1", "B": "planted 2", "C": "planted 3"})
        influx.Secret("single", org="acme", key="D", value="planted 4")
        influx.Secret("renamed", org="acme", key="E", value="planted 5")
        influx.Secret("aliased", org="acme", key="F", value="planted 6")
        influx.Secret("changed", org="acme", key="G", value="planted 7")
        """,
        """
        influx.OrgSecrets("shared", org="acme", secrets={"B": "planted 2", "D": "planted 4"})
        influx.Secret("a", org_id="0123456789abcdef", key="A", value="planted 1")
        influx.Secret("e", org="acme", key="E", value="planted 5")
        alias = ResourceOptions(aliases=[pulumi.Alias(name="aliased")])
        influx.Secret("f", org="acme", key="F", value="planted 7", opts=alias)
        influx.Secret("g", org="acme", key="G", value="planted 8", overwrite=True)
        """,
        events=True,
    ),
    "unknown": Scenario(
        KEPT
        + """
influx.OrgSecrets("map", org="acme-labs", secrets={"A": "planted 6", "B": "planted 7"})
influx.Secret("key", org="acme", key="KEY", value="planted 8")
""",
        MADE
        + 'made = Made("other").text\n'
        + KEPT.replace('"planted 1"', "made").replace('"planted 4"', "made").replace('"2026-10"', "made")
        + """
influx.OrgSecrets("map", org="acme-labs", secrets=made.apply(lambda text: {"A": text, "C": text}))
influx.Secret("key", org="acme", key=made, value="planted 8")
influx.Secret("nowhere", org=made, key="NOWHERE", value="planted 9")
influx.OrgSecrets("by-id", org_id=made, secrets={"X": "planted 9"})
""",
        events=True,
    ),
    "unasked": Scenario(
        KEPT,
        KEPT.replace('"SMTP"', '"NEW"')
        + """
influx.OrgSecrets("labs", org_id="00000000000000aa", secrets={"A": "planted 6"}, exclusive=True)
influx.Secret("eu", org="acme eu | `north`", key="EU", value="planted 7")
""",
        environment={"INFLUX_HOST": "http://localhost:1"},
        events=True,
    ),
    "failed-check": Scenario(KEPT, KEPT.replace('"planted 2"', '""').replace("planted 4", "planted 9"), events=True),
    "failed-conflict": Scenario(
        "", 'influx.Secret("slack", org="acme", key="SLACK", value="planted 1")', wrote={"acme": {"SLACK": "theirs"}}
    ),
    "failed-org": Scenario("", 'influx.Secret("gone", org="no such org", key="X", value="planted 2")'),
    "failed-program": Scenario(
        KEPT, KEPT.replace("planted 1", "planted 9") + 'raise ValueError("planted error")', events=True
    ),
    "failed-declaration": Scenario("", 'influx.Secret("two", org="acme", org_id="1", key="X", value="planted 2")'),
    "servers": Scenario(
        """
        eu = ResourceOptions(provider=influx.Provider("eu", url=URL2))
        influx.OrgSecrets("shared", org="acme", secrets={"A": "planted 1", "B": "planted 2"})
        influx.OrgSecrets("of-eu", org="acme", secrets={"A": "planted 3", "B": "planted 4"}, opts=eu)
        influx.Secret("crosses", org="acme", key="CROSSES", value="planted 5", opts=eu)
        influx.Secret("switches", org="acme", key="SWITCHES", value="planted 6", opts=eu)
        """,
        """
        eu = ResourceOptions(provider=influx.Provider("eu", url=URL2))
        influx.OrgSecrets("shared", org="acme", secrets={"A": "planted 9", "NEW": "planted 7"})
        influx.OrgSecrets("of-eu", org="acme", secrets={"B": "planted 8", "NEW": "planted 7"}, opts=eu)
        influx.Secret("crossed", org="acme", key="CROSSES", value="planted 5")
        influx.Secret("switches", org="acme", key="SWITCHES", value="planted 6")
        """,
        wrote={"acme": {"NEW": "planted 7"}},
        servers=2,
        events=True,
    ),
    "replace": Scenario(
        KEPT
        + """
stays = ResourceOptions(retain_on_delete=True)
influx.Secret("moves", org="acme", key="MOVES", value="planted 6")
influx.Secret("retained", org="acme", key="RETAINED", value="planted 7", opts=stays)
influx.Secret("stays", org="acme", key="STAYS", value="planted 8", opts=stays)
""",
        KEPT.replace('"BILLING"', '"INVOICES"')
        + """
stays = ResourceOptions(retain_on_delete=True)
influx.Secret("moves", org="acme-labs", key="MOVES", value="planted 6")
influx.Secret("retained", org="acme", key="RETAINED_2", value="planted 7", opts=stays)
""",
        options=("--replace", "urn:pulumi:dev::e2e::pulumi-python:dynamic/influxdb:OrgSecrets::shared"),
        events=True,
    ),
    "protected": Scenario(
        """
        protect = ResourceOptions(protect=True)
        influx.Secret("protected", org="acme", key="PROTECTED", value="planted 1", opts=protect)
        """,
        "",
    ),
    "hostile": Scenario(
        "",
        f"""
        secrets = dict.fromkeys({HOSTILE!r}, "planted 1")
        influx.OrgSecrets("hostile", org="acme eu | `north`", secrets=secrets)
        influx.Secret("a|b `c` <b>@x</b>", org_id="0123456789abcdef", key="\\u202e|`<i>`", value="planted 2")
        """,
        wrote={"acme eu | `north`": dict.fromkeys(("a|b", '"quoted", "twice"', "k" * 2000), "planted 1")},
    ),
    "large": Scenario(
        """
        influx.OrgSecrets("large", org="acme", secrets={f"KEY_{n:03}": "planted 1" for n in range(300)})
        """,
        """
        secrets = {f"KEY_{n:03}": f"planted {2 if n % 2 else 1}" for n in range(40, 300)}
        influx.OrgSecrets("large", org="acme", secrets=secrets)
        """,
    ),
    "destroy": Scenario(KEPT, KEPT, command=("destroy", "--preview-only")),
    "looked-up": Scenario(
        KEPT,
        KEPT + 'influx.Secret.get("found", "00000000000000aa/X")',
        wrote={"acme-labs": {"X": "theirs"}},
        options=("--show-sames",),
        events=True,
    ),
}
