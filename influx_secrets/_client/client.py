"""`SecretsClient`: the calls of the API, a method each."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from influx_secrets._client import payloads, readers
from influx_secrets._client.api_errors import INACTIVE
from influx_secrets._client.calls import NO_ORG, NOT_FOUND, Calls, first_supported, id_hint, is_path_safe, valid_org_id
from influx_secrets._client.messages import Request, Response
from influx_secrets._client.payloads import Health, Org
from influx_secrets._client.readers import Alerts, FluxScript
from influx_secrets._client.redaction import clean, quoted
from influx_secrets._client.settings import Settings, secrets_in
from influx_secrets._errors import APIError, InfluxSecretsError, NotFoundError, UnauthorizedError
from influx_secrets._text import quote, sentence

if TYPE_CHECKING:
    from influx_secrets._client.head_start import HeadStart
    from influx_secrets._client.retry import Policy
    from influx_secrets._client.transport import Transport

__all__ = ["FluxScript", "Health", "Org", "SecretsClient"]


class SecretsClient(Calls):
    """The secrets of the organizations of one InfluxDB OSS v2 server. Usable without Pulumi.

    A client keeps its connections until `close`, also as a context manager, and may be shared by threads. Every
    call is idempotent and is tried again where that may help.

    Args:
        settings: How to reach the server. None: `Settings.resolve()`, so the environment decides.

    Raises:
        SettingsError: The settings cannot work; from a call, also: there is no token.
        DeclarationError: A call was given a key or value that cannot be sent.
        TransportError: There was no response.
        ResponseError: The response is not the API's.
        APIError: The API refused; the subclass says why.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._transport = _transport(settings or Settings.resolve())
        self._policy: Policy | None = None

    @classmethod
    def _over(cls, transport: Transport, policy: Policy | None = None) -> SecretsClient:
        client = cls.__new__(cls)
        client._transport, client._policy = transport, policy  # noqa: SLF001 (of this class)
        return client

    def __repr__(self) -> str:
        return f"SecretsClient({self.settings!r})"

    def __enter__(self) -> SecretsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self._transport.settings

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        self._transport.close()

    def with_policy(self, policy: Policy) -> SecretsClient:
        """Return a client with the same connections and another retry policy."""
        return self._over(self._transport, policy)

    def list_secret_keys(self, org_id: str) -> tuple[str, ...]:
        """Return the keys of an org's secrets, sorted by their bytes as the server does; values never come back."""
        request = self._secrets("GET", org_id, "list the secret keys", expects=200)
        try:
            keys = self._ask(request, payloads.read_keys)
        except NotFoundError as exc:
            raise self._explained(org_id, exc) from None
        return tuple(sorted(keys, key=lambda key: key.encode("utf-8", "surrogatepass")))

    def upsert_secrets(self, org_id: str, secrets: Mapping[str, str]) -> None:
        """Write the values of these keys, all or none: one PATCH is one transaction. Other keys stay.

        An empty mapping makes no request. An empty value is stored, but Flux says of it "secret not found".
        """
        if secrets:
            body = payloads.encode_secrets(secrets)
            intent = f"write {payloads.describe_keys(secrets)}"
            self._send(self._secrets("PATCH", org_id, intent, body=body, sensitive=tuple(secrets.values())))

    def delete_secret(self, org_id: str, key: str) -> None:
        """Remove one key. It is not an error if there is no such key.

        DELETE is used for a key that a path carries unchanged, POST delete for any other: influxd 2.9.1 answers
        204 to a DELETE of `a/b` or `a,b`, however they are escaped, and the key stays. Where the DELETE route is
        missing, POST delete does it.
        """
        self._remove(org_id, (key,), path_first=True)

    def delete_secrets(self, org_id: str, keys: Iterable[str]) -> None:
        """Remove keys in one transaction. Missing keys are not an error; no keys, no request.

        Where the POST delete route is missing, they are removed one by one, if a path carries them all.
        """
        if doomed := tuple(dict.fromkeys(keys)):
            self._remove(org_id, doomed, path_first=False)

    def find_org(self, name: str) -> Org:
        """Look an org up by its name.

        Raises:
            NotFoundError: There is no such org (influxd: 404), or the token may not read it (200, empty list).
        """
        request = Request(
            method="GET",
            path="/api/v2/orgs",
            query=(("org", name),),
            intent=f"look up the org named {quote(name)}",
            needs="to read the org",
            advice={404: f"no org has this name. {id_hint(name)} (IS307)"},
        )
        orgs = self._ask(request, payloads.read_orgs)
        # influxd 2.9.1 trims names, when an org is made and when it is looked up.
        found = next((org for org in orgs if org.name in (name, name.strip())), None)
        if found is None:
            raise NotFoundError(
                f"cannot {request.intent} at {self.settings.url}: {self.why_not_found(exists=None)}",
                method="GET",
                path=request.path,
                status=HTTPStatus.OK,
                code="not found",
            )
        self._transport.org_names[found.id] = name
        return found

    def org_exists(self, org_id: str) -> bool | None:
        """Return whether there is an org of that id: False only if confirmed, None if the token may not know.

        `GET /api/v2/orgs?orgID=ID` tells any token, also one of a deleted org: 404 "organization not found" where there
        is none, 200 with an empty list where the token may not read it (influxd 2.6.1, 2.9.1 and 2.10.0).
        """
        query = (("orgID", valid_org_id(org_id)),)
        intent = f"look for the org {self.org_title(org_id)}"
        request = Request(method="GET", path="/api/v2/orgs", query=query, intent=intent)
        found = self._find(request, payloads.read_orgs, "organization not found")
        return False if found is None else bool(found) or None

    def is_token_inactive(self) -> bool:
        """Return whether the server names the token inactive: it then hides every org (influxd 2.9.1)."""
        request = Request(method="GET", path="/api/v2/me", intent="ask whether the token is active")
        try:
            self._transport.send(request)
        except UnauthorizedError as exc:
            return exc.server_message == "token is inactive"
        return False

    def why_not_found(self, *, exists: bool | None) -> str:
        """Return why the server does not find an org, by what `org_exists` returned, and what to do."""
        # influxd 2.9.1 hides an org for two reasons.
        return INACTIVE if exists is None and self.is_token_inactive() else NOT_FOUND[exists]

    def explain(self, error: NotFoundError, *, exists: bool | None) -> NotFoundError:
        """Return the error of a call on the secrets of an org with the one cause in place of all possible ones."""
        if sentence(NO_ORG) in str(error):
            error = copy.copy(error)
            error.args = (str(error).replace(sentence(NO_ORG), sentence(self.why_not_found(exists=exists))),)
        return error

    def may_write(self, org_id: str) -> bool:
        """Return whether the token may write the org's secrets. Writes nothing: a PATCH of no keys (influxd 2.9.1)."""
        intent = "ask whether the token may write the secrets"
        try:
            self._send(self._secrets("PATCH", org_id, intent, body=b"{}"))
        except UnauthorizedError as exc:
            if (exc.server_message or "").startswith("write:orgs/"):
                return False
            raise
        return True

    def query(self, org_id: str, flux: str, *, intent: str = "run a Flux query") -> list[dict[str, str]]:
        """Run a Flux script in an org and return the rows of all its tables, columns by name, as text.

        influxd's CSV writes a line break in a cell as CR LF and drops a lone CR: a cell's line breaks come back
        as LF. Tables of several `yield`s come in no fixed order; the column `result` tells them apart.
        `intent` completes "cannot ... in the org ..." in messages.
        """
        request = Request(
            method="POST",
            path="/api/v2/query",
            query=(("orgID", org_id),),
            intent=f"{intent} in the org {self.org_title(org_id)}",
            body=payloads.encode_script(flux),
            content_type="application/vnd.flux",
            accept="application/csv",
            needs="to read the secrets of this org",
        )
        tables = self._ask(request, payloads.read_tables)
        if tables.error is None:
            return tables.rows
        # A script that fails midway was answered with 200 already: the error comes as a table.
        said = clean(tables.error, secrets_in(self.settings))
        problem = f"the Flux query failed on {self.settings.url}{quoted(said)}. See the log of the server (IS316)"
        message = f"cannot {request.intent}: {problem}"
        raise APIError(message, method="POST", path=request.path, status=HTTPStatus.OK, server_message=said)

    def list_tasks(self, org_id: str) -> tuple[FluxScript, ...]:
        """Return the tasks of an org. A token that may not read tasks gets an empty list (influxd 2.9.1)."""
        return self._all_pages(readers.TASKS, org_id)

    def list_checks(self, org_id: str) -> tuple[FluxScript, ...]:
        """Return the checks of an org. A token that may not read checks gets an empty list (influxd 2.9.1)."""
        return self._all_pages(readers.CHECKS, org_id)

    def list_alerts(self, org_id: str) -> Alerts:
        """Return the notification endpoints of an org, and its notification rules with the scripts that run.

        One request for each rule. A token that may not read endpoints, rules or tasks gets fewer (influxd 2.9.1): a
        rule is left out where its task is hidden or gone.
        """
        endpoints, rules = self._all_pages(readers.ENDPOINTS, org_id), self._all_pages(readers.RULES, org_id)
        found = [
            self._find(readers.task_request(rule), partial(readers.read_script, rule), readers.NO_TASK)
            for rule in rules
        ]
        return Alerts(endpoints, tuple(script for script in found if script is not None))

    def endpoint_exists(self, endpoint_id: str) -> bool:
        """Return whether there is a notification endpoint of that id, whatever the token may read (influxd 2.9.1)."""
        path, intent = f"/api/v2/notificationEndpoints/{endpoint_id}", f"look for the endpoint {endpoint_id}"
        request = Request(method="GET", path=path, intent=intent)
        try:
            return self._find(request, Response.json, readers.NO_ENDPOINT) is not None
        except UnauthorizedError:
            return True

    def parse_flux(self, flux: str) -> Mapping[str, Any]:
        """Return the syntax tree of a Flux script, made by the server's own parser; nothing is run.

        Raises:
            InvalidError: The script has a mistake.
        """
        return self._ask(readers.parse_request(flux), readers.read_tree)

    def health(self) -> Health:
        """Return what the server reports about itself; needs no token."""
        request = Request(method="GET", path="/health", intent="ask the server for its version", authenticated=False)
        return self._ask(request, payloads.read_health)

    def _explained(self, org_id: str, error: NotFoundError) -> NotFoundError:
        with contextlib.suppress(InfluxSecretsError):
            if sentence(NO_ORG) in str(error):
                return self.explain(error, exists=self.org_exists(org_id))
        return error

    def _remove(self, org_id: str, keys: tuple[str, ...], *, path_first: bool) -> None:
        ways = [partial(self._post_delete, org_id, keys)]
        if all(map(is_path_safe, keys)):
            ways.insert(0 if path_first else 1, partial(self._delete, org_id, keys))
        first_supported(ways)

    def _delete(self, org_id: str, keys: tuple[str, ...]) -> None:
        for key in keys:
            intent = f"remove {payloads.describe_keys((key,))}"
            self._send(self._secrets("DELETE", org_id, intent, below=f"/{key}"))

    def _post_delete(self, org_id: str, keys: tuple[str, ...]) -> None:
        body = payloads.encode_keys(keys)
        self._send(self._secrets("POST", org_id, f"remove {payloads.describe_keys(keys)}", below="/delete", body=body))


def connect(
    settings: Settings,
    notify: Callable[[str], None],
    org_names: dict[str, str],
    head_start: HeadStart | None = None,
) -> SecretsClient:
    """Return a client for one run of Pulumi, which fails fast once one request failed after all retries.

    Names of orgs that are looked up are added to `org_names`, by their ids, for messages. The first connection is the
    one that was made ahead, if it is ready.
    """
    return SecretsClient._over(_transport(settings, notify, org_names, head_start))  # noqa: SLF001 (of this file)


def _transport(
    settings: Settings,
    notify: Callable[[str], None] | None = None,
    org_names: dict[str, str] | None = None,
    head_start: HeadStart | None = None,
) -> Transport:
    # Most runs of a program send nothing, and the HTTP libraries take a quarter of the time of `import pulumi`.
    from influx_secrets._client.circuit_breaker import CircuitBreaker, ThrottledNotices  # noqa: PLC0415 (see above)
    from influx_secrets._client.transport import Transport  # noqa: PLC0415 (see above)

    if notify is None:
        return Transport(settings)
    notices, breaker = ThrottledNotices(notify), CircuitBreaker()
    return Transport(settings, notices=notices, breaker=breaker, org_names=org_names, head_start=head_start)
