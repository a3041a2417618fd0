"""The log of a real ServiceNow instance, lived through by the simulated one, read by the gateway.

What the gateway tells of every incident must be what the log's last line of it says, after one full read and after
incremental reads that follow the log: event by event at its beginning and its end, a hundred at a time between, because
six thousand reads take long. INTERLOCK_EVERY_EVENT=1 reads after each of them.
"""

import collections
import csv
import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime

LOG = os.path.join(os.environ["INTERLOCK_SHARED"], "data", "servicenow-incident-log.csv.xz")
INTERLOCK = os.environ["INTERLOCK_BINARY"]
STEP = 100
# So many events at either end are followed one by one.
ENDS = 10**9 if os.environ.get("INTERLOCK_EVERY_EVENT") else 200
STATES = {
    "New": "NEW",
    "Active": "IN_PROGRESS",
    "Awaiting User Info": "ON_HOLD",
    "Awaiting Problem": "ON_HOLD",
    "Awaiting Vendor": "ON_HOLD",
    "Awaiting Evidence": "ON_HOLD",
    "Resolved": "RESOLVED",
    "Closed": "CLOSED",
}
FACTS = """
fragment Facts on Incident {
  number state stateLabel priority openedAt resolvedAt closedAt updatedAt closeCode assignmentGroup
  assignedTo { name } causedBy { number } problem { number } configurationItem { name }
}
"""
PAGE = FACTS + """
query Page($after: String) {
  incidents(first: 100, after: $after, orderBy: [{ by: NUMBER, direction: ASC }]) {
    totalCount
    gaps { code connector }
    pageInfo { hasNextPage endCursor }
    edges { node { ...Facts } }
  }
}
"""
# A release that nobody knows, asked for fresh, lets the gateway read what changed.
REFRESH = '{ release(key: "nothing@1", maxAge: 0) { key } }'
ONE = FACTS + "query One($number: String!) { incident(number: $number) { ...Facts } }"


def moment(cell):
    return None if cell == "?" else datetime.strptime(cell, "%d-%m-%Y %H:%M").strftime("%Y-%m-%dT%H:%M:%SZ")


def known(cell):
    return None if cell == "?" else cell


def expected(line):
    return {
        "number": line["number"],
        "state": STATES[line["incident_state"]],
        "stateLabel": line["incident_state"],
        "priority": int(line["priority"][0]),
        "openedAt": moment(line["opened_at"]),
        "resolvedAt": moment(line["resolved_at"]),
        "closedAt": moment(line["closed_at"]),
        "updatedAt": moment(line["sys_updated_at"]),
        "closeCode": known(line["closed_code"]),
        "assignmentGroup": known(line["assignment_group"]),
        "assignedTo": known(line["assigned_to"]) and {"name": line["assigned_to"]},
        "causedBy": known(line["caused_by"]) and {"number": line["caused_by"]},
        "problem": known(line["problem_id"]) and {"number": line["problem_id"]},
    }


def states_after(lines):
    """The last line of each incident, the lines in the order in which an instance lived through them."""
    return {line["number"]: line for line in lines}


class Running:
    """A program of ours, until the end of the `with`."""

    def __init__(self, *arguments):
        self.errors = tempfile.TemporaryFile("w+")
        environment = {**os.environ, "SERVICENOW_PASSWORD": "simulated-servicenow"}
        self.process = subprocess.Popen(
            [INTERLOCK, *arguments], stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment
        )
        for line in self.process.stdout:
            found = re.search(r"listening on (http://\S+)$", line)
            if found:
                self.url = found.group(1)
                return
        self.errors.seek(0)
        sys.exit(f"{arguments[0]} did not start:\n{self.errors.read()[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def post(self, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers or {}, method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def ask(self, query, **variables):
        headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        answer = self.post("/graphql", {"query": query, "variables": variables}, headers)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def until_ready(self):
        """Until the first graph is there; the program itself is watched by its exit."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.url + "/health/ready", timeout=10):
                    return self
            except urllib.error.HTTPError:
                time.sleep(0.05)
        sys.exit("the gateway did not become ready")

    def incidents(self):
        nodes, after = [], None
        while True:
            page = self.ask(PAGE, after=after)["incidents"]
            assert page["gaps"] == [], page["gaps"]
            nodes += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                assert page["totalCount"] == len(nodes), (page["totalCount"], len(nodes))
                return {node["number"]: node for node in nodes}
            after = page["pageInfo"]["endCursor"]


def compare_one(told, line, when):
    want = expected(line)
    got = {field: told[field] for field in want}
    assert got == want, f"{when}, {line['number']}:\n told {got}\n log  {want}"
    # The item's name is known where there is a CMDB; without one the item is at least not invented.
    assert line["cmdb_ci"] != "?" or told["configurationItem"] is None


def compare(told, lines, when):
    wanted = states_after(lines)
    assert told.keys() == wanted.keys(), (when, sorted(told.keys() ^ wanted.keys())[:5])
    for number, line in wanted.items():
        compare_one(told[number], line, when)


def main():
    with lzma.open(LOG, "rt") as file:
        lines = list(csv.DictReader(file))
    by_time = sorted(lines, key=lambda line: moment(line["sys_updated_at"]))
    last = moment(by_time[-1]["sys_updated_at"])
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "interlock.toml")
        serve = ["serve", "--config", config, "--listen", "127.0.0.1:0", "--now", last]
        simulate = ["simulate", "servicenow", "--load", LOG, "--write-config", config]
        with Running(*simulate), Running(*serve) as gateway:
            full = gateway.until_ready().incidents()
        compare(full, by_time, "after a full read")
        counts = collections.Counter(node["state"] for node in full.values())
        print(f"full read: {len(lines)} updates of {len(full)} incidents, {dict(sorted(counts.items()))}")

        with Running(*simulate, "--hold") as instance, Running(*serve) as gateway:
            gateway.until_ready()
            happened = reads = 0
            while happened < len(by_time):
                to_come = len(by_time) - happened
                step = 1 if happened < ENDS or to_come <= ENDS else min(STEP, to_come - ENDS)
                happened, reads = instance.post(f"/_simulator/replay?updates={step}")["happened"], reads + 1
                gateway.ask(REFRESH)
                when = f"after {happened} updates"
                if step == 1:
                    line = by_time[happened - 1]
                    compare_one(gateway.ask(ONE, number=line["number"])["incident"], line, when)
                else:
                    compare(gateway.incidents(), by_time[:happened], when)
            told = gateway.incidents()
            compare(told, by_time, "at the end")
            assert told == full, "incremental reads end elsewhere than a full read"
        print(f"incremental reads: {reads}, every one as the log says, the last as the full read")


main()
