"""The site is built from the documents without a warning, has all public names, and loads nothing from other hosts."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pulumi
import pytest

import influx_secrets
import influx_secrets.emulator
from influx_secrets._model.setting_names import INPUTS

_ROOT = Path(__file__).resolve().parent.parent
_QUESTIONS = {
    "value changed in the GUI is not detected": ["howto/drift"],
    "ignore_changes others set the value": ["project/examples/create_once/index"],
    "upgrade old state": ["compatibility"],
    "value in the state": ["howto/state", "promises"],
    "permission to read values": ["howto/permissions"],
    "change the value of a secret": ["howto/rotate"],
    "value generated in every run": ["howto/rotate"],
    "replace without downtime": ["howto/move"],
    "rename a resource": ["howto/move"],
    "import existing": ["howto/adopt"],
    "overwrite existing": ["howto/adopt"],
    "value already exists": ["howto/adopt"],
    "keep on destroy": ["howto/stop", "project/examples/keep_on_destroy/index"],
    "secrets in parallel": ["limits"],
    "other teams in the same org": ["project/examples/exclusive/index"],
    "rate limits": ["faults"],
    "influx apply deletes secrets": ["facts", "limits"],
    "delete 405": ["facts"],
    "organization not found": ["errors"],
    "which scripts use a secret": ["commands"],
}
"""What users of comparable tools asked in public threads, as they would type it here, to the pages that answer it."""


class _Page(HTMLParser):
    """What a browser fetches by itself to show a page, the places that links can lead to, and all CSS classes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.classes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.classes.update(given.get("class", "").split())
        if "id" in given:
            self.places.add(given["id"])
        if tag == "link" and given.get("rel") not in {"prev", "next", "canonical"}:
            self.loaded.append(given.get("href", ""))
        elif tag != "a":
            self.loaded += [given[name] for name in ("src", "href", "data") if name in given]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's folder, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=_ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def site(built: Path) -> dict[str, _Page]:
    """Every page."""
    found = sorted(built.rglob("*.html"))
    return {path.relative_to(built).as_posix(): _Page(path.read_text("utf-8")) for path in found}


def test_site_loads_nothing_from_other_hosts(site: dict[str, _Page]) -> None:
    """Who reads it is known to nobody, and it works without a network."""
    loaded = {url for page in site.values() for url in page.loaded}
    assert len(loaded) > 5
    assert [url for url in loaded if re.match(r"(?:\w+:)?//", url)] == []


def test_sessions_have_a_button_that_copies_commands(site: dict[str, _Page]) -> None:
    """Each page loads the script that leaves prompts and output out."""
    assert [name for name, page in site.items() if not any(url.endswith("site.js") for url in page.loaded)] == []
    # The script finds a session by this class, and its commands in this element.
    assert {"language-console", "gp", "go"} <= site["tutorial.html"].classes
    assert ".language-console" in (_ROOT / "docs" / "site.js").read_text("utf-8")


def test_site_has_every_public_name(site: dict[str, _Page]) -> None:
    """What can be imported has a place in the reference."""
    places = {place for name, page in site.items() if name.startswith("reference/") for place in page.places}
    assert {f"influx_secrets.{name}" for name in influx_secrets.__all__} <= places
    emulated = {f"influx_secrets.emulator.{name}" for name in influx_secrets.emulator.__all__}
    assert emulated - places == {"influx_secrets.emulator.Hook"}, "the type of one argument, told there"
    # Attributes are told by comments in the sources, which not every reader of sources sees.
    assert {"influx_secrets.APIError.trace_id", "influx_secrets.SecretNotFoundError.key"} <= places


def test_site_has_the_files_that_its_pages_name(site: dict[str, _Page]) -> None:
    """A test that a page names can be read in the site."""
    assert {"index.html", "tutorial.html", "project/tests/engine/test_leaks.py.html"} <= set(site)


def test_search_finds_the_page_that_answers_a_question(built: Path) -> None:
    """The answer is among the first three results of the site's own search, which Node runs here."""
    if shutil.which("node") is None:
        pytest.skip("no node on PATH, which runs the search of the site")
    script = Path(__file__).with_name("search_site.cjs")
    asked = "".join(f"{question}\n" for question in _QUESTIONS)
    done = subprocess.run(["node", script, built], input=asked, stdout=subprocess.PIPE, text=True, check=True)
    found = dict(zip(_QUESTIONS, map(json.loads, done.stdout.splitlines()), strict=True))
    assert len(_QUESTIONS) == 20
    missed = {
        question: found[question][:3]
        for question, pages in _QUESTIONS.items()
        if not {f"{page}.html" for page in pages} & set(found[question][:3])
    }
    assert missed == {}


def test_page_of_settings_names_each() -> None:
    """Every input of a provider, every key of the stack config, every variable."""
    page = (_ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    names = [name for setting in INPUTS for name in (setting.field, setting.input, *setting.variables)]
    assert [name for name in names if name not in named] == []


def test_page_of_options_has_a_row_for_each() -> None:
    """A new version of the SDK may have one more."""
    page = (_ROOT / "docs" / "reference" / "options.md").read_text("utf-8")
    rows = {name for row in re.findall(r"(?m)^\| (`[^|]+`) \|", page) for name in re.findall(r"`(\w+)`", row)}
    assert set(inspect.signature(pulumi.ResourceOptions).parameters) <= rows


def test_index_of_decisions_names_each() -> None:
    """A reader finds each record, which has a context, a decision and a consequence, under its title."""
    folder = _ROOT / "docs" / "decisions"
    index = (folder / "index.md").read_text("utf-8")
    records = {path.name: path.read_text("utf-8") for path in folder.glob("*.md") if path.name != "index.md"}
    titles = {name: text.partition("\n")[0].removeprefix("# ") for name, text in records.items()}
    assert [name for name, title in titles.items() if f"[{title}]({name})" not in index] == []
    parts = ("**Context.**", "**Decision.**", "**Consequence.**")
    assert [name for name, text in records.items() if not all(part in text for part in parts)] == []
