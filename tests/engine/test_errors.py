"""A mistake is an error in the preview: one line that names the resource and the key, and no value."""

from __future__ import annotations

import re

from engine.stack import SECRET_TYPE, NewStack, Stack
from servers import InfluxdServer

VALUE = "hunter2-never-shown"
TAKEN = 'influx.Secret("wrong", org=ORG, key="TAKEN", value=pulumi.Output.secret(VALUE))'
STUMBLES = """
import asyncio

class Uncopied(Exception):
    def __reduce__(self):
        raise TypeError("there is one of me")

async def stumble(_):
    await asyncio.sleep(0.2)
    raise Uncopied("stumbled")

async def late():
    await asyncio.Event().wait()

influx.Secret("wrong", org=ORG, key="A", value=pulumi.Output.from_input("a").apply(stumble))
influx.Secret("right", org=ORG, key="C", value=VALUE)
influx.Secret("late", org=ORG, key="D", value=late())
"""


def test_wrong_declaration_or_setting_is_one_line_in_the_preview(
    stack: Stack, influxd: InfluxdServer, acme: str
) -> None:
    """The engine names the resource, the package the key, the setting and what to do; the value is not shown."""
    influxd.put_secret(acme, "TAKEN", "theirs")
    preview = stack.program(TAKEN, VALUE=VALUE).preview(fails=True)
    (error,) = preview.errors
    assert error.startswith(f"{SECRET_TYPE} resource 'wrong' has a problem: ")
    assert "set overwrite=True for one run" in error
    assert VALUE not in preview.output
    assert len(error) < 500

    preview = stack.program(TAKEN.replace("secret(VALUE)", "from_input(None)")).preview(fails=True)
    assert 'error: Secret "wrong": value must be a string, not None' in preview.output
    assert "Traceback" not in preview.output

    stack.program(TAKEN, VALUE=VALUE)
    stack.environment["INFLUX_HOST"] = "not a url"
    preview = stack.preview(fails=True)
    (error,) = set(preview.errors)
    assert "INFLUX_HOST must be a url such as http://localhost:8086, with " in error
    assert "influx_secrets/_" not in preview.output
    assert VALUE not in preview.output


def test_error_of_the_program_shows_the_users_line(new_stack: NewStack) -> None:
    """A contradiction is raised where it is declared; an input that fails ends the run at once."""
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9"}, ORG="acme", VALUE=VALUE)
    refused = stack.program('influx.Secret("wrong", org=ORG, org_id="0" * 16, key="A", value=VALUE)').preview(
        fails=True
    )
    (last,) = {line for line in refused.output.splitlines() if "influx_secrets.DeclarationError" in line}
    assert "org_id and org are both given: remove one of them" in last
    assert VALUE not in last

    failed = stack.program(STUMBLES).preview(fails=True)
    assert re.search(r'__main__\.py", line \d+, in stumble\n', failed.output)
    assert "Uncopied: stumbled" in failed.output
    assert VALUE not in failed.output
