"""Checks of `doctor` of the Pulumi CLI, the Python that it runs, the backend and the stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from influx_secrets._model.setting_names import INPUTS
from influx_secrets.cli.doctor.check_result import CheckResult, fail, ok, unknown, warn
from influx_secrets.cli.doctor.program_python import NoPythonError, find_packages, find_python
from influx_secrets.cli.shared.connection import Target
from influx_secrets.cli.shared.stacks import LOGIN, PULUMI, StackError, ask_pulumi, project_file, run_pulumi
from influx_secrets.cli.shared.untrusted import visible_message

_OLDEST: Final = (3, 216)
"""CLI and SDK: since this version a refresh keeps the inputs that `read` returns."""

_OLDEST_PYTHON: Final = (3, 10)
_URL: Final = "influx-secrets:url"
_PASSPHRASE: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def check_pulumi(target: Target, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """Check what runs the program; without a program here, only say so."""
    file = project_file((target.folder or Path()).absolute())
    if file is None:
        yield warn("program", "there is no Pulumi program in this folder", "give --cwd to check its Python and stack")
        return
    yield from _check_python(file, environ)
    try:
        yield _recent("pulumi", "the Pulumi CLI", run_pulumi("version").strip(), _OLDEST, PULUMI)
    except StackError as error:
        yield fail("pulumi", str(error))
        return
    try:
        backend = str(ask_pulumi(dict, "whoami --verbose --json", folder=target.folder)["url"])
    except StackError as error:
        yield fail("backend", str(error), "run `pulumi login`, or set PULUMI_BACKEND_URL")
        return
    yield ok("backend", visible_message(LOGIN.sub("://", backend)))
    yield from _check_stack(target, file, backend, environ)


def _check_python(file: Path, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    project = yaml.safe_load(file.read_text("utf-8"))
    runtime = project.get("runtime") if isinstance(project, dict) else None
    runtime = runtime if isinstance(runtime, dict) else {"name": runtime}
    if runtime.get("name") != "python":
        message = f"the program is not in Python: runtime is {visible_message(str(runtime.get('name')))}"
        yield fail("python", message, f"this provider works in Python programs only; see {file.name}")
        return
    program = file.parent / str(project.get("main") or "")
    try:
        python = find_python(file.parent, program, runtime.get("options") or {}, environ)
        found = find_packages(python, program)
    except NoPythonError as error:
        yield fail("python", visible_message(str(error)))
        return
    yield _recent(
        "python", f"Pulumi runs {visible_message(python)},", found["python"], _OLDEST_PYTHON, "https://www.python.org"
    )
    install = f"`{python} -m pip install"
    sdk = f"{install} 'pulumi>={_OLDEST[0]}.{_OLDEST[1]}'`"
    yield _package(found, "pulumi", lambda there: _recent("sdk", "the Pulumi SDK", there, _OLDEST, sdk), "sdk", sdk)
    yield _package(found, "influx_secrets", _same_package, "package", f"{install} WHEEL`")


def _package(
    found: Mapping[str, str], name: str, judge: Callable[[str], CheckResult], check: str, install: str
) -> CheckResult:
    if name in found:
        return judge(found[name])
    problem = visible_message(found[f"problem of {name}"])
    return fail(check, f"that Python cannot import {name}: {problem}", f"install it there: {install}")


def _same_package(there: str) -> CheckResult:
    here = version("influx_secrets")
    if there == here:
        return ok("package", f"influx_secrets {there}")
    return warn("package", f"influx_secrets {there}; this command is of {here}", "install the same version in both")


def _recent(check: str, what: str, found: str, oldest: tuple[int, int], how: str) -> CheckResult:
    numbers = re.match(r"v?(\d+)\.(\d+)", found)
    if numbers and (int(numbers[1]), int(numbers[2])) < oldest:
        return fail(check, f"{what} {found} is too old", f"install {oldest[0]}.{oldest[1]} or later: {how}")
    return ok(check, f"{what} {visible_message(found)}")


def _check_stack(target: Target, file: Path, backend: str, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    try:
        result, remedy = fail, ""
        config = target.config or {}
        result, remedy = warn, "run `pulumi stack select NAME`, or `pulumi stack init NAME`"
        name = target.stack or run_pulumi("stack --show-name", folder=target.folder).strip()
    except StackError as error:
        yield result("stack", str(error), remedy)
        yield unknown("passphrase", 'not checked before "stack" is ok')
        return
    if _URL in config:
        yield ok("stack", f"{visible_message(name)}; its config pins the server")
    else:
        message = f"{visible_message(name)} pins no server: another INFLUX_HOST makes it write to another one"
        yield warn("stack", message, f"run `pulumi config set {_URL} URL`")
    for setting in INPUTS:
        entry = config.get(setting.config_key)
        if setting.is_secret and entry is not None and not entry.get("secret"):
            message = f"the setting {setting.config_key} is not encrypted in the stack's config"
            remedy = f"run `pulumi config set --secret {setting.config_key}`; if others have seen it, use a new value"
            yield fail("secrets of the config", message, remedy)
    yield _passphrase(_stack_file(file, name), backend, environ)


def _stack_file(file: Path, name: str) -> Mapping[str, Any]:
    """Return the file of a stack, which names what encrypts its secrets; empty where it has none."""
    path = file.with_name(f"{file.stem}.{name.rpartition('/')[2]}{file.suffix}")
    document = yaml.safe_load(path.read_text("utf-8")) if path.exists() else None
    return document if isinstance(document, dict) else {}


def _passphrase(stack_file: Mapping[str, Any], backend: str, environ: Mapping[str, str]) -> CheckResult:
    provider = str(stack_file.get("secretsprovider") or "")
    by_service = backend.startswith("http") and "encryptionsalt" not in stack_file
    if by_service or provider not in {"", "passphrase"}:
        scheme = provider.partition(":")[0] or "the backend"
        return ok("passphrase", f"not needed: {visible_message(scheme)} encrypts the secrets of the stack")
    source = next((name for name in _PASSPHRASE if name in environ), None)
    if source is None:
        message = "not set: Pulumi asks for it on a terminal, and fails without one"
        return warn("passphrase", message, f"set {_PASSPHRASE[0]} or {_PASSPHRASE[1]}")
    if source == _PASSPHRASE[1] and not Path(environ[source]).is_file():
        return fail("passphrase", f"{source} names no file", "correct the path")
    return ok("passphrase", f"is set, from {source}; not tried")
