"""Look-ups of orgs, by name and id, on the emulator and on the real server."""

from __future__ import annotations

import json

import pytest
from wire import Wire, error


def test_orgs_by_name_finds_the_one(wire: Wire) -> None:
    """The lookup by name gives id and name."""
    reply = wire.send("GET", f"/api/v2/orgs?org={wire.org}")
    found = json.loads(reply.body)
    assert reply.status == 200
    assert [(org["id"], org["name"], org["description"]) for org in found["orgs"]] == [("<org>", wire.org, "")]
    assert found["links"] == {"self": "/api/v2/orgs"}
    assert found["orgs"][0]["links"]["secrets"] == "/api/v2/orgs/<org>/secrets"


def test_orgs_by_id_finds_the_one(wire: Wire) -> None:
    """Both ways to ask for an id give the same org."""
    one = json.loads(wire.send("GET", "/api/v2/orgs/ORG").body)
    listed = json.loads(wire.send("GET", "/api/v2/orgs?orgID=ORG").body)
    assert listed["orgs"] == [one]
    assert one["name"] == wire.org


def test_orgs_unknown_name_is_404_with_the_name(wire: Wire) -> None:
    """The message repeats the name, escaped."""
    reply = wire.send("GET", "/api/v2/orgs?org=no%22%3C%C3%A9")
    assert reply.status == 404
    assert reply.body == error("not found", 'organization name \\"no\\"\\u003cé\\" not found')


def test_orgs_all_shows_only_readable_ones(wire: Wire) -> None:
    """The list of a token for one org has that org alone."""
    reply = wire.send("GET", "/api/v2/orgs?limit=100", token=wire.server.create_token(wire.org))
    assert [org["name"] for org in json.loads(reply.body)["orgs"]] in ([wire.org], [])
    everything = wire.send("GET", "/api/v2/orgs?limit=1")
    assert len(json.loads(everything.body)["orgs"]) == 1


def test_orgs_by_name_takes_no_blanks_at_its_ends(wire: Wire) -> None:
    """Neither in a look-up nor in a query; case matters, and blanks within."""
    headers = {"Content-Type": "application/vnd.flux"}
    for blank in ("%20", "+", "%09", "%C2%A0", "%E2%80%83"):
        for name in (f"{wire.org}{blank}", f"{blank}{wire.org}{blank}"):
            reply = wire.send("GET", f"/api/v2/orgs?org={name}")
            assert [org["name"] for org in json.loads(reply.body)["orgs"]] == [wire.org]
            script = 'import "array"\narray.from(rows: [{v: "a"}])'
            assert wire.send("POST", f"/api/v2/query?org={name}", script, headers=headers).status == 200
        for name in (wire.org.upper(), blank, f"{wire.org[:2]}{blank}{wire.org[2:]}"):
            assert wire.send("GET", f"/api/v2/orgs?org={name}").status == 404


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("limit=x", "limit is invalid"),
        ("limit=0", "limit must be between 1 and 100"),
        ("limit=101&offset=1", "limit must be between 1 and 100"),
        ("limit=0&offset=x", "offset is invalid"),
        ("offset=9223372036854775808", "offset is invalid"),
    ],
)
def test_orgs_bad_page_is_400(wire: Wire, query: str, problem: str) -> None:
    """Paging arguments are checked first."""
    reply = wire.send("GET", f"/api/v2/orgs?{query}")
    assert (reply.status, reply.body) == (400, error("invalid", problem))


def test_orgs_sorted_otherwise_are_in_the_same_order(wire: Wire) -> None:
    """What is checked is not used."""
    wire.server.create_org(f"{wire.org}-another")
    target = "/api/v2/orgs?limit=2"
    assert wire.send("GET", f"{target}&descending=true&sortBy=name&after=00000000000000aa") == wire.send("GET", target)
