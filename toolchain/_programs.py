"""The programs that the toolchain provides.

Versions are stated in one place: the `go.mod` of each folder of `modules/`, with the checksums beside it in
`go.sum`. Everything here that needs a version reads it from there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain._errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = Path(__file__).parent / "modules"

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class GoBuild:
    """One executable, built from a Go module of its own, as the dependencies of these programs clash.

    Attributes:
        folder: The folder of `modules/`; also the name of the executable, unless `executable` is given.
        module: The Go module whose version is the version of the executable.
        package: The Go package to build.
        version_symbol: The Go variable that the linker sets to the version; `None` sets nothing.
        scripts: Files of the module, relative to its folder, to install beside the executable.
        helper: Needed during the build only, so not installed.
        executable: The name of the executable, where the folder has another one.
    """

    folder: str
    module: str
    package: str
    version_symbol: str | None = None
    scripts: tuple[str, ...] = ()
    helper: bool = False
    executable: str = ""

    @property
    def file_name(self) -> str:
        """The name of the file that is built."""
        return self.executable or self.folder

    @property
    def source(self) -> Path:
        """The committed folder with `go.mod` and `go.sum`."""
        return MODULES / self.folder

    @property
    def version(self) -> str:
        """The pinned version, without the leading `v`."""
        return _search(rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)", self.source / "go.mod")

    @property
    def go_version(self) -> Version:
        """The oldest Go that builds it, as its dependencies demand."""
        version = parse_version(_search(r"^go (\S+)", self.source / "go.mod"))
        return version or (1, 0, 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """A tar archive of the vendor that holds the executable, in any folder.

    Attributes:
        url: Where the vendor offers it.
        sha256: Its checksum, in lower-case hex. It is copied from a page of the vendor's, which a comment names: a
            checksum of what was fetched once would only repeat a fault of that day.
    """

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program that the tests or the sample run.

    Attributes:
        name: What the toolchain calls it.
        title: What people call it.
        executable: The file to look for and to run.
        builds: What is built, in this order; the last one has the version of the program.
        minutes: How long a first build takes on two cores, for the estimate shown.
        megabytes: The size of what is installed.
        cache_gigabytes: What a first build adds to the caches of Go and Rust.
        variable: The environment variable that may name the executable.
        companions: Executables that must be beside it, or on the search path.
        oldest, below: The versions of a copy on the search path that will do; `None` accepts any.
        archives: Finished programs of the vendor, by platform (`linux-x86_64`, `darwin-arm64`), tried before a build.
        official: Whether the vendor's installer is tried before a build.
        rust: Whether a build needs Rust and a C compiler.
    """

    name: str
    title: str
    executable: str
    builds: tuple[GoBuild, ...]
    minutes: int
    megabytes: int
    cache_gigabytes: float
    variable: str | None = None
    companions: tuple[str, ...] = ()
    oldest: Version | None = None
    below: Version | None = None
    archives: Mapping[str, Archive] = field(default_factory=dict)
    official: bool = False
    rust: bool = False

    @property
    def version(self) -> str:
        """The pinned version, without the leading `v`."""
        return self.builds[-1].version

    @property
    def folder_name(self) -> str:
        """The name of its folder in the cache.

        It ends with a mark of all pins, so that a new pin of a part (the language host, say) is a new folder.
        """
        digest = hashlib.sha256("".join(archive.sha256 for archive in self.archives.values()).encode())
        for build in self.builds:
            for name in ("go.mod", "go.sum"):
                digest.update((build.source / name).read_bytes())
        return f"{self.name}-{self.version}-{digest.hexdigest()[:8]}"


_PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"

_LANGUAGE_HOST = GoBuild(
    folder="pulumi-language-python",
    module=_PULUMI_SDK,
    package=f"{_PULUMI_SDK}/python/cmd/pulumi-language-python",
    scripts=("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"),
)

_PULUMI_CLI = GoBuild(
    folder="pulumi",
    module="github.com/pulumi/pulumi/pkg/v3",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    # Without it the CLI reports no version, and the Automation API refuses it.
    version_symbol=f"{_PULUMI_SDK}/go/common/version.Version",
)

