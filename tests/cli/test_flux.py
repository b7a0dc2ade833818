"""Which keys a script reads, in the syntax trees that influxd's own parser makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from scripts import IMPORT
from servers import InfluxdServer

from influx_secrets import SecretsClient, Settings
from influx_secrets.cli.usage.flux_ast import Reads, may_read, reads

pytestmark = pytest.mark.influxd


@pytest.fixture(scope="module")
def read(influxd: InfluxdServer) -> Iterator[Callable[[str], Reads]]:
    """Parse a script on influxd, and find what it reads."""
    with SecretsClient(Settings(url=influxd.url, token=influxd.token)) as client:
        yield lambda flux: reads(client.parse_flux(flux))


@pytest.mark.parametrize(
    "script",
    [
        IMPORT + 'x = secrets.get(key: "A")',
        IMPORT + 'x = secrets["get"](key: "A")',
        IMPORT + 'x = secrets.get("key": "A")',
        IMPORT + 'x = (secrets.get)(key: ("A"))',
        'import s "influxdata/influxdb/secrets"\nx = s.get(key: "A")',
        'import "influxdata/influxdb/secr\\x65ts"\nx = secrets.get(key: "\\x41")',
        IMPORT + 'option task = {name: "t", every: 1h, token: secrets.get(key: "A")}',
        IMPORT + 'from(bucket: "b") |> range(start: -1h) |> filter(fn: (r) => r.x == secrets.get(key: "A"))',
        IMPORT + 'x = "Bearer ${secrets.get(key: "A")}"',
        IMPORT + 'f = (secrets) => secrets.get(key: "B")\nx = [secrets.get(key: "A")]',
        IMPORT + 'f = (token=secrets.get(key: "A")) => token',
        IMPORT + 'x = if true then secrets.get(key: "A") else r.secrets',
        IMPORT + 'x = {secrets: secrets.get(key: "A")}',
        IMPORT + 'x =\n  secrets\n    .get(\n      // of the mail\n      key:\n        "A",\n    )',
    ],
)
def test_reads_literal_key_is_found_wherever_it_stands(read: Callable[[str], Reads], script: str) -> None:
    """Aliases, quotes, parentheses, escapes, options, pipes, texts, parameters: one key, and nothing in doubt."""
    assert may_read(script)
    assert read(script) == Reads(frozenset({"A"}))


@pytest.mark.parametrize(
    "script",
    [
        IMPORT + 'name = "A"\nx = secrets.get(key: name)',
        IMPORT + 'x = secrets.get(key: "A" + "B")',
        IMPORT + 'x = secrets.get(key: "A${name}")',
        IMPORT + "x = secrets.get()",
        IMPORT + "f = secrets.get",
        IMPORT + "x = map(fn: secrets.get)",
        IMPORT + "x = {secrets}",
        IMPORT + 's = secrets\nx = s.get(key: "A")',
        IMPORT + "x = secrets.get(key)",
    ],
)
def test_reads_key_that_only_a_run_can_tell_is_unknown(read: Callable[[str], Reads], script: str) -> None:
    """Nothing is guessed, and nothing that reads is passed over."""
    found = read(script)
    assert (found.keys, found.unknown) == (frozenset(), True)


@pytest.mark.parametrize(
    "script",
    [
        'name = "A"\nx = secrets.get(key: name)',
        'f = (key) => secrets.get(key: key)\nx = f(key: "A")',
        'x = array.map(arr: ["A"], fn: (x) => secrets.get(key: x))',
        'get = secrets.get\nx = get(key: "A")',
        'f = (key="A") => secrets.get(key)',
    ],
)
def test_reads_any_literal_possibly_where_a_key_is_not_spelt_out(read: Callable[[str], Reads], script: str) -> None:
    """In a variable, given to a helper, in a list, as a default: it may be the key."""
    assert read(IMPORT + script) == Reads(unknown=True, possible=frozenset({"A"}))


@pytest.mark.parametrize(
    "script",
    [
        "",
        IMPORT,
        'x = secrets.get(key: "A")',
        'import secrets "array"\nx = secrets.get(key: "A")',
        IMPORT + 'f = (secrets) => secrets.get(key: "A")',
        IMPORT + '// secrets.get(key: "A")\nx = "secrets.get(key: \\"A\\")"',
        IMPORT + "x = {secrets: 1}\ny = r.secrets",
        IMPORT + 'x = r.secrets.get(key: "A")',
    ],
)
def test_reads_nothing_where_the_package_is_not_used(read: Callable[[str], Reads], script: str) -> None:
    """A comment, a text, a field or a parameter of that name is no read."""
    assert read(script) == Reads()


def test_reads_several_keys_and_what_is_in_doubt_together(read: Callable[[str], Reads]) -> None:
    """Keys are any text, and each import of the package counts."""
    script = (
        IMPORT + 'import t "influxdata/influxdb/secrets"\n'
        'a = secrets.get(key: "a/b \\"c\\" ü")\nb = t.get(key: "B")\nc = t.get(key: a)'
    )
    assert read(script) == Reads(frozenset({'a/b "c" ü', "B"}), unknown=True)


def test_reads_deep_script_to_its_end(read: Callable[[str], Reads]) -> None:
    """A long pipe is a deep tree."""
    pipes = "".join('\n |> filter(fn: (r) => r.x == "y")' for _ in range(200))
    assert read(IMPORT + f'from(bucket: secrets.get(key: "A")){pipes}') == Reads(frozenset({"A"}))


def test_may_read_rules_out_only_what_cannot_name_the_package() -> None:
    """Most scripts need not be parsed."""
    assert not may_read('from(bucket: "b") |> range(start: -1h)')
    assert may_read('import "influxdata/influxdb/\\x73ecrets"')
