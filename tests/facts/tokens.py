"""What a token shows: checks on an org's tokens and on orgs that are hidden or gone."""

from __future__ import annotations

from typing import Any

from facts.answers import UNKNOWN_ORG, ask, flux, get, line, org_body
from facts.fact import Question
from wire import Wire

TOKENS = Question("What does a token show, and what does an answer say about it?", "influxd")


def _all(told: str) -> dict[str, str]:
    return dict.fromkeys(("list", "write", "delete", "delete many"), told)


_SUCCESS = {**_all("204"), "list": "200"}
_HIDDEN = _all("404 not found: 404 page not found")
_INACTIVE = "401 unauthorized: token is inactive"
_FORBIDDEN = "403 forbidden: User is inactive"
_NO_ORG = [
    '404 not found: organization name "<name>" not found',
    "404 not found: organization not found",
    "404 not found: organization not found",
]


def _secrets(wire: Wire, token: str | None, org_id: str = "ORG") -> dict[str, str]:
    """Make the four calls on secrets with a token."""
    calls = {
        "list": ("GET", "", None),
        "write": ("PATCH", "", '{"new": "v"}'),
        "delete": ("DELETE", "/new", None),
        "delete many": ("POST", "/delete", '{"secrets": ["new", "x"]}'),
    }
    path = f"/api/v2/orgs/{org_id}/secrets"
    return {name: line(wire.send(method, path + end, body, token=token)) for name, (method, end, body) in calls.items()}


def _names(found: Any) -> object:  # noqa: ANN401 (JSON of any shape)
    return [org["name"] for org in found["orgs"]] if isinstance(found, dict) else found


def _look_ups(wire: Wire, token: str = "operator", name: str = "", org_id: str = "ORG") -> list[object]:
    """Look for an org by its name, by its id in the query, and by its id in the path."""
    by_name = _names(ask(wire, "GET", f"/api/v2/orgs?org={name or wire.org}", token=token))
    by_id = _names(ask(wire, "GET", f"/api/v2/orgs?orgID={org_id}", token=token))
    one = ask(wire, "GET", f"/api/v2/orgs/{org_id}", token=token)
    found = [by_name, by_id, one if isinstance(one, str) else [wire.org]]
    return ["found" if each == [wire.org] else _without_name(each, wire) for each in found]


def _without_name(seen: object, wire: Wire) -> object:
    return seen.replace(wire.org, "<name>") if isinstance(seen, str) else seen


@TOKENS.fact(
    known=[["v"], _SUCCESS, []],
    means="Create such a token for a stack, not an all-access token.",
    does="It needs nothing else. The how-to on permissions creates this token.",
)
def token_with_three_permissions_does_everything(wire: Wire) -> object:
    """Read on the org, read on its secrets and write on its secrets are enough for every call, and for Flux."""
    token = wire.server.create_token(wire.org)
    wire.put(x="v")
    return [flux(wire, get("x"), token), _secrets(wire, token), wire.keys]


@TOKENS.fact(
    known=[["v"], _HIDDEN["list"]],
    means="A token that only reads secrets can read all values.",
    does="Its proofs need no other permission.",
)
def read_secrets_alone_reads_values_in_flux(wire: Wire) -> object:
    """The permission to read secrets is enough to read values in Flux. Without read on the org, the list is a 404."""
    token = wire.server.create_token(wire.org, read_org=False, write_secrets=False)
    wire.put(x="v")
    return [flux(wire, get("x"), token), _secrets(wire, token)["list"]]


@TOKENS.fact(
    known=[
        '401 unauthorized: error calling function "get" @3:23-3:44: read:orgs/<org>/secrets is unauthorized',
        {**_SUCCESS, "list": "401 unauthorized: read:orgs/<org>/secrets is unauthorized"},
        [],
    ],
    means="A writer without this permission cannot see what it replaces.",
    does="It asks for the permission to read. Without it a refresh detects nothing, and reports that.",
)
def token_without_read_secrets_writes_but_does_not_list(wire: Wire) -> object:
    """A token that may write secrets and not read them can write and delete.

    A list and Flux are a 401 that names the permission.
    """
    token = wire.server.create_token(wire.org, read_secrets=False)
    wire.put(x="v")
    return [flux(wire, get("x"), token), _secrets(wire, token), wire.keys]


