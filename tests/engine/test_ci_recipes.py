"""The CI files that users copy, step by step as they are written, with the real engine and an emulated InfluxDB."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from comments_api import CommentsAPI
from engine import pipelines
from engine.stack import NewStack, Stack

from influx_secrets.emulator import Emulator

CI = Path(__file__).parents[2] / "examples" / "ci"
PLANTED = "planted-hunter2"
LABELS = "!contains(github.event.pull_request.labels.*.name, 'removal-ok') && 'remove,prune' || ''"


@dataclass
class Service:
    """A repository on one of the two services, with its variables, its secrets, and its request 7.

    Attributes:
        stack: The stack and the checkout of its program.
        emulator: The InfluxDB.
        comments: The comments of the request.
        outputs: What all jobs wrote to their logs, summaries and artifacts.
    """

    name: str
    stack: Stack
    emulator: Emulator
    comments: CommentsAPI
    label: str = ""
    outputs: list[str] = field(default_factory=list)

    def job(self, name: str) -> pipelines.Job:
        """Run the job that previews, applies, or looks for drift; what it wrote is kept."""
        done = self._github(name) if self.name == "github" else self._gitlab(name)
        self.outputs.append(done.output)
        return done

    def _github(self, name: str) -> pipelines.Job:
        summary = self.stack.folder / "summary.md"
        summary.write_text("", "utf-8")
        given = {
            "vars.PULUMI_BACKEND_URL": self.stack.environment["PULUMI_BACKEND_URL"],
            "vars.PULUMI_STACK": "dev",
            "vars.INFLUX_HOST": self.emulator.url,
            "secrets.INFLUX_READ_TOKEN": self.emulator.create_token("acme", write_secrets=False),
            "secrets.INFLUX_TOKEN": self.emulator.token,
            "secrets.PULUMI_ACCESS_TOKEN": "",
            "secrets.PULUMI_CONFIG_PASSPHRASE": self._passphrase(),
            "github.token": self.comments.token,
            "github.event.pull_request.number": "7",
            LABELS: "" if self.label == "removal-ok" else "remove,prune",
        }
        of_the_runner = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
        of_the_runner |= {key: self.comments.github[key] for key in ("GITHUB_API_URL", "GITHUB_REPOSITORY")}
        steps = pipelines.github(CI / "github" / f"{name}.yml", given)
        done = pipelines.run(steps, self.stack.project, {**self._machine(), **of_the_runner})
        self.outputs.append(summary.read_text("utf-8"))
        return done

    def _gitlab(self, name: str) -> pipelines.Job:
        of_the_project = {
            "CI_MERGE_REQUEST_LABELS": f"urgent,{self.label}",
            "INFLUX_HOST": self.emulator.url,
            "INFLUX_READ_TOKEN": self.emulator.create_token("acme", write_secrets=False),
            "PULUMI_BACKEND_URL": self.stack.environment["PULUMI_BACKEND_URL"],
            "PULUMI_CONFIG_PASSPHRASE": self._passphrase(),
            "PULUMI_STACK": "dev",
            **self.comments.gitlab,
        }
        if name == "apply":  # it is protected, so only the default branch has it
            of_the_project["INFLUX_TOKEN"] = self.emulator.token
        steps = pipelines.gitlab(CI / "gitlab" / "gitlab-ci.yml", name)
        done = pipelines.run(steps, self.stack.project, {**self._machine(), **of_the_project})
        self.outputs.append((self.stack.project / "review.md").read_text("utf-8"))
        return done

    def _machine(self) -> dict[str, str]:
        own = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG", "INFLUX")
        return {name: text for name, text in self.stack.environment.items() if not name.startswith(own)}

    def _passphrase(self) -> str:
        return Path(self.stack.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("ascii")


@pytest.fixture
def comments() -> Iterator[CommentsAPI]:
    with CommentsAPI("a-token-for-comments") as started:
        yield started


@pytest.fixture(params=["github", "gitlab"])
def service(request: pytest.FixtureRequest, new_stack: NewStack, emulator: Emulator, comments: CommentsAPI) -> Service:
    """A repository whose program declares two keys, and one whose later values it ignores."""
    stack = new_stack(emulator.environment)
    (stack.project / "ci").mkdir()
    shutil.copy(CI / "comment.py", stack.project / "ci")
    for name in ("slack", "smtp", "ignored"):
        stack.set_secret(name, PLANTED)
    declare(stack, "SLACK", "SMTP")
    return Service(request.param, stack, emulator, comments)


def declare(stack: Stack, *keys: str) -> None:
    """Change the program so that it declares these keys beside the ignored one."""
    pairs = ", ".join(f'"{key}_TOKEN": config.require_secret("{key.lower()}")' for key in keys)
    ignoring = "opts=ResourceOptions(ignore_changes=['secrets'])"
    stack.program(f"""
        influx.OrgSecrets("acme", org="acme", secrets={{{pairs}}})
        influx.OrgSecrets("other", org="acme", secrets={{"IGNORED": config.require_secret("ignored")}}, {ignoring})
    """)


def test_request_is_reviewed_applied_and_watched(service: Service) -> None:
    """From the first request to the drift that somebody makes at night, a removal, and a program that cannot work."""
    emulator, comments = service.emulator, service.comments

    assert service.job("preview").code == 0
    assert emulator.secrets("acme") == {}
    assert service.job("preview").code == 0
    (comment,) = comments.bodies
    assert "SLACK_TOKEN" in comment
    assert "SMTP_TOKEN" in comment

    assert service.job("apply").code == 0
    assert emulator.secrets("acme") == dict.fromkeys(("SLACK_TOKEN", "SMTP_TOKEN", "IGNORED"), PLANTED)
    assert service.job("drift").code == 0

    # The first is not to be repaired, so the engine expects no change: somebody changed it all the same.
    for key in ("IGNORED", "SLACK_TOKEN"):
        emulator.put_secret("acme", key, "theirs")
        drifted = service.job("drift")
        assert drifted.code != 0
        assert key in drifted.output
        assert "SMTP_TOKEN" not in drifted.output
        assert emulator.secrets("acme")[key] == "theirs"
        emulator.put_secret("acme", key, PLANTED)

    declare(service.stack, "SLACK")
    assert service.job("preview").code == 1
    assert "SMTP_TOKEN" in comments.bodies[-1]
    service.label = "removal-ok"
    assert service.job("preview").code == 0
    assert len(comments.bodies) == 1
    assert "SMTP_TOKEN" in emulator.secrets("acme")
    assert service.job("apply").code == 0
    assert set(emulator.secrets("acme")) == {"SLACK_TOKEN", "IGNORED"}

    service.stack.program('influx.OrgSecrets("acme", org="no-such-org", secrets={"A": "1"})')
    failed = service.job("preview")
    assert failed.code != 0
    (comment,) = comments.bodies
    assert "SLACK_TOKEN" not in comment
    assert "no-such-org" in comment + failed.output
    assert service.job("apply").code != 0
    assert "no-such-org" in "\n".join(service.outputs)
    assert set(emulator.secrets("acme")) == {"SLACK_TOKEN", "IGNORED"}

    written = "\n".join([*service.outputs, *comments.bodies])
    for secret in (PLANTED, "theirs", emulator.token, comments.token):
        assert secret not in written
