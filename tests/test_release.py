"""What a release holds: the wheel and the source distribution are built, opened, and looked into."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Release:
    """The names of all files in both archives (the folder of the version cut off), and the wheel's metadata."""

    wheel: frozenset[str]
    source: frozenset[str]
    metadata: Message
    entry_points: ConfigParser


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Built as `make build` does: the wheel is made from the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    options = ["--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "uv", "build", *options, str(_ROOT)], check=True)
    wheel, source = next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        names = frozenset(archive.namelist())
        text = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA")))
        entry_points = ConfigParser()
        entry_points.read_string(archive.read(next(n for n in names if n.endswith("/entry_points.txt"))).decode())
    with tarfile.open(source) as packed:
        sources = frozenset(member.name.partition("/")[2] for member in packed.getmembers() if member.isfile())
    return Release(names, sources, Parser().parsestr(text.decode()), entry_points)


def _modules() -> set[str]:
    package = _ROOT / "influx_secrets"
    return {str(path.relative_to(_ROOT)) for path in package.rglob("*.py")}


def test_wheel_holds_every_module_and_nothing_else(release: Release) -> None:
    """All of the package with its type marker, the fixtures for pytest, its licence, and nothing beside it."""
    assert {name for name in release.wheel if not name.split("/")[0].endswith(".dist-info")} == {
        *_modules(),
        "influx_secrets/py.typed",
        "pytest_influx_secrets.py",
    }
    assert [name for name in release.wheel if name.endswith("licenses/LICENSE")]


def test_wheel_brings_its_fixtures_to_pytest(release: Release) -> None:
    """Pytest finds them by the entry point."""
    assert dict(release.entry_points["pytest11"]) == {"influx_secrets": "pytest_influx_secrets"}


def test_source_distribution_holds_the_package_and_its_tests(release: Release) -> None:
    """Whoever packages this again can run the tests; nothing of a developer's machine is in it."""
    assert _modules() <= release.source
    assert {
        "LICENSE",
        "README.md",
        "pytest_influx_secrets.py",
        "pyproject.toml",
        "tests/conftest.py",
        "toolchain/__init__.py",
    } <= release.source
    strays = [name for name in release.source if name.startswith((".venv", ".demo", "Pulumi.demo", "dist"))]
    assert strays == []


def test_metadata_says_what_the_package_needs(release: Release) -> None:
    """Python and Pulumi versions, the licence, and the emulator's web framework as an extra only."""
    assert release.metadata["Name"] == "influx_secrets"
    assert release.metadata["Requires-Python"] == ">=3.10"
    assert release.metadata["License-Expression"] == "Apache-2.0"
    needed = release.metadata.get_all("Requires-Dist", [])
    plain = {line for line in needed if "extra ==" not in line}
    assert any(line.startswith("pulumi<4,>=3.216") for line in plain)
    assert not any("aiohttp" in line for line in plain)
    assert any("aiohttp" in line and "extra == 'emulator'" in line for line in needed)


def test_metadata_description_is_the_readme(release: Release) -> None:
    """The page of the package shows the README."""
    readme = (_ROOT / "README.md").read_text(encoding="utf-8").strip()
    payload = release.metadata.get_payload()
    assert readme
    assert str(payload).strip() == readme


def test_metadata_links_lead_to_files_of_this_version(release: Release) -> None:
    """The host aside, each link to a file has the tag of this version, and the file exists."""
    links = dict(line.split(", ") for line in release.metadata.get_all("Project-URL", []))
    assert set(links) == {"Repository", "Documentation", "Changelog", "Security", "Issues"}
    place = f"{links['Repository']}/blob/v{release.metadata['Version']}/"
    files = [link.removeprefix(place) for link in links.values() if "/blob/" in link]
    assert [(_ROOT / file).is_file() for file in files] == [True] * 3


def test_version_is_the_same_in_every_document(release: Release) -> None:
    """The commands that install it, the pages that compare it, and the changelog, whose newest release has a date."""
    version = release.metadata["Version"]
    texts = {name: (_ROOT / name).read_text("utf-8") for name in ("README.md", "CHANGELOG.md")}
    for part in (f"@v{version}'", f"/v{version}/influx_secrets-{version}-py3"):
        assert part in texts["README.md"]
    headings = re.findall(r"^## \[(.+)\](?: - (\d{4}-\d\d-\d\d))?$", texts["CHANGELOG.md"], re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == version
    assert headings[1][1]
    for name in ("compatibility.md", "comparison.md"):
        assert version in (_ROOT / "docs" / name).read_text("utf-8")