PULUMI = Program(
    name="pulumi",
    title="Pulumi CLI",
    executable="pulumi",
    builds=(
        _LANGUAGE_HOST,
        _PULUMI_CLI,
    ),
    minutes=6,
    megabytes=140,
    cache_gigabytes=3,
    variable="INFLUX_SECRETS_PULUMI",
    companions=("pulumi-language-python",),
    # The oldest SDK that the package supports; an older CLI was never tried with it.
    oldest=(3, 216, 0),
    below=(4, 0, 0),
    official=True,
)


def _other_pulumi(minor: int) -> Program:
    """Return another version of the CLI, which only `make facts` runs."""
    name = f"pulumi-3.{minor}"
    cli = replace(_PULUMI_CLI, folder=name, executable="pulumi")
    return replace(
        PULUMI,
        name=name,
        builds=(_LANGUAGE_HOST, cli),
        variable=None,
        oldest=(3, minor, 0),
        below=(3, minor + 1, 0),
    )


_PKG_CONFIG = GoBuild(
    folder="pkg-config",
    module="github.com/influxdata/pkg-config",
    package="github.com/influxdata/pkg-config",
    helper=True,
)
"""Compiles the Rust half of Flux when Go asks for its linker flags."""

INFLUXD = Program(
    name="influxd",
    title="influxd",
    executable="influxd",
    builds=(
        _PKG_CONFIG,
        GoBuild(
            folder="influxd",
            module="github.com/influxdata/influxdb/v2",
            package="github.com/influxdata/influxdb/v2/cmd/influxd",
            version_symbol="main.version",
        ),
    ),
    minutes=8,
    megabytes=110,
    cache_gigabytes=3,
    variable="INFLUXD",
    # 2.7 is the first that can hash a secret inside the server; 1.x and 3.x have no such API.
    oldest=(2, 7, 0),
    below=(3, 0, 0),
    rust=True,
)


def _other_influxd(minor: str) -> Program:
    """Return another version of influxd, whose executable has the version in its name."""
    name = f"influxd-{minor}"
    build = replace(INFLUXD.builds[-1], folder=name)
    return replace(
        INFLUXD,
        name=name,
        executable=name,
        builds=(_PKG_CONFIG, build),
        variable=None,
        oldest=None,
    )


INFLUXD_BEFORE_PROOFS = _other_influxd("2.6")
"""The last version that cannot hash a secret inside the server; tests show what a user of an old server sees."""

OTHERS = (_other_influxd("2.7"), _other_influxd("2.10"), _other_pulumi(216), _other_pulumi(259))
"""What `make facts` can run in place of the pinned versions; built on request only."""


def _go_program(title: str, executable: str, module: str, command: str, megabytes: int) -> Program:
    """Return a program that is one Go build of a minute."""
    build = GoBuild(folder=executable, module=module, package=f"{module}/cmd/{command}")
    name = executable.removesuffix("-server")
    return Program(name, title, executable, (build,), minutes=1, megabytes=megabytes, cache_gigabytes=0.1)


TOXIPROXY = _go_program("toxiproxy", "toxiproxy-server", "github.com/Shopify/toxiproxy/v2", "server", 12)
ACTIONLINT = _go_program("actionlint", "actionlint", "github.com/rhysd/actionlint", "actionlint", 6)
INFLUX = _go_program("the influx CLI", "influx", "github.com/influxdata/influx-cli/v2", "influx", 28)
"""The version that influxd 2.9.1 asks for; a test runs the command of the page about permissions with it."""

_PINNED = (PULUMI, INFLUXD, INFLUXD_BEFORE_PROOFS, TOXIPROXY, ACTIONLINT, INFLUX)
PROGRAMS = {program.name: program for program in (*_PINNED, *OTHERS)}


def program_named(name: str) -> Program:
    """Return the program of that name; raise ToolchainError with the known names for any other."""
    try:
        return PROGRAMS[name]
    except KeyError:
        known = ", ".join(sorted(PROGRAMS))
        raise ToolchainError(f"no program called {name!r} is known here; there are: {known}") from None


def parse_version(text: str) -> Version | None:
    """Return the first version number in a text such as `InfluxDB v2.9.1 (git: none)`; `None` without one."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def _search(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ToolchainError(f"{file} does not state a version for {pattern!r}; restore it from git")
    return found[1]
