"""Puts a review under a pull or merge request: one comment for each stack, updated in place.

    python ci/comment.py review.md

In GitHub Actions it needs COMMENT_TOKEN and PULL_REQUEST (the number), in GitLab CI COMMENT_TOKEN alone; the rest is in
the environment there.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

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
    for comment in listed(thread):
        if comment["body"].startswith(first):
            call(thread, thread.change, f"{thread.comment}/{comment['id']}", body)
            return "updated"
    call(thread, "POST", thread.comments, body)
    return "written"


def listed(thread: Thread) -> Iterator[Any]:
    """Yield all comments, page by page."""
    page: str | None = f"{thread.comments}?per_page=100"
    while page:
        comments, links = call(thread, "GET", page)
        yield from comments
        following = re.search(r'<([^>]+)>; *rel="next"', links)
        page = following and following[1]


def call(thread: Thread, method: str, url: str, body: str | None = None) -> tuple[Any, str]:
    """Return the answer of the service, and its links to other pages; with a body, send the comment."""
    data = None if body is None else json.dumps({"body": body}).encode()
    headers = {**thread.headers, "Content-Type": "application/json"}
    request = Request(url, data, headers, method=method)  # noqa: S310 (the service's own url)
    with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310 (as above)
        return json.load(response), response.headers.get("Link", "")


def main() -> None:
    """Comment, or say in one line why not."""
    try:
        review = Path(sys.argv[1]).read_text("utf-8")
        body = compose(review, os.environ["PULUMI_STACK"])
        done = put(find_thread(os.environ), body)
    except KeyError as missing:
        sys.exit(f"error: {missing.args[0]} is not set")
    except OSError as error:
        sys.exit(f"error: the comment could not be written: {error}")
    print(f"the comment was {done}")  # noqa: T201 (for the log of the run)


if __name__ == "__main__":
    main()
