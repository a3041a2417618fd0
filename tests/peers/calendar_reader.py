"""The `icalendar` package reads the calendar feeds: what RFC 5545 asks of an event is there, and agrees with GraphQL."""

import json
import os
import urllib.error
import urllib.request
from datetime import datetime, timezone

from icalendar import Calendar

URL = os.environ["INTERLOCK_URL"].removesuffix("/graphql").rstrip("/")


def get(path, headers=None):
    with urllib.request.urlopen(urllib.request.Request(URL + path, headers=headers or {})) as answer:
        return answer.headers, answer.read()


def status(path, headers=None):
    try:
        get(path, headers)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def ask(query):
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(URL + "/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def events(path):
    headers, body = get(path)
    assert headers["Content-Type"] == "text/calendar; charset=utf-8", headers["Content-Type"]
    assert b"\r\n" in body and b"\n" not in body.replace(b"\r\n", b""), "lines end in CRLF"
    assert all(len(line) <= 75 for line in body.split(b"\r\n")), "lines are folded"
    calendar = Calendar.from_ical(body)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    found = list(calendar.walk("VEVENT"))
    for event in found:
        assert not event.errors, event.errors
        assert event["UID"] and event["SEQUENCE"] >= 0, event
        assert event["DTSTAMP"].dt.tzinfo and event["DTSTART"].dt < event["DTEND"].dt, event
    ids = [str(event["UID"]) for event in found]
    assert len(ids) == len(set(ids)), "ids are unique"
    return found


def check_service():
    key = "ledger-core@5.3.0"
    windows = ask('{ release(key: "%s") { windows { start end } } }' % key)["release"]["windows"]
    expected = {(datetime.fromisoformat(w["start"]), datetime.fromisoformat(w["end"])) for w in windows}
    mine = [event for event in events("/calendar/service/ledger-core.ics") if str(event["SUMMARY"]).startswith(key)]
    found = {(event["DTSTART"].dt.astimezone(timezone.utc), event["DTEND"].dt.astimezone(timezone.utc)) for event in mine}
    assert found == expected and found, (found, expected)


def check_environment_and_team():
    staging = events("/calendar/environment/staging.ics")
    assert any("staging" in str(event["LOCATION"]) for event in staging), "bookings are in it"
    production = events("/calendar/environment/production.ics")
    assert any(str(event["SUMMARY"]).startswith("Quarter-end close") for event in production), "blackouts are in it"
    team = ask('{ service(key: "payments-api") { owner { key } } }')["service"]["owner"]["key"]
    assert events("/calendar/team/%s.ics" % team)
    again = get("/calendar/environment/production.ics")[1]
    assert again == get("/calendar/environment/production.ics")[1], "the same graph, the same bytes"


def check_access():
    path = "/calendar/service/ledger-core.ics"
    assert status(path, {"Authorization": "Bearer wrong"}) == 401
    assert status(path + "?token=wrong") == 401
    assert status("/calendar/service/nothing.ics") == 404
    assert status("/calendar/planet/earth.ics") == 404


check_service()
check_environment_and_team()
check_access()
print("icalendar read the feeds of a service, two environments and a team")
