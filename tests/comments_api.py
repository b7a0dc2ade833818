"""The comments of pull requests of GitHub and merge requests of GitLab, as their APIs serve them, on loopback."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback_server import LoopbackServer

#: Few, so that a handful of comments needs several pages.
PAGE = 2

_GITHUB = re.compile(r"/repos/acme/secrets/issues/(?:7/comments|comments/(?P<id>\d+))")
_GITLAB = re.compile(r"/projects/42/merge_requests/7/notes(?:/(?P<id>\d+))?")


class CommentsAPI(LoopbackServer):
    """Request 7 of the repository `acme/secrets`, or of the project 42.

    Attributes:
        bodies: The texts of its comments, the oldest first.
    """

    def __init__(self, token: str) -> None:
        super().__init__(_Handler)
        self.token = token
        self.bodies: list[str] = []

    @property
    def github(self) -> dict[str, str]:
        """What GitHub and the workflow put into the environment of a step that comments."""
        return {
            "COMMENT_TOKEN": self.token,
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "acme/secrets",
            "PULL_REQUEST": "7",
        }

    @property
    def gitlab(self) -> dict[str, str]:
        """What GitLab and the project's variables put into the environment of a job."""
        return {
            "CI_API_V4_URL": self.url,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_PROJECT_ID": "42",
            "COMMENT_TOKEN": self.token,
            "GITLAB_CI": "true",
        }

    def answer(self, method: str, target: str, given: set[str], body: dict[str, str]) -> tuple[int, Any, str]:
        """Return status, body and the header Link."""
        parts = urlsplit(target)
        path = _GITHUB.fullmatch(parts.path) or _GITLAB.fullmatch(parts.path)
        if self.token not in given:
            return 401, {"message": "Bad credentials"}, ""
        if path is None:
            return 404, {"message": "Not Found"}, ""
        change = "PUT" if parts.path.startswith("/projects") else "PATCH"
        if method == "GET" and path["id"] is None:
            return self._page(parts.path, int(parse_qs(parts.query).get("page", ["1"])[0]))
        if method == "POST" and path["id"] is None:
            self.bodies.append(body["body"])
            return 201, {"id": len(self.bodies)}, ""
        if method == change and path["id"] is not None:
            self.bodies[int(path["id"]) - 1] = body["body"]
            return 200, {"id": int(path["id"])}, ""
        return 405, {"message": "Method Not Allowed"}, ""

    def _page(self, path: str, number: int) -> tuple[int, Any, str]:
        comments = [{"id": place, "body": body} for place, body in enumerate(self.bodies, 1)]
        rest = comments[(number - 1) * PAGE :]
        link = f'<{self.url}{path}?page={number + 1}>; rel="next"' if len(rest) > PAGE else ""
        return 200, rest[:PAGE], link


class _Handler(BaseHTTPRequestHandler):
    server: CommentsAPI

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        given = {self.headers.get("Authorization", "").removeprefix("Bearer "), self.headers.get("PRIVATE-TOKEN", "")}
        status, answer, link = self.server.answer(self.command, self.path, given, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 (the base class has it so)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class has it so)
        """Print nothing."""
