"""The `jira` client against two independent imitations: jira820 (Jira Server 8.20, written by others) and our Jira
Cloud. Server and Cloud differ in their searches and their people; what both call the same must have the same shape."""

import logging
import os
import sys
import warnings
from pathlib import Path

from jira import JIRA

from kit.bank import JIRA as ACCOUNT
from kit.bank import Bank
from kit.http import call
from kit.programs import Program, free_port

# Cloud knows people by account, Server by name; neither imitation has the other's links to pictures.
DIFFERENT = {"avatarUrls", "emailAddress"}


def shape(value):
    """Objects to shapes by key, lists to the shape of all that is in them, the rest to a word."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in DIFFERENT}
    if isinstance(value, list):
        merged = None
        for inner in value:
            merged = merge(merged, shape(inner))
        return [merged]
    if value is None:
        return None
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def merge(one, other):
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merge(one.get(key), other.get(key)) for key in one.keys() | other.keys()}
    return one


def compare(one, other, place):
    """How many values of the two have a type in common, and the places where they differ."""
    if one is None or other is None:
        return 0, []
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [compare(one[key], other[key], f"{place}.{key}") for key in sorted(one.keys() & other.keys())]
    elif isinstance(one, list) and isinstance(other, list):
        pairs = [compare(one[0], other[0], f"{place}[]")]
    else:
        return (1, []) if one == other else (0, [f"{place}: {one} at the one, {other} at the other"])
    return sum(same for same, _ in pairs), [difference for _, found in pairs for difference in found]


def seen(client, search):
    """What one client sees of one site, by the name of the question."""
    issues = search(client)
    assert issues, "there are issues"
    full = client.issue(issues[0].key, expand="changelog").raw
    project = full["fields"]["project"]["key"]
    parts = {
        "serverInfo": client.server_info(),
        "fields": client.fields(),
        "statuses": [one.raw for one in client.statuses()],
        "priorities": [one.raw for one in client.priorities()],
        "issue types": [one.raw for one in client.issue_types()],
        "link types": [one.raw for one in client.issue_link_types()],
        "project": client.project(project).raw,
        "versions": [one.raw for one in client.project_versions(project)],
        "components": [one.raw for one in client.project_components(project)],
        "issues": [one.raw for one in issues],
        "issue": full,
        "comments": [one.raw for one in client.comments(issues[0])],
        "transitions": client.transitions(issues[0]),
    }
    return {name: shape(part) for name, part in parts.items()}


def main():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = Program(
        [Path(sys.executable).parent / "jira820"],
        ready=lambda _: call(f"{url}/rest/api/2/serverInfo").status == 200,
        environment={"JIRA820_PORT": str(port), "JIRA820_DATE": "2026-01-05"},
    )
    with Bank() as bank, server:
        ours = JIRA(bank.urls["jira"], basic_auth=ACCOUNT, max_retries=0, logging=False)
        theirs = JIRA(url, basic_auth=("admin", "admin"), max_retries=0, logging=False)
        assert (ours.deploymentType, theirs.deploymentType) == ("Cloud", "Server")
        cloud = seen(ours, lambda client: client.enhanced_search_issues("project = PAY order by key", maxResults=100))
        own = seen(theirs, lambda client: client.search_issues("order by key", maxResults=100))
    common, differences = 0, []
    for name in cloud:
        same, found = compare(cloud[name], own[name], name)
        common, differences = common + same, differences + found
    for difference in differences:
        print(f"  {difference}")
    assert not differences, f"{len(differences)} differences"
    assert common > 60, f"too little in common to say anything: {common}"
    print(f"{common} values have the same type in both")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Unable to gather applicationlinks")
    os.environ["NO_PROXY"] = "127.0.0.1"
    main()
