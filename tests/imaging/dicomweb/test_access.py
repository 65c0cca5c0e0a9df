"""Every address of the DICOMweb door, walked by everybody who must find nothing there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth.models import AccessToken, User
from consult.access import cases_seen
from consult.lifecycle import STATES
from imaging import access
from imaging.dicomweb.door_routes import FAILURES
from imaging.models import Instance, Study
from tests.cast import Cast, consult_in, guest_of
from tests.imaging.dicomweb.conftest import STORES, Headers, made, multipart_of, put_into_case

ClientAs = Callable[[User | None], FlaskClient]
TokenOf = Callable[..., Headers]
pytestmark = pytest.mark.usefixtures("no_children", "jobs_run_at_once")

UIDS = {
    "study_uid": "1.2.3",
    "series_uid": "1.2.3.1",
    "instance_uid": "1.2.3.1.1",
    "frames": "1",
    "place": "00091011",
}
CAPABILITIES = {"dicomweb.capabilities"}  # what the door can do is no secret
SEARCHES = "dicomweb.search."


@pytest.fixture
def walk(app: Flask, cast: Cast, send: Callable[..., str]) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of everything there is, filled in with a picture of the cast's case."""
    put_into_case(send, made(1))
    return list(addresses(app, cast))


def addresses(app: Flask, cast: Cast) -> Iterator[tuple[str, str, str]]:
    values = {**UIDS, "case_id": cast.case.id}
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("dicomweb.") or rule.endpoint in CAPABILITIES:
            continue
        assert rule.arguments <= set(values), f"tell the walk how to fill {rule}"
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            path = urls.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method)
            yield rule.endpoint, method, path


def ask(door: FlaskClient, method: str, path: str, headers: Headers | None) -> int:
    if method == "POST":
        body = multipart_of([made(1)])
        return door.post(path, headers=headers, data=body, content_type=STORES).status_code
    return door.get(path, headers=headers).status_code


def statuses(door: FlaskClient, walk: list[tuple[str, str, str]], headers: Headers | None) -> dict[str, int]:
    return {f"{method} {path}": ask(door, method, path, headers) for _, method, path in walk}


def test_nobody_comes_in_without_a_token(door: FlaskClient, walk: list[tuple[str, str, str]]) -> None:
    assert len(walk) >= 10
    asked = statuses(door, walk[: FAILURES.amount], None)
    assert set(asked.values()) == {401}


def test_a_token_that_has_ended_or_never_was_opens_nothing(
    door: FlaskClient, walk: list[tuple[str, str, str]], token_of: TokenOf, cast: Cast
) -> None:
    revoked, expired, good = (token_of(cast.doctor) for _ in range(3))
    with db.write_transaction() as session:
        rows = {row.prefix: row for row in session.scalars(select(AccessToken))}
        rows[prefix_of(revoked)].revoked_at = clock.now()
        rows[prefix_of(expired)].expires_at = clock.now() - timedelta(seconds=1)
    forged = {"Authorization": good["Authorization"][:-2] + "xx"}
    other_kinds = [{"Authorization": value} for value in ("Basic Zm9vOmJhcg==", "Bearer", "Bearer ", "bearer x y z")]
    for headers in (revoked, expired, forged, *other_kinds):
        found = {ask(door, method, path, headers) for _, method, path in walk}
        assert found <= {401, 429}, headers
    assert ask(door, "GET", "/dicomweb/studies", good) == 200


def prefix_of(headers: Headers) -> str:
    return headers["Authorization"].removeprefix("Bearer ").partition(".")[0]


def test_a_refusal_says_what_to_send(door: FlaskClient) -> None:
    answer = door.get("/dicomweb/studies")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Nidaan"'
    answer = door.get("/dicomweb/studies", headers={"Authorization": "Bearer nonsense"})
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Nidaan", error="invalid_token"'


def test_guessing_ends_in_waiting_and_whoever_has_a_token_does_not_wait(
    door: FlaskClient, doctor_headers: Headers
) -> None:
    guess = {"Authorization": "Bearer nidaan_00000000.guess"}
    found = [ask(door, "GET", "/dicomweb/studies", guess) for _ in range(FAILURES.amount + 3)]
    assert found == [401] * FAILURES.amount + [429] * 3
    assert ask(door, "GET", "/dicomweb/studies", doctor_headers) == 204


def test_a_cookie_opens_nothing(client_as: ClientAs, cast: Cast, walk: list[tuple[str, str, str]]) -> None:
    browser = client_as(cast.doctor)
    assert set(statuses(browser, walk[: FAILURES.amount], None).values()) == {401}


def test_a_token_is_for_what_it_was_made_for(
    door: FlaskClient, walk: list[tuple[str, str, str]], token_of: TokenOf, cast: Cast
) -> None:
    for scope, shut in (("read", "POST"), ("store", "GET")):
        headers = token_of(cast.doctor, scope)
        for _, method, path in walk:
            assert (ask(door, method, path, headers) == 403) == (method == shut), (scope, method, path)