@TOKENS.fact(
    known=[{**_all("401 unauthorized: write:orgs/<org>/secrets is unauthorized"), "list": "200"}, {"x": "v"}],
    means="The message says which permission is missing.",
    does="Its errors repeat the name of the permission.",
)
def token_without_write_secrets_lists_but_does_not_write(wire: Wire) -> object:
    """A token that may read secrets and not write them can list. Each write is a 401 that names the permission."""
    wire.put(x="v")
    return [_secrets(wire, wire.server.create_token(wire.org, write_secrets=False)), wire.values]


@TOKENS.fact(
    known=[_HIDDEN, _HIDDEN],
    means="A 404 does not prove that an org is gone.",
    does="It asks a second time by id before it treats an org as deleted.",
)
def hidden_org_looks_like_no_org(wire: Wire) -> object:
    """A token that may not read an org gets the 404 of an org that does not exist, whatever else it may do."""
    hidden = _secrets(wire, wire.server.create_token(wire.org, read_org=False))
    return [hidden, _secrets(wire, "operator", UNKNOWN_ORG)]


@TOKENS.fact(
    known=_HIDDEN,
    means="A stack that uses the token of another org sees a missing org, and no refusal.",
    does="Its error names the reason that applies, as far as the server shows it.",
)
def token_of_another_org_gets_404(wire: Wire) -> object:
    """A token for another org gets a 404, not a 401."""
    other = f"{wire.org}-other"
    wire.server.create_org(other)
    return _secrets(wire, wire.server.create_token(other))


@TOKENS.fact(
    known=[
        [[], [], "401 unauthorized: read:orgs/<org> is unauthorized"],
        [
            '404 not found: organization name "nobody" not found',
            "404 not found: organization not found",
            f"401 unauthorized: read:orgs/{UNKNOWN_ORG} is unauthorized",
        ],
    ],
    means="One request with any token shows whether an org was deleted.",
    does="This request decides whether secrets are reported as deleted.",
)
def query_by_id_tells_a_hidden_org_from_none(wire: Wire) -> object:
    """`GET /api/v2/orgs?orgID=` lists nothing for a hidden org, and is a 404 for one that does not exist.

    The same holds for `?org=`. By path both are a 401.
    """
    token = wire.server.create_token(wire.org, read_org=False)
    return [_look_ups(wire, token), _look_ups(wire, token, "nobody", UNKNOWN_ORG)]


@TOKENS.fact(
    known=[_all("401 unauthorized: unauthorized access")] * 4,
    means="A revoked token is recognised at once, an inactive one is not.",
    does="A 401 of this form is reported as an unknown token.",
)
def unknown_token_is_401(wire: Wire) -> object:
    """An unknown or revoked token is a 401 `unauthorized access` on every path, even for an org that does not exist."""
    revoked = wire.server.create_token(wire.org)
    wire.server.revoke_token(revoked)
    return [_secrets(wire, token, org_id) for token in ("wrong", revoked) for org_id in ("ORG", UNKNOWN_ORG)]


@TOKENS.fact(
    known=[
        _HIDDEN,
        [[], [], _INACTIVE],
        _INACTIVE,
        [["a"], _INACTIVE.replace(": ", ': error calling function "get" @3:23-3:44: ')],
    ],
    means="A stack whose token was made inactive seems to have lost its org.",
    does="It asks `/api/v2/me` in addition, and reports the inactive token.",
)
def inactive_token_looks_like_a_missing_org(wire: Wire) -> object:
    """An inactive token gets a 404 on secrets and an empty list of orgs.

    Only a request for one org or for `/me` says that the token is inactive.
    """
    token = wire.server.create_token(wire.org, active=False)
    me = line(wire.send("GET", "/api/v2/me", token=token))
    scripts = ('array.from(rows: [{v: "a"}])', get("k"))
    return [_secrets(wire, token), _look_ups(wire, token), me, [flux(wire, script, token) for script in scripts]]


