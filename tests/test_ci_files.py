"""The CI files that users copy: right by their schemas, by actionlint and shellcheck, and careful with secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from comments_api import PAGE, CommentsAPI
from programs import needed

from toolchain._programs import PROGRAMS

ROOT = Path(__file__).resolve().parent.parent
CI = ROOT / "examples" / "ci"
GITHUB = sorted((CI / "github").glob("*.yml"))
GITLAB = CI / "gitlab" / "gitlab-ci.yml"
TOOLS = Path(sys.executable).parent
STACK = "prod"


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content


def check(*command: str | Path, text: str | None = None) -> None:
    """Run a program that finds mistakes; what it prints is the failure."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def scripts() -> dict[str, str]:
    """Return the shell of the GitLab jobs; actionlint looks at that of GitHub's."""
    jobs = {name: job for name, job in read(GITLAB).items() if isinstance(job, dict)}
    lines = {name: [*job.get("before_script", []), *job.get("script", [])] for name, job in jobs.items()}
    return {name: "\n".join(script) for name, script in lines.items() if script}


def test_files_follow_their_schemas() -> None:
    """GitHub's and GitLab's own."""
    assert len(GITHUB) == 3
    command = TOOLS / "check-jsonschema"
    check(command, "--builtin-schema", "vendor.github-workflows", *GITHUB)
    check(command, "--builtin-schema", "vendor.gitlab-ci", GITLAB)


def test_workflows_pass_actionlint() -> None:
    """Expressions, contexts, permissions, cron, and the shell by shellcheck."""
    check(needed("actionlint"), "-shellcheck", str(TOOLS / "shellcheck"), *GITHUB)


@pytest.mark.parametrize("name", sorted(scripts()))
def test_gitlab_scripts_pass_shellcheck(name: str) -> None:
    """In the shell that GitLab takes."""
    check(TOOLS / "shellcheck", "--shell=bash", "--severity=style", "-", text=scripts()[name])


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_workflow_is_careful(file: Path) -> None:
    """Pinned actions, no rights but those needed, no credentials left in the checkout, a failing pipe fails."""
    workflow = read(file)
    (job,) = workflow["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name) for name in used)
    rights = {"contents": "read", "pull-requests": "write"} if file.stem == "preview" else {"contents": "read"}
    assert workflow["permissions"] == rights
    assert job["steps"][0]["with"]["persist-credentials"] is False
    assert workflow["defaults"]["run"]["shell"] == "bash"
    assert job["timeout-minutes"] <= 30
    # In a script an expression is code; in the environment it is data.
    assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
    # Only the step that needs a secret has it: not one that installs what others wrote.
    assert "secrets." not in str([job.get("env"), *(step for step in job["steps"] if step.get("name") == "Install")])


def test_only_apply_has_the_token_that_writes() -> None:
    """A preview runs code of a request, so it gets the token that reads, and no fork runs it at all."""
    texts = {file.stem: file.read_text("utf-8") for file in GITHUB}
    assert {name for name, text in texts.items() if "secrets.INFLUX_TOKEN " in text} == {"apply"}
    assert {name for name, text in texts.items() if "secrets.INFLUX_READ_TOKEN " in text} == {"preview", "drift"}
    assert "environment: influx-secrets" in texts["apply"]
    assert "head.repo.full_name == github.repository" in read(CI / "github" / "preview.yml")["jobs"]["preview"]["if"]
    given = scripts()
    assert {name for name, script in given.items() if 'INFLUX_TOKEN="$INFLUX_READ_TOKEN"' in script} == {
        "preview",
        "drift",
    }


def test_applies_never_run_side_by_side() -> None:
    """And none is cut short, for the lock of its stack would stay."""
    assert read(CI / "github" / "apply.yml")["concurrency"] == {
        "group": "influx-secrets-apply",
        "cancel-in-progress": False,
    }
    apply = read(GITLAB)["apply"]
    assert (apply["resource_group"], apply["interruptible"]) == ("influx-secrets", False)


def test_page_names_every_variable_and_secret() -> None:
    """Whoever follows it has set all that the files use."""
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    used = {name for file in GITHUB for name in re.findall(r"(?:vars|secrets)\.([A-Z_]+)", file.read_text("utf-8"))}
    used |= {name for script in scripts().values() for name in re.findall(r"\$([A-Z_]+)", script)} - {"HOME", "PATH"}
    used |= {"COMMENT_TOKEN"}
    assert {name for name in used if not name.startswith("CI_") and f"| `{name}` |" not in page} == set()
    assert "removal-ok" in page


def test_pulumi_is_the_version_that_was_tried() -> None:
    """One pin for the tests and for what users copy."""
    versions = {
        found for file in [*GITHUB, GITLAB] for found in re.findall(r"--version (\S+)", file.read_text("utf-8"))
    }
    assert versions == {PROGRAMS["pulumi"].version}


def comment(review: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PULUMI_STACK": STACK}
    return subprocess.run(
        [sys.executable, CI / "comment.py", review],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_comment_is_written_once_and_then_updated(service: str, tmp_path: Path) -> None:
    """It is found on any page, among those of people and of another stack."""
    review = tmp_path / "review.md"
    with CommentsAPI("a-token") as api:
        environment: dict[str, str] = getattr(api, service)
        api.bodies += ["a person's"] * (2 * PAGE - 1)
        for text in ("first", "second"):
            review.write_text(text, "utf-8")
            assert comment(review, environment).returncode == 0
        assert comment(review, {**environment, "PULUMI_STACK": "test"}).stdout == "the comment was written\n"
        review.write_text("third\n", "utf-8")
        assert comment(review, environment).stdout == "the comment was updated\n"
        assert api.bodies[2 * PAGE - 1 :] == [
            "<!-- influx-secrets review of prod -->\nthird\n",
            "<!-- influx-secrets review of test -->\nsecond\n",
        ]
        assert api.bodies[: 2 * PAGE - 1] == ["a person's"] * (2 * PAGE - 1)


def test_comment_of_a_huge_review_is_cut_at_a_line(tmp_path: Path) -> None:
    """GitHub refuses more than 65,536 characters."""
    review = tmp_path / "review.md"
    review.write_text("- a key that changes\n" * 10_000, "utf-8")
    with CommentsAPI("a-token") as api:
        assert comment(review, api.github).returncode == 0
        (body,) = api.bodies
    assert len(body) < 65_536
    assert body.endswith("\n- a key that changes\n\n... The rest is in the summary or the artifacts of this run.\n")


def test_comment_without_a_review_says_so(tmp_path: Path) -> None:
    """The preview failed before it could say anything; an old review must not stay there as if it were the new one."""
    review = tmp_path / "review.md"
    review.touch()
    with CommentsAPI("a-token") as api:
        assert comment(review, api.github).returncode == 0
        assert "There is no review" in api.bodies[0]


def test_comment_refused_says_why_in_one_line(tmp_path: Path) -> None:
    """A wrong token, or a variable that is missing; the token itself is not shown."""
    review = tmp_path / "review.md"
    review.write_text("text", "utf-8")
    with CommentsAPI("a-token") as api:
        refused = comment(review, {**api.github, "COMMENT_TOKEN": "another-token"})
        missing = comment(review, {name: text for name, text in api.gitlab.items() if name != "COMMENT_TOKEN"})
    assert refused.returncode == missing.returncode == 1
    assert refused.stderr.startswith("error: the comment could not be written: 401")
    assert refused.stderr.count("\n") == 1
    assert "another-token" not in refused.stderr
    assert missing.stderr == "error: COMMENT_TOKEN is not set\n"
