"""Errors made of unexpected responses: the API's, and those of other programs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_server import Clock, answer, json_answer
from sending import GET, failing

from influx_secrets import _errors as errors
from influx_secrets._client.api_errors import FailedCall
from influx_secrets._client.messages import Request, Response
from influx_secrets._client.transport import MAX_ERROR_BYTES

HTML = answer(502, "<html>planted</html>", content_type="text/html; charset=utf-8")

INACTIVE = "The token is inactive. Run `influx auth active --id ID`, or use another token (IS302)"
WRONG_TOKEN = (
    "The token is wrong, revoked, or of another server. Correct the token where it is set, for example in "
    "INFLUX_TOKEN. If a Provider or the stack's config has the token, run `pulumi up` before a refresh or destroy: "
    "these use the token in the state (IS301)"
)
TOO_LARGE = (
    "The name of a secret is longer than 32,752 bytes, InfluxDB's limit. Use a shorter name, and check that name and "
    "value are not swapped (IS311)"
)


def test_answer_html_of_a_proxy_says_what_to_check() -> None:
    """HTML with a 5xx: `ResponseError` naming status and type, quoting nothing."""
    error = failing(HTML)
    assert isinstance(error, errors.ResponseError)
    assert (error.status, error.content_type) == (502, "text/html")
    assert "HTTP 502" in str(error)
    assert "(tried 5 times)" in str(error)
    assert "text/html" in str(error)
    assert "Check that InfluxDB runs" in str(error)
    assert "planted" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (404, "404 page not found\n", "text/plain"),
        (404, "", "text/plain"),
        (401, "", ""),
        (403, "[]", "application/json"),
        (400, '{"code": "inv', "application/json"),
        (403, '{"message": "forbidden by policy"}', "application/json"),
        (404, '{"error": "no Route matched"}', "application/json"),
        (404, '{"code": 404, "message": "not found"}', "application/json"),
        (502, '{"message": "bad gateway"}', "application/json"),
        (407, "login", "text/html"),
        (201, '{"code": "invalid"}', "application/json"),
        (204, "", ""),
    ],
)
def test_answer_of_another_shape_is_not_the_apis(status: int, body: str, content_type: str) -> None:
    """Neither a text nor an empty body, nor a gateway's JSON, nor a success of another kind is the API's."""
    error = failing(answer(status, body, content_type=content_type), max_attempts=1)
    assert isinstance(error, errors.ResponseError)
    assert (error.status, error.content_type) == (status, content_type or None)
    assert ("Check that InfluxDB runs" in str(error)) is (status == 502)
    assert ("HTTPS_PROXY" in str(error)) is (status != 502)


@pytest.mark.parametrize(("status", "code"), [(413, "IS311"), (429, "IS312")])
def test_page_of_a_gateway_about_a_limit_says_that_the_url_is_right(status: int, code: str) -> None:
    error = failing(answer(status, "<html>planted</html>", content_type="text/html"), max_attempts=1)
    assert isinstance(error, errors.ResponseError)
    assert f"({code})" in str(error)
    assert "url" not in str(error)


def test_answer_without_content_type_is_described() -> None:
    """An answer without a type is said to have none."""
    error = failing(answer(418, "tea"))
    assert "The answer (of no type, 3 bytes) does not come from the InfluxDB API" in str(error)


def test_answer_very_long_error_is_read_in_part() -> None:
    """An endless error page is not read to its end."""
    error = failing(answer(404, b"x" * (10 * MAX_ERROR_BYTES), content_type="text/html"))
    assert isinstance(error, errors.ResponseError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://u:planted@sso.example.com:8443/planted?session=planted", " to https://sso.example.com:8443"),
        ("https://sso.example.com/planted", " to https://sso.example.com"),
        ("/planted", ""),
        ("https://h:planted/", ""),
        ("", ""),
    ],
)
def test_answer_redirect_is_not_followed_and_shows_the_host_alone(status: int, location: str, shown: str) -> None:
    """A redirect is an error that names scheme and host; session keys in it stay unseen."""
    clock = Clock()
    error = failing(answer(status, "{}", location=location), clock=clock)
    assert isinstance(error, errors.ResponseError)
    assert error.status == status
    assert f"The answer redirects{shown}. Redirects are not followed" in str(error)
    assert "planted" not in str(error)
    assert clock.waits == []


@pytest.mark.parametrize("where", ["body", "header"])
@pytest.mark.parametrize(("code", "kind"), errors.ERROR_BY_CODE.items())
def test_api_error_each_code_has_its_class(code: str, kind: type[errors.APIError], where: str) -> None:
    """The code decides, in the body or the header, whatever the status."""
    body = {"code": code, "message": "said", "op": "platform/op"} if where == "body" else {"message": "said"}
    headers = {"x_platform_error_code": code} if where == "header" else {}
    error = failing(json_answer(418, body, **headers))
    assert type(error) is kind
    assert isinstance(error, errors.APIError)
    assert (error.status, error.code, error.server_message) == (418, code, "said")
    assert (error.method, error.path) == ("GET", "/thing")
    assert error.op == (None if where == "header" else "platform/op")


@pytest.mark.parametrize("where", ["body", "header"])
@pytest.mark.parametrize(("status", "kind"), [*errors.ERROR_BY_STATUS.items(), (418, errors.APIError)])
def test_api_error_unknown_code_goes_by_status(status: int, kind: type[errors.APIError], where: str) -> None:
    """A code that we do not know leaves the status; beyond that it is a plain `APIError`."""
    body: dict[str, object] = {"code": "brand new"} if where == "body" else {"message": ["x"]}
    headers = {} if where == "body" else {"x_platform_error_code": "brand new"}
    error = failing(json_answer(status, body, **headers), max_attempts=1)
    assert type(error) is kind
    assert isinstance(error, errors.APIError)
    assert error.code == "brand new"
    assert error.server_message is None


@pytest.mark.parametrize("body", ["", '{"message": "slow down"}'])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(405, errors.MethodNotAllowedError), (429, errors.RateLimitedError), (503, errors.UnavailableError)],
)
def test_api_error_body_without_code_is_read_from_the_status(
    status: int, kind: type[errors.APIError], body: str
) -> None:
    """The 405 of influxd has no body; load balancers limit rates without one, or with JSON of their own."""
    assert type(failing(answer(status, body, content_type="application/json"), max_attempts=1)) is kind


def test_api_error_code_in_header_needs_no_json() -> None:
    """The header `X-Platform-Error-Code` alone is the API's word."""
    error = failing(answer(404, "gone", x_platform_error_code="not found"))
    assert type(error) is errors.NotFoundError


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "The server or a gateway refuses the token. Check the token, its permissions and the gateway (IS304)"),
        (403, "forbids this request. Use another token"),
        (404, "Of the request's own"),
        (405, "forbids this HTTP method. Correct the url"),
        (413, "refuses a request of this size"),
        (429, "Run the command again later"),
        (500, "See the log of the server"),
        (501, "does not support this request"),
        (503, "not ready"),
    ],
)
def test_api_error_message_says_what_to_do(status: int, says: str) -> None:
    """One line: what was attempted, what came, from where, in whose words, and what to do."""
    request = Request(
        method="GET",
        path="/thing",
        intent="get the thing",
        needs="to read the thing",
        advice={404: "of the request's own"},
    )
    body = {"code": "brand new", "message": "the server's\n\x1b[31m words"}
    error = failing(json_answer(status, body), request=request, max_attempts=1)
    assert str(error).startswith(f"cannot get the thing: HTTP {status} from http://127.0.0.1:")
    assert '("the server\'s [31m words"). ' in str(error)
    assert says in str(error)
    assert "\n" not in str(error)


