"""The `icalendar` package reads the calendar feeds: what RFC 5545 asks of an event is there, and agrees with GraphQL. An
event whose record moves stays the same event, with a greater sequence number."""

import json
import os
import tempfile
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

from icalendar import Calendar

from kit.bank import SECRETS, Bank
from kit.gateway import Gateway
from kit.http import call
from kit.waiting import eventually

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


def check_move():
    """A change is moved by an hour and a half in the ticket system; the feed follows."""
    with Bank() as bank, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bank.toml"
        config.write_text(bank.config)
        with Gateway(config, environment=SECRETS, token=SECRETS["PORTAL_TOKEN"]) as gateway:
            key = "ledger-core@5.3.0"

            def feed():
                answer = call(gateway.url + "/calendar/service/ledger-core.ics", headers=gateway.headers)
                assert answer.status == 200, answer
                found = Calendar.from_ical(answer.body).walk("VEVENT")
                return {str(event["UID"]): event for event in found}

            def asked():
                question = '{ release(key: "%s", maxAge: 1) { gaps { code } changes(first: 1) { edges { node { number } } } } }'
                body = {"query": question % key}
                told = call(gateway.url + "/graphql", method="POST", body=body, headers=gateway.headers).json()
                # A gateway that has just started reads for a while, and tells what it has not read as errors.
                return told["data"]["release"]["changes"]["edges"]

            number = eventually(asked, bool, "the release is there", 180)[0]["node"]["number"]
            before = feed()
            mine = lambda event: str(event["SUMMARY"]).startswith(key) and number in str(event.get("DESCRIPTION"))
            (uid,) = [uid for uid, event in before.items() if mine(event)]
            event = before[uid]
            rows = bank.read("servicenow", f"/api/now/table/change_request?sysparm_query=number={number}").json()["result"]
            start, end = (event[name].dt.astimezone(timezone.utc) + timedelta(minutes=90) for name in ("DTSTART", "DTEND"))
            moved = {"start_date": f"{start:%Y-%m-%d %H:%M:%S}", "end_date": f"{end:%Y-%m-%d %H:%M:%S}"}
            path = f"/api/now/table/change_request/{rows[0]['sys_id']}"
            answer = bank.read("servicenow", path, method="PATCH", body=moved)
            assert answer.status == 200, answer

            def now():
                asked()
                return feed().get(uid)

            later = eventually(now, lambda event: event and event["DTSTART"].dt == start, "the feed follows", 300)
            assert later["DTEND"].dt == end, later
            assert later["SEQUENCE"] > event["SEQUENCE"], (event["SEQUENCE"], later["SEQUENCE"])
            assert later["LAST-MODIFIED"].dt > event["LAST-MODIFIED"].dt, later
            after = feed()
            for other, event in before.items():
                # What has no revision of its own, a blackout for example, counts from the graph's moment.
                is_release = str(event["SUMMARY"]).startswith("ledger-core@") and number not in str(event.get("DESCRIPTION"))
                assert not is_release or after[other]["SEQUENCE"] == event["SEQUENCE"], f"{other} did not move"
            return number


check_service()
check_environment_and_team()
check_access()
moved = check_move()
print("icalendar read the feeds of a service, two environments and a team")
print(f"{moved} moved: the same UID, a greater SEQUENCE, and no other event changed its own")
