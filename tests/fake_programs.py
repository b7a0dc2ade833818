"""Tiny programs that stand in for Go, Pulumi and influxd on a search path of their own, as real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Builds what the toolchain asks for, in the way that the file `mode` beside it says; notes each call in `calls`.
_GO = """
import json, os, pathlib, subprocess, sys, time
here = pathlib.Path(sys.argv[0]).parent
mode = (here / "mode").read_text() if (here / "mode").exists() else "work"
noted = {name: os.environ.get(name) for name in ("PKG_CONFIG", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "PATH")}
with (here / "calls").open("a") as calls:
    calls.write(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), **noted}) + chr(10))
if sys.argv[1] == "version":
    print("go version go" + ("1.19" if mode == "old" else "1.26.8") + " linux/amd64")
elif sys.argv[1] == "list":
    print(here / "module")
elif mode == "fail":
    print("downloading something")
    print("undefined: everything")
    sys.exit(1)
elif mode == "hang":
    child = subprocess.Popen(["/bin/sleep", "120"])
    (here / "pids").write_text(f"{os.getpid()} {child.pid}")
    child.wait()
else:
    end = time.monotonic() + 30
    while mode == "wait" and not (here / "go-on").exists() and time.monotonic() < end:
        time.sleep(0.01)
    target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    target.write_text("#!/bin/sh" + chr(10))
    target.chmod(0o755)
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with nothing on its search path but what a test puts there, and a cache of its own."""

    folder: Path

    @property
    def bin(self) -> Path:
        """The one folder of the search path."""
        folder = self.folder / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def tools(self) -> Path:
        """Where the toolchain keeps what it builds."""
        return self.folder / "cache" / "influx_secrets" / "tools"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process on this machine; finished programs of a vendor are not fetched."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "INFLUX_SECRETS_BUILD_TOOLS": "1",
        }

    def add(self, name: str, source: str) -> Path:
        """Put a Python program on the search path."""
        path = self.bin / name
        path.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
        path.chmod(0o755)
        return path

    def add_versioned(self, name: str, answer: str) -> Path:
        """Put a program on the search path that tells its version, whatever it is asked."""
        return self.add(name, f"print({answer!r})\n")

    def add_go(self, mode: str = "work") -> None:
        """Put a Go on the search path: it works, waits for a file `go-on`, is old, fails, or hangs."""
        self.add("go", _GO)
        (self.bin / "mode").write_text(mode, encoding="utf-8")
        for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
            file = self.bin / "module" / "python" / script
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.write_text("#!/bin/sh\n", encoding="utf-8")
                # As in Go's module cache.
                file.chmod(0o444)

    def add_rust(self) -> None:
        """Put what influxd needs besides Go on the search path."""
        for name in ("cargo", "cc"):
            self.add(name, "")

    def go_calls(self, verb: str) -> list[str]:
        """The calls of Go with that verb so far, as JSON texts."""
        file = self.bin / "calls"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line for line in lines if f'"arguments": ["{verb}"' in line]

    def left_in_tools(self) -> list[str]:
        """What is in the tools folder, the lock files apart: they stay."""
        return sorted(path.name for path in self.tools.glob("*") if not path.name.endswith(".lock"))

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start `python -m toolchain` on this machine."""
        env = {**self.environ, **environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.Popen(
            [sys.executable, "-m", "toolchain", *arguments],
            env={name: value for name, value in env.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def run(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        """Run `python -m toolchain` on this machine; exit code, standard output, standard error."""
        with self.start(*arguments, **environ) as process:
            output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors
