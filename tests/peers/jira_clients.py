"""The `jira` and `atlassian-python-api` clients against the simulated Jira Cloud: searches by token over many pages,
versions, changelogs, writes and errors, compared with plain reads and with the count that a query states."""

import logging
import warnings

from atlassian.jira import JiraCloud, JiraServiceManagement
from jira import JIRA, JIRAError
from requests import HTTPError

from kit.bank import JIRA as ACCOUNT
from kit.bank import Bank
from kit.waiting import raises

EVERYTHING = "project is not EMPTY order by key"
UNRESOLVED = 'project = PAY AND resolution = Unresolved AND status != "Done"'



def stated_count(bank, jql):
    answer = bank.read("jira", "/rest/api/3/search/approximate-count", method="POST", body={"jql": jql})
    assert answer.status == 200, answer
    return answer.json()["count"]


def issues(bank, jql, fields=("key",)):
    """Every issue by plain reads, page by page on the token."""
    found, token = [], None
    while True:
        body = {"jql": jql, "fields": list(fields), "maxResults": 100}
        if token:
            body["nextPageToken"] = token
        page = bank.read("jira", "/rest/api/3/search/jql", method="POST", body=body).json()
        found += page["issues"]
        token = page.get("nextPageToken")
        assert page["isLast"] == (token is None), "the two signs of the last page agree"
        if token is None:
            return found


def jira_client(bank, token=ACCOUNT[1], **options):
    return JIRA(bank.urls["jira"], basic_auth=(ACCOUNT[0], token), max_retries=0, logging=False, **options)


def check_jira(bank):
    client = jira_client(bank)
    assert client.deploymentType == "Cloud" and client.myself()["emailAddress"] == ACCOUNT[0]
    expected = [issue["key"] for issue in issues(bank, EVERYTHING)]
    assert len(expected) == stated_count(bank, EVERYTHING) == client.approximate_issue_count(EVERYTHING) > 1000
    walked = [issue.key for issue in client.enhanced_search_issues(EVERYTHING, maxResults=0, fields="summary")]
    assert walked == expected, f"walked {len(walked)} of {len(expected)}"
    assert len(client.enhanced_search_issues(EVERYTHING, maxResults=60, fields="summary")) == 60
    unresolved = client.enhanced_search_issues(UNRESOLVED, maxResults=0)
    assert len(unresolved) == stated_count(bank, UNRESOLVED) > 0
    assert {issue.fields.resolution for issue in unresolved} == {None}

    projects = {project.key for project in client.projects()}
    assert projects == {key.split("-")[0] for key in expected}, projects
    versions = client.project_versions("PAY")
    paged = bank.read("jira", "/rest/api/3/project/PAY/version?maxResults=1").json()["total"]
    assert len(versions) == paged > 50
    released = next(version for version in versions if version.released)
    fixed = client.version_count_related_issues(released.id)["issuesFixedCount"]
    assert fixed == stated_count(bank, f"fixVersion = {released.id}"), released.name
    open_work = client.version_count_unresolved_issues(released.id)
    assert open_work == stated_count(bank, f"fixVersion = {released.id} AND resolution IS EMPTY")

    linked = client.enhanced_search_issues("project = PAY", maxResults=0, fields="issuelinks")
    links = [link for issue in linked for link in issue.fields.issuelinks]
    assert links and all(hasattr(link, "inwardIssue") != hasattr(link, "outwardIssue") for link in links)
    key = expected[-1]
    told = client.issue(key, expand="changelog").changelog
    page = bank.read("jira", f"/rest/api/3/issue/{key}/changelog").json()
    assert sorted(history.id for history in told.histories) == sorted(row["id"] for row in page["values"])
    # A moved issue answers under its former key too, with the new one.
    fields = {field["name"] for field in client.fields()}
    assert {"Summary", "Fix versions"} <= fields, fields

    created = client.create_issue(
        project="PAY", summary='quotes " and emoji 🚀', issuetype={"name": "Task"}, description="two\nlines"
    )
    client.add_comment(created, "seen by a stranger")
    with raises(JIRAError, "a label that is no operation"):
        created.update(labels=["peer"])
    created.update(summary="renamed", labels=[{"set": ["peer"]}])
    transitions = client.transitions(created)
    done = next(transition for transition in transitions if transition["to"]["statusCategory"]["key"] == "done")
    client.transition_issue(created, done["id"])
    client.create_issue_link("Blocks", created.key, key)
    client.add_remote_link(created, {"url": "https://bank.example/x", "title": "x"}, globalId="peer=1")
    seen = bank.read("jira", f"/rest/api/2/issue/{created.key}?fields=*all&expand=changelog").json()
    assert seen["fields"]["summary"] == "renamed" and seen["fields"]["labels"] == ["peer"]
    assert seen["fields"]["status"]["statusCategory"]["key"] == "done"
    assert [comment["body"] for comment in seen["fields"]["comment"]["comments"]] == ["seen by a stranger"]
    assert [link["outwardIssue"]["key"] for link in seen["fields"]["issuelinks"]] == [key]
    changed = {item["field"] for history in seen["changelog"]["histories"] for item in history["items"]}
    assert {"summary", "labels", "status"} <= changed, changed
    assert [link.object.title for link in client.remote_links(created)] == ["x"]
    version = client.create_version("peer-1", "PAY", releaseDate="2026-12-24")
    version.update(released=True)
    assert bank.read("jira", f"/rest/api/3/version/{version.id}").json()["released"] is True
    created.delete()
    assert bank.read("jira", f"/rest/api/3/issue/{created.key}").status == 404

    check_jira_errors(bank, client)
    return len(walked)


def check_jira_errors(bank, client):
    with raises(JIRAError, "an issue that is not there") as absent:
        client.issue("PAY-999999")
    assert absent.error.status_code == 404 and "does not exist" in absent.error.text
    with raises(JIRAError, "an unbounded query") as unbounded:
        client.enhanced_search_issues("order by created")
    assert unbounded.error.status_code == 400
    with raises(JIRAError, "a version nobody has") as unknown:
        client.enhanced_search_issues('fixVersion = "no such version"')
    assert unknown.error.status_code == 400 and "no such version" in unknown.error.text
    with raises(JIRAError, "the search that Atlassian removed") as gone:
        client._get_json("search", params={"jql": "project = PAY"})
    assert gone.error.status_code == 410, gone.error
    with raises(JIRAError, "a wrong token"):
        jira_client(bank, "wrong").myself()
    bank.fault("jira", path="/rest/api/2/search/jql", times=1, fault="too_many_requests", retry_after_seconds=1)
    with raises(JIRAError, "a rate limit without patience") as limited:
        client.enhanced_search_issues("project = PAY")
    assert limited.error.status_code == 429, limited.error
    bank.fault("jira", path="/rest/api/2/myself", times=1, fault="too_many_requests", retry_after_seconds=1)
    patient = JIRA(bank.urls["jira"], basic_auth=ACCOUNT, max_retries=2, logging=False)
    assert patient.myself()["emailAddress"] == ACCOUNT[0], "it waits as told and tries again"


def check_atlassian(bank):
    client = JiraCloud(bank.urls["jira"], username=ACCOUNT[0], password=ACCOUNT[1])
    expected = {issue["key"] for issue in issues(bank, EVERYTHING)}
    found = client.enhanced_jql_get_list_of_tickets(EVERYTHING, fields="key,summary,description")
    assert {issue["key"] for issue in found} == expected and len(found) == len(expected)
    # Version 3 tells rich text as a document, not as a string.
    texts = [issue["fields"]["description"] for issue in found if issue["fields"]["description"]]
    assert texts and all(text["type"] == "doc" and text["version"] == 1 for text in texts)

    walk = {"projects": 0}
    while True:
        page = client.get(client.endpoint("project/search"), params={"startAt": walk["projects"], "maxResults": 5})
        walk["projects"] += len(page["values"])
        if page["isLast"]:
            break
    assert walk["projects"] == page["total"] == 14, walk
    keys = sorted(expected)[:90]
    fetched = client.post(client.endpoint("issue/bulkfetch"), data={"issueIdsOrKeys": [*keys, "PAY-999999"]})
    assert sorted(issue["key"] for issue in fetched["issues"]) == keys
    assert [int(issue["id"]) for issue in fetched["issues"]] == sorted(int(issue["id"]) for issue in fetched["issues"])
    assert fetched["issueErrors"] == [], "what is not there is left out, as the description says"
    changes = client.get_bulk_changelogs(data={"issueIdsOrKeys": keys[:40], "maxResults": 1000})
    histories = {log["issueId"]: len(log["changeHistories"]) for log in changes["issueChangeLogs"]}
    by_key = {issue["key"]: issue["id"] for issue in fetched["issues"]}
    for key in keys[:10]:
        total = bank.read("jira", f"/rest/api/3/issue/{key}/changelog").json()["total"]
        assert histories.get(by_key[key], 0) == total, f"{key}: {histories.get(by_key[key])} of {total}"

    with raises(HTTPError, "an issue that is not there") as absent:
        client.get(client.endpoint("issue/PAY-999999"))
    assert absent.error.response.status_code == 404 and "does not exist" in str(absent.error)
    stranger = JiraCloud(bank.urls["jira"], username=ACCOUNT[0], password="wrong")
    with raises(HTTPError, "a wrong token") as refused:
        stranger.get(stranger.endpoint("myself"))
    assert refused.error.response.status_code == 401
    bank.forget("jira")
    bank.fault("jira", path="/rest/api/3/myself", times=1, fault="too_many_requests", retry_after_seconds=1)
    assert client.get(client.endpoint("myself"))["emailAddress"] == ACCOUNT[0]
    assert [request["status"] for request in bank.requests("jira")] == [429, 200], "it waits as told and tries again"
    desk = JiraServiceManagement(bank.urls["jira"], username=ACCOUNT[0], password=ACCOUNT[1])
    with raises(HTTPError, "approvals of what is no request") as none:
        desk.get(desk.endpoint(f"request/{keys[0]}/approval"))
    assert none.error.response.status_code in (400, 404), none.error
    return len(found)


if __name__ == "__main__":
    # Both clients write what they raise to the log as well.
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Unable to gather applicationlinks")
    with Bank() as bank:
        print(f"jira walked {check_jira(bank)} issues")
        print(f"atlassian-python-api walked {check_atlassian(bank)} issues")