def test_api_error_without_advice_ends_with_the_servers_words() -> None:
    """Where we know nothing better, the server's words stand alone, and its log may say more."""
    assert str(failing(json_answer(400, {"code": "invalid", "message": "no"}))).endswith(
        '("no"). See the log of the server, or of the gateway before the server (IS317)'
    )


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (403, "User is inactive", "inactive or deleted. Use a token of an active user (IS306)"),
        (413, "key too large", TOO_LARGE),
        (500, "key too large", TOO_LARGE),
        (401, "unauthorized access", WRONG_TOKEN),
        (401, "token is inactive", INACTIVE),
        (401, 'error calling function "map" @4:1-4:9: token is inactive', INACTIVE),
        (
            401,
            "read:orgs/0123456789abcdef is unauthorized",
            "The token lacks the permission to read the thing. Use a token with this permission (IS303)",
        ),
    ],
)
@pytest.mark.parametrize("sensitive", ["", "t"])
def test_api_error_message_of_influxd_decides(status: int, message: str, says: str, sensitive: str) -> None:
    """A 401 of influxd tells an unknown token, an inactive one, and one without a permission apart (2.9.1).

    Its 403 is about the user of the token; a key that is too long is a 500 before 2.9.
    """
    request = replace(GET, needs="to read the thing", sensitive=(sensitive,))
    error = failing(json_answer(status, {"code": "any", "message": message}), request=request, max_attempts=1)
    assert str(error).endswith(says)


def test_api_error_long_message_is_shortened() -> None:
    """At most 200 characters of the server's are quoted."""
    error = failing(json_answer(400, {"code": "invalid", "message": "word " * 100}))
    assert isinstance(error, errors.APIError)
    assert error.server_message is not None
    assert len(error.server_message) == 200
    assert error.server_message.endswith("…")


@pytest.mark.parametrize(
    ("asked", "says"), [("3600", "in 3600 s"), ("soon", "later"), ("9" * 30, "later"), ("481516", "later")]
)
def test_api_error_says_how_long_the_server_wants_to_be_left_alone(asked: str, says: str) -> None:
    """A pause too long to wait for is named, unless it is no number of seconds, or repeats a value that was sent."""
    request = Request(method="PATCH", path="/thing", intent="do", body=b"{}", sensitive=("481516",))
    error = failing(json_answer(429, {}, retry_after=asked), request=request, max_attempts=1)
    assert str(error).endswith(f"limits the rate of requests. Run the command again {says} (IS312)")


@pytest.mark.parametrize(
    ("server", "advice"),
    [
        ("http://influx:8086/api/v2", "The url must not end with /api/v2. Set the url to http://influx:8086 (IS318)"),
        ("http://api", "Set the url to the address of the server alone (IS310)"),
    ],
)
def test_path_that_the_api_lacks_is_told_from_a_host_of_that_name(server: str, advice: str) -> None:
    body = b'{"code": "not found", "message": "path not found"}'
    response = Response(404, {"content-type": "application/json"}, body)
    assert str(FailedCall(GET, response, server, secrets=()).to_error()).endswith(advice)
