"""The calls of the API that this package needs, a method each: no retries, no sockets, no Pulumi."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from influx_secrets._client import payloads as bodies
from influx_secrets._client import tasks_and_checks as scripts
from influx_secrets._client.connect import connect
from influx_secrets._client.endpoints import is_faithful, org_path, take_first
from influx_secrets._client.messages import Answer, Redactor, Request, misread
from influx_secrets._client.payloads import Health, Org
from influx_secrets._client.settings import Settings
from influx_secrets._client.tasks_and_checks import Script
from influx_secrets._errors import APIError, DeclarationError, NotFoundError, UnauthorizedError

if TYPE_CHECKING:
    from influx_secrets._client.transport import Transport

__all__ = ["Health", "Org", "Script", "SecretsClient"]

T = TypeVar("T")

_PERMISSIONS = "the token needs read on the org, read on its secrets and write on its secrets"
_NO_ORG = {404: f"either there is no such org, or the token may not read it; {_PERMISSIONS}"}
_NO_NAME = {404: f"either there is no org of that name, or the token may not read it; {_PERMISSIONS}"}


class SecretsClient:
    """The secrets of the organizations of one InfluxDB OSS v2 server. Usable without Pulumi.

    A client keeps its connections until `close`, also as a context manager, and may be shared by threads. Every
    call is idempotent and is tried again where that may help.

    Args:
        settings: How to reach the server. `None`: `Settings.resolve()`, so the environment decides.
        transport: Sends the requests, for callers that share one; it brings its own settings.

    Raises:
        SettingsError: The settings cannot work; from a call, also: there is no token.
        DeclarationError: A call was given both a transport and settings, or a key or value that cannot be sent.
        TransportError: There was no answer.
        ResponseError: The answer is not the API's.
        APIError: The API refused; the subclass says why.
    """

    def __init__(self, settings: Settings | None = None, *, transport: "Transport | None" = None) -> None:
        if settings is not None and transport is not None:
            raise DeclarationError("a transport brings its own settings: give one of the two")
        self._transport = transport or connect(settings or Settings.resolve())

    def __repr__(self) -> str:
        return f"SecretsClient({self.settings!r})"

    def __enter__(self) -> "SecretsClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self._transport.settings

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        self._transport.close()

    def hurried(self) -> "SecretsClient":
        """A client for a preview: the same connections, one attempt, about three seconds per call."""
        return SecretsClient(transport=self._transport.hurried())

    def list_secret_keys(self, org_id: str) -> tuple[str, ...]:
        """The keys of an org's secrets, sorted by their bytes as the server sorts them; values never come back."""
        request = Request(
            method="GET",
            path=f"{org_path(org_id)}/secrets",
            intent=f"list the secret keys of org {org_id}",
            needs=f"to read the secrets of org {org_id}",
            advice=_NO_ORG,
        )
        answer = self._transport.send(request)
        keys = self._understood(request, answer, bodies.read_keys)
        return tuple(sorted(keys, key=lambda key: key.encode("utf-8", "surrogatepass")))

    def upsert_secrets(self, org_id: str, secrets: Mapping[str, str]) -> None:
        """Write the values of these keys, all or none: one PATCH is one transaction. Other keys stay.

        An empty mapping makes no request. An empty value is stored, but Flux says of it "secret not found".
        """
        if not secrets:
            return
        body = bodies.encode_secrets(secrets)
        self._transport.send(
            Request(
                method="PATCH",
                path=f"{org_path(org_id)}/secrets",
                intent=f"write {bodies.shown_keys(secrets)} of org {org_id}",
                body=body,
                content_type="application/json",
                expects=HTTPStatus.NO_CONTENT,
                needs=f"to write the secrets of org {org_id}",
                advice=_NO_ORG,
                sensitive=tuple(secrets.values()),
            )
        )

    def delete_secret(self, org_id: str, key: str) -> None:
        """Remove one key. A key that is not there is no error.

        DELETE is used for a key that a path carries faithfully, POST delete for any other: influxd 2.9.1 answers
        204 to a DELETE of `a/b` or `a,b`, however they are escaped, and the key stays. Where the DELETE route is
        missing, POST delete does it.
        """
        routes: list[Callable[[], None]] = [partial(self._post_delete, org_id, (key,))]
        if is_faithful(key):
            routes.insert(0, partial(self._delete, org_id, (key,)))
        take_first(routes)

    def delete_secrets(self, org_id: str, keys: Iterable[str]) -> None:
        """Remove keys in one transaction. Keys that are not there are no error; no keys, no request.

        Where the POST delete route is missing, they are removed one by one, if a path carries them all.
        """
        doomed = tuple(dict.fromkeys(keys))
        if not doomed:
            return
        routes: list[Callable[[], None]] = [partial(self._post_delete, org_id, doomed)]
        if all(map(is_faithful, doomed)):
            routes.append(partial(self._delete, org_id, doomed))
        take_first(routes)

    def find_org(self, name: str) -> Org:
        """Look an org up by its name.

        Raises:
            NotFoundError: There is no such org (influxd: 404), or the token may not read it (200, empty list).
        """
        request = Request(
            method="GET",
            path="/api/v2/orgs",
            query=(("org", name),),
            intent=f"find the org named {bodies.shown(name)}",
            needs="to read the org",
            advice=_NO_NAME,
        )
        answer = self._transport.send(request)
        orgs = self._understood(request, answer, bodies.read_orgs)
        found = next((org for org in orgs if org.name == name), None)
        if found is None:
            message = f"cannot {request.intent}: {self.settings.url} shows this token no such org: {_NO_NAME[404]}"
            raise NotFoundError(message, method="GET", path=request.path, status=answer.status, code="not found")
        return found

    def org_exists(self, org_id: str) -> bool | None:
        """Whether there is an org of that id: `True`, `False` when confirmed, `None` when the token may not know.

        Unlike the secret calls, `GET /api/v2/orgs/ID` of influxd 2.9.1 looks at the permission first: 404
        "organization not found" comes only to a token that may read that org, also after the org was deleted;
        any other token gets 401 "read:orgs/ID is unauthorized", whether or not the org exists.
        """
        request = Request(method="GET", path=org_path(org_id), intent=f"look for org {org_id}")
        try:
            answer = self._permitted(request, "read:orgs/")
        except NotFoundError as exc:
            # Any other 404 is a wrong path or another program: no proof that the org is gone.
            if exc.code == "not found" and exc.server_message == "organization not found":
                return False
            raise
        return None if answer is None else self._understood(request, answer, bodies.read_org).id == org_id.lower()

    def may_write(self, org_id: str) -> bool:
        """Whether the token may write the org's secrets; writes nothing: a PATCH of no keys (influxd 2.9.1: 204)."""
        request = Request(
            method="PATCH",
            path=f"{org_path(org_id)}/secrets",
            intent=f"ask whether the token may write the secrets of org {org_id}",
            body=b"{}",
            content_type="application/json",
            expects=HTTPStatus.NO_CONTENT,
            advice=_NO_ORG,
        )
        return self._permitted(request, "write:orgs/") is not None

    def query(self, org_id: str, flux: str) -> list[dict[str, str]]:
        """Run a Flux script in an org and return the rows of all its tables, columns by name, as text.

        influxd's CSV writes a line break in a cell as CR LF and drops a lone CR: a cell's line breaks come back
        as LF. Tables of several `yield`s come in no fixed order; the column `result` tells them apart.
        """
        request = Request(
            method="POST",
            path="/api/v2/query",
            query=(("orgID", org_id),),
            intent=f"run a Flux query in org {org_id}",
            body=bodies.encode_text(flux, "the Flux script"),
            content_type="application/vnd.flux",
            accept="application/csv",
            needs=f"to read the secrets of org {org_id}",
        )
        answer = self._transport.send(request)
        tables = self._understood(request, answer, bodies.read_tables)
        if tables.error is None:
            return tables.rows
        # A script that fails midway was answered with 200 already: the error comes as a table.
        said = Redactor((self.settings.token or "",)).clean(tables.error)
        message = f"cannot {request.intent}: {self.settings.url} stopped midway" + (f' ("{said}")' if said else "")
        raise APIError(message, method="POST", path=request.path, status=answer.status, server_message=said)

    def list_tasks(self, org_id: str) -> tuple[Script, ...]:
        """The tasks of an org, with their scripts. A token that may not read tasks is shown none (influxd 2.9.1)."""
        return self._all_pages(partial(scripts.tasks_request, org_id), scripts.read_tasks, scripts.TASKS_PER_PAGE)

    def list_checks(self, org_id: str) -> tuple[Script, ...]:
        """The checks of an org, with their queries. A token that may not read checks is shown none (influxd 2.9.1)."""
        return self._all_pages(partial(scripts.checks_request, org_id), scripts.read_checks, scripts.CHECKS_PER_PAGE)

    def parse_flux(self, flux: str) -> Mapping[str, Any]:
        """The syntax tree of a Flux script, as the server's own parser makes it; nothing is run.

        Raises:
            InvalidError: The script has a mistake.
        """
        request = scripts.parse_request(flux)
        return self._understood(request, self._transport.send(request), scripts.read_tree)

    def server_version(self) -> str:
        """The server's version as `/health` tells it, such as "v2.9.1"; needs no token."""
        return self.health().version

    def health(self) -> Health:
        """What the server says of itself; needs no token."""
        request = Request(method="GET", path="/health", intent="ask the server for its version", authenticated=False)
        return self._understood(request, self._transport.send(request), bodies.read_health)

    def _delete(self, org_id: str, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._transport.send(
                Request(
                    method="DELETE",
                    path=f"{org_path(org_id)}/secrets/{key}",
                    intent=f"remove {bodies.shown_keys((key,))} of org {org_id}",
                    expects=HTTPStatus.NO_CONTENT,
                    needs=f"to write the secrets of org {org_id}",
                    advice=_NO_ORG,
                )
            )

    def _post_delete(self, org_id: str, keys: tuple[str, ...]) -> None:
        body = bodies.encode_keys(keys)
        self._transport.send(
            Request(
                method="POST",
                path=f"{org_path(org_id)}/secrets/delete",
                intent=f"remove {bodies.shown_keys(keys)} of org {org_id}",
                body=body,
                content_type="application/json",
                expects=HTTPStatus.NO_CONTENT,
                needs=f"to write the secrets of org {org_id}",
                advice=_NO_ORG,
            )
        )

    def _all_pages(
        self, next_page: Callable[[list[Script]], Request], read: Callable[[Answer], list[Script] | None], full: int
    ) -> tuple[Script, ...]:
        found: list[Script] = []
        while True:
            request = next_page(found)
            page = self._understood(request, self._transport.send(request), read)
            found += page
            if len(page) < full:
                return tuple(found)

    def _permitted(self, request: Request, permission: str) -> Answer | None:
        """The answer, or `None` where the server names the permission that the token lacks; a wrong token raises."""
        try:
            return self._transport.send(request)
        except UnauthorizedError as exc:
            if (exc.server_message or "").startswith(permission):
                return None
            raise

    def _understood(self, request: Request, answer: Answer, read: Callable[[Answer], T | None]) -> T:
        """What the answer says; a 200 of another shape is not the API's."""
        result = read(answer)
        if result is None:
            raise misread(request, answer, server=self.settings.url, token=self.settings.token)
        return result