@TOKENS.fact(
    known=[_HIDDEN, _NO_ORG, [], "400 invalid: failed to decode request body: organization not found"],
    means="Deleting an org revokes nothing. Revoke its tokens as well.",
    does="It reports the org as missing, and never the token as wrong.",
)
def token_of_a_deleted_org_stays_valid(wire: Wire) -> object:
    """The token of a deleted org is never a 401. Secrets are a 404, the list of orgs is empty, and Flux has no org."""
    token = wire.server.create_token(wire.org)
    wire.server.delete_org(wire.org)
    listed = _names(ask(wire, "GET", "/api/v2/orgs", token=token))
    return [_secrets(wire, token), _look_ups(wire, token), listed, flux(wire, get("x"), token)]


@TOKENS.fact(
    known=[[_FORBIDDEN, [_FORBIDDEN] * 3]] * 2,
    means="A user who is made inactive loses all tokens at once.",
    does="It reports the message of the server.",
    real="not served",
)
def token_of_an_inactive_user_is_403(wire: Wire) -> object:
    """A token of an inactive or deleted user is a 403 everywhere."""
    seen = []
    for last in ("inactive", "deleted"):
        user = ask(wire, "POST", "/api/v2/users", {"name": f"{wire.org}-{last}"})["id"]
        ask(wire, "POST", f"/api/v2/orgs/{wire.org_id}/members", {"id": user})
        permissions = [{"action": "read", "resource": {"type": "orgs", "id": wire.org_id}}]
        made = ask(
            wire, "POST", "/api/v2/authorizations", {"orgID": wire.org_id, "userID": user, "permissions": permissions}
        )
        if last == "inactive":
            ask(wire, "PATCH", f"/api/v2/users/{user}", {"status": "inactive"})
        else:
            ask(wire, "DELETE", f"/api/v2/users/{user}")
        seen.append([_secrets(wire, made["token"])["list"], _look_ups(wire, made["token"])])
    return seen


@TOKENS.fact(
    known=[True, False, False],
    means="Keep a token when it is created. Nobody can look it up later.",
    does="It never asks for tokens.",
    before={"2.8": [True, True, False]},
    real="not served",
)
def token_is_shown_once(wire: Wire) -> object:
    """Tokens are stored as hashes.

    The answer that creates a token is the only one that shows it, and `GET /api/v2/authorizations?token=` does not find
    it. On 2.6 and 2.7 every answer shows it.
    """
    permission = {"action": "read", "resource": {"type": "orgs", "id": wire.org_id}}
    made = ask(wire, "POST", "/api/v2/authorizations", org_body(wire, permissions=[permission]))
    again = ask(wire, "GET", f"/api/v2/authorizations/{made['id']}")
    found = ask(wire, "GET", f"/api/v2/authorizations?token={made['token']}")["authorizations"]
    return [bool(made["token"]), again["token"] in ("", made["token"]) and len(again["token"]) > 0, len(found) == 1]


@TOKENS.fact(
    known=["found", True, "200"],
    means="`acme ` and `acme` are one org, `Acme` is another one.",
    does="`get_org` returns the name that the server has. Ids are stored in small letters.",
)
def org_names_are_trimmed_and_ids_take_capitals(wire: Wire) -> object:
    """Look-ups by name ignore white space at both ends, and heed case. An org id may be written in capitals."""
    found = _look_ups(wire, name=f"%20{wire.org}%20")[0]
    listed = line(wire.send("GET", f"/api/v2/orgs/{wire.org_id.upper()}/secrets"))
    return [
        found,
        _look_ups(wire, name=wire.org.upper())[0] == f'404 not found: organization name "{wire.org.upper()}" not found',
        listed,
    ]


@TOKENS.fact(
    known=_all("400 invalid: corrupt ID provided: id must have a length of 16 bytes"),
    means="A digit that is missing in an id is not taken for a missing org.",
    does="It checks ids before it sends them.",
)
def malformed_org_id_is_400(wire: Wire) -> object:
    """An org id of another length is a 400, with a message about the id."""
    return _secrets(wire, "operator", "xyz")
