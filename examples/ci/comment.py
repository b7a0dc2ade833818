"""Puts a review under a pull or merge request: one comment for each stack, updated in place.

    python ci/comment.py review.md

In GitHub Actions it needs COMMENT_TOKEN and PULL_REQUEST (the number), in GitLab CI COMMENT_TOKEN alone; the rest is in
the environment there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

TIMEOUT = 30.0
LONGEST = 65_000  # GitHub takes 65,536 characters; the review itself is cut with more care, by --max-length
CUT = "\n\n... The rest is in the summary or the artifacts of this run."
NOTHING = "**There is no review: the preview did not get that far.** The log of this run says why."


@dataclass(frozen=True)
class Thread:
    """The comments of one request: where they are listed and written, where one of them is changed, and how."""

    comments: str
    comment: str
    change: str
    headers: Mapping[str, str] = field(repr=False)


def find_thread(env: Mapping[str, str]) -> Thread:
    """Find out which service this is, and which request."""
    if env.get("GITLAB_CI"):
        project = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}"
        notes = f"{project}/merge_requests/{env['CI_MERGE_REQUEST_IID']}/notes"
        return Thread(notes, notes, "PUT", {"PRIVATE-TOKEN": env["COMMENT_TOKEN"]})
    issues = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}/issues"
    headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {env['COMMENT_TOKEN']}"}
    return Thread(f"{issues}/{env['PULL_REQUEST']}/comments", f"{issues}/comments", "PATCH", headers)


def compose(review: str, stack: str) -> str:
    """Return the comment: an invisible line by which it is found again, and the review."""
    text = review.strip() or NOTHING
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] + CUT
    return f"{marker(stack)}\n{text}\n"


def marker(stack: str) -> str:
    """Return the first line of the comment of a stack."""
    return f"<!-- influx-secrets review of {stack} -->"


def put(thread: Thread, body: str) -> str:
    """Change the comment that begins with the same line, or write a new one; return what was done."""
    first = body.partition("\n")[0]
    with requests.Session() as session:
        session.headers.update(thread.headers)
        for comment in listed(session, thread.comments):
            if comment["body"].startswith(first):
                call(session, thread.change, f"{thread.comment}/{comment['id']}", body)
                return "updated"
        call(session, "POST", thread.comments, body)
        return "written"


def listed(session: requests.Session, url: str) -> Iterator[Any]:
    """Yield all comments, page by page."""
    page: str | None = f"{url}?per_page=100"
    while page:
        response = session.get(page, timeout=TIMEOUT)
        response.raise_for_status()
        yield from response.json()
        page = response.links.get("next", {}).get("url")


def call(session: requests.Session, method: str, url: str, body: str) -> None:
    """Send the comment."""
    session.request(method, url, json={"body": body}, timeout=TIMEOUT).raise_for_status()


def main() -> None:
    """Comment, or say in one line why not."""
    try:
        review = Path(sys.argv[1]).read_text("utf-8")
        body = compose(review, os.environ["PULUMI_STACK"])
        done = put(find_thread(os.environ), body)
    except KeyError as missing:
        sys.exit(f"error: {missing.args[0]} is not set")
    except requests.RequestException as error:
        sys.exit(f"error: the comment could not be written: {error}")
    print(f"the comment was {done}")  # noqa: T201 (for the log of the run)


if __name__ == "__main__":
    main()