def test_strangers_find_nothing_at_any_address(
    door: FlaskClient, walk: list[tuple[str, str, str]], token_of: TokenOf, cast: Cast
) -> None:
    strangers = {
        "another facility's doctor": token_of(cast.far_doctor),
        "a specialist who was not asked": token_of(cast.specialist),
        "a specialist of another program": token_of(cast.outsider),
        "a doctor of another program": token_of(cast.outside_doctor),
        "another facility's device": token_of(None, facility_id=cast.other_facility.id),
    }
    wrong = []
    reading_first = sorted(walk, key=lambda address: address[1])
    for (endpoint, method, path), (who, headers) in product(reading_first, strangers.items()):
        status = ask(door, method, path, headers)
        if endpoint.startswith(SEARCHES):
            expected = {204}
        elif method == "POST" and "case" not in path:
            expected = {403} if "specialist" in who else {200}  # into their own facility's inbox, where they have one
        else:
            expected = {404}
        if status not in expected:
            wrong.append(f"{who}: {method} {path} -> {status}")
    assert not wrong, "\n".join(wrong)


def test_whoever_is_in_the_case_reads_everything_there_is(
    door: FlaskClient, walk: list[tuple[str, str, str]], token_of: TokenOf, cast: Cast
) -> None:
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
    for headers in (token_of(cast.doctor), token_of(cast.colleague), token_of(cast.specialist), token_of(None)):
        asked = {path: ask(door, "GET", path, headers) for _, method, path in walk if method == "GET"}
        assert not {path: status for path, status in asked.items() if status not in (200, 404)}
        assert [path for path, status in asked.items() if status == 404 and "bulkdata" not in path] == []


def test_a_device_stores_into_no_case_that_it_names(door: FlaskClient, token_of: TokenOf, cast: Cast) -> None:
    assert ask(door, "POST", f"/dicomweb/cases/{cast.case.id}/studies", token_of(None)) == 404
    assert ask(door, "POST", f"/dicomweb/studies?case={cast.case.id}", token_of(None)) == 404


@pytest.mark.parametrize("state", ["", *STATES])
def test_the_list_of_cases_and_the_gate_to_one_case_agree(app: Flask, cast: Cast, state: str) -> None:
    people = [value for value in vars(cast).values() if isinstance(value, User)]
    assert len(people) == 10
    with db.write_transaction() as session:
        consult = consult_in(session, cast, state) if state else None
        guest = guest_of(session, consult, cast)[1] if consult is not None else None
    with db.read_session() as session:
        for actor in [user.actor() for user in people]:
            listed = set(session.scalars(cases_seen(actor)))
            assert (cast.case.id in listed) == access._sees(session, actor, cast.case.id), actor.role
        if guest is not None:
            assert session.scalars(select(Study.id).where(access.studies_seen(guest))).all() == []


@pytest.mark.parametrize("origin", ["https://ohif.example", "https://evil.example", "null", ""])
def test_other_sites_pages_are_let_in_only_where_the_configuration_names_them(
    door: FlaskClient, doctor_headers: Headers, use_config: Callable[..., None], origin: str
) -> None:
    use_config(dicomweb_origins=("https://ohif.example",))
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    preflight = door.options("/dicomweb/studies", headers=asked)
    answer = door.get("/dicomweb/studies", headers={**doctor_headers, "Origin": origin})
    refused = door.get("/dicomweb/studies", headers={"Origin": origin})
    good = origin == "https://ohif.example"
    for one in (preflight, answer, refused):
        assert one.headers.get("Access-Control-Allow-Origin") == (origin if good else None)
        assert "Access-Control-Allow-Credentials" not in one.headers
        assert "Origin" in one.headers["Vary"]
    assert ("Authorization" in preflight.headers.get("Access-Control-Allow-Headers", "")) == good


def test_no_other_site_is_let_in_unless_somebody_said_so(door: FlaskClient, doctor_headers: Headers) -> None:
    answer = door.get("/dicomweb/studies", headers={**doctor_headers, "Origin": "https://ohif.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_door_loads_nothing_that_decodes() -> None:
    modules = "door_routes", "routes", "search_routes", "retrieve_routes", "frame_routes", "store_routes"
    code = (
        f"import sys; [__import__(f'imaging.dicomweb.{{one}}') for one in {modules}]; print('pydicom' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_picture_held_for_naming_another_patient_is_found_nowhere_until_the_doctor_decided(
    app: Flask, door: FlaskClient, doctor_headers: Headers, client_as: ClientAs, cast: Cast
) -> None:
    stored = door.post(
        f"/dicomweb/studies?case={cast.case.id}",
        headers=doctor_headers,
        data=multipart_of([made(1, PatientName="Quite^Another", PatientSex="M", PatientBirthDate="19350101")]),
        content_type=STORES,
    )
    assert stored.status_code == 200
    with db.read_session() as session:
        held = session.scalars(select(Instance)).one()
    assert held.is_held
    reading = [(endpoint, path) for endpoint, method, path in addresses(app, cast) if method == "GET"]
    assert len(reading) >= 17
    for endpoint, path in reading:
        answer = door.get(path, headers=doctor_headers)
        assert answer.status_code == (204 if endpoint.startswith(SEARCHES) else 404), path
    decision = {"decision": "same_patient", "reason": "Registered under her maiden name."}
    decided = client_as(cast.doctor).post(f"/imaging/instances/{held.id}/hold", json=decision)
    assert decided.status_code == 200
    for path in ("", "/metadata", "/frames/1", "/rendered"):
        at = f"/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1{path}"
        assert door.get(at, headers=doctor_headers).status_code == 200
