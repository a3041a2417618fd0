"""Atlassian's and GitHub's published descriptions against both sides: each request that our connectors can send (a full
gather, a refresh, live reads, a check, a map), each answer that the simulators give to them and to a walk over their
other routes."""

import dataclasses
import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from kit.bank import SECRETS, Bank
from kit.front import Exchange, Front
from kit.gateway import Gateway, check
from kit.graphql_github import Schema
from kit.openapi import Description
from kit.programs import INTERLOCK
from kit.waiting import eventually

# Where a description is known to be wrong about the vendor: part of the operation, part of the sentence, why.
# An exception that nothing needs any more fails, so that the list stays true.
JIRA_EXCEPTIONS = [
    ("", "items.*.from: NoneType where string", "a field that was empty has no former value; real sites tell null"),
    ("", "items.*.fromString: NoneType where string", "the same"),
    ("", "items.*.to: NoneType where string", "a field that was emptied has no value; real sites tell null"),
    ("/remotelink", "root: list where object", "the operation's own example is a list"),
    ("GET /rest/api/3/search", "410 is not described", "the description is older than the removal of this search"),
]
GITHUB_EXCEPTIONS = [
    ("/_storage/", "no such operation", "archives lie in object storage, on another host, behind the redirect"),
    ("/contents/{path}", "fits several alternatives", "a folder's alternative is told twice, once without a type"),
]

# All that our connectors ask for. What is sent and does not stand here fails, and so does what stands here and is not
# sent: nothing goes to a vendor that was not held against its description.
JIRA_ASKED = """
GET /issueLinkType
GET /myself
GET /project/search
GET /project/{projectIdOrKey}/version
POST /changelog/bulkfetch
POST /issue/bulkfetch
POST /search/jql
""".strip().splitlines()
# Asked for only where a company configures its own fields, renames a project, or names a single record; the walk below
# asks in the same words.
JIRA_SELDOM = """
GET /field
GET /project/{projectIdOrKey}
GET /user/bulk
GET /version/{id}
""".strip().splitlines()
GITHUB_ASKED = """
GET /orgs/{org}/packages
GET /orgs/{org}/packages/{package_type}/{package_name}/versions
GET /rate_limit
GET /repos/{owner}/{repo}/actions/artifacts
GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}
GET /repos/{owner}/{repo}/actions/runs
GET /repos/{owner}/{repo}/compare/{basehead}
GET /repos/{owner}/{repo}/pulls
GET /repos/{owner}/{repo}/releases
GET /user/repos
POST /orgs/{org}/attestations/bulk-list
""".strip().splitlines()

# Beyond what one GraphQL request brings, and the lists that a check tries where a repository is known.
GITHUB_SELDOM = """
GET /orgs/{org}/repos
GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs
GET /repos/{owner}/{repo}/commits
GET /repos/{owner}/{repo}/contents/{path}
GET /repos/{owner}/{repo}/deployments
GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews
GET /repos/{owner}/{repo}/tags
""".strip().splitlines()

JIRA_WALK = """
myself serverInfo field status statuses/search statuscategory priority resolution issuetype issueLinkType
project project/search?expand=description&maxResults=5 project/PAY project/PAY/versions project/PAY/components
user/bulk?startAt=0&maxResults=200&accountId={account} project/PAY/statuses project/PAY/version?status=released&orderBy=name users/search?maxResults=20
user/search?query=a&maxResults=3 version/{version} version/{version}/relatedIssueCounts
version/{version}/unresolvedIssueCount version/{version}/relatedwork issue/{issue}?expand=changelog,names,schema
issue/{issue}/changelog?maxResults=1 issue/{issue}/transitions issue/{issue}/comment issue/{issue}/remotelink
search/jql?jql=project%3DPAY&fields=*all&maxResults=50 search/jql?jql=project%3DLED&maxResults=500
issue/PAY-999999 search/jql?jql=nonsense%20is search?jql=project%3DPAY
""".split()

GITHUB_WALK = """
/user /rate_limit /meta /orgs/bank /orgs/bank/repos?per_page=3 /orgs/bank/teams /orgs/bank/packages?package_type=container
/search/issues?q=repo:bank/payments-api%20is:pr&per_page=3 {repo} {repo}/releases?per_page=2&page=2 {repo}/releases/latest
{repo}/releases/tags/{tag} {repo}/tags {repo}/git/ref/tags/{tag} {repo}/git/matching-refs/tags/v2 {repo}/branches
{repo}/branches/main {repo}/rules/branches/main {repo}/commits?per_page=50 {repo}/commits/{tag} {repo}/commits/{sha}/pulls
{repo}/commits/{sha}/check-runs {repo}/commits/{sha}/status {repo}/compare/{older}...{tag} {repo}/contents/config?ref={tag}
{repo}/pulls?state=all&sort=updated&direction=desc {repo}/pulls/{pull} {repo}/pulls/{pull}/commits
{repo}/pulls/{pull}/files {repo}/pulls/{pull}/reviews {repo}/issues/{pull} {repo}/deployments?environment=production
{repo}/deployments/{deployment} {repo}/deployments/{deployment}/statuses {repo}/environments
{repo}/environments/{environment} {repo}/actions/workflows {repo}/actions/runs?event=push {repo}/actions/runs/{run}
{repo}/actions/runs/{run}/jobs?filter=all {repo}/actions/runs/{run}/artifacts {repo}/actions/runs/{run}/approvals
{repo}/actions/runs/{run}/pending_deployments {repo}/collaborators/{author}/permission {repo}/pulls/999999
{repo}/releases/tags/none
""".split()

# Parts of targets that are meant to be refused: an error has a described shape too.
REFUSED = ("999999", "nonsense", "/search?jql", "/tags/none", "/permission")


# What no gathering asks for: texts that are read when somebody wants them, and an issue older than the horizon.
LIVE = """{ workItem(key: "PAY-1") { key } release(key: "payments-api@2.14.0") {
  pullRequests(first: 5) { edges { node { description } } } } }"""


def gathered(bank):
    """What passes between Interlock and both vendors: until all is read, then for changes, for details, and to check."""
    with Front(bank.urls["jira"]) as jira, Front(bank.urls["github"]) as github, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "interlock.toml"
        text = bank.config.replace(bank.urls["jira"], jira.url).replace(bank.urls["github"], github.url)
        # Every answer takes a detour through this process.
        text = text.replace('interval = "PT60S"', 'interval = "PT5S"').replace(
            "limits = {", 'try_timeout = "PT60S"\ndeadline = "PT120S"\nlimits = {'
        )
        config.write_text(text)
        with Gateway(config, environment=SECRETS, token=SECRETS["PORTAL_TOKEN"]) as gateway:
            eventually(
                lambda: {name: one["complete"] for name, one in gateway.connectors().items()},
                lambda told: told["jira"] and told["github"],
                "Jira and GitHub are read whole",
                seconds=900,
            )
            full = len(jira.exchanges), len(github.exchanges)
            eventually(
                lambda: (len(jira.exchanges), len(github.exchanges)),
                lambda now: now[0] > full[0] + 1 and now[1] > full[1] + 1,
                "both are asked for changes",
            )
            gateway.ask(LIVE)
        check(config, {**os.environ, **SECRETS})
        # Before anything is mapped, all that a token shows is looked at.
        config.write_text(text.split("[[services]]")[0])
        command = [INTERLOCK, "map", "--config", str(config), "--format", "json", "--log", "error"]
        subprocess.run(command, capture_output=True, check=True, env={**os.environ, **SECRETS})
        return list(jira.exchanges), list(github.exchanges)


def walked(bank, system, targets):
    """Routes that the connectors do not need; another client may."""
    for target in targets:
        answer = bank.read(system, target)
        assert (answer.status >= 400) == any(part in target for part in REFUSED), f"{answer.status} for {target}"
        yield Exchange("GET", target, {}, b"", answer.status, dict(answer.headers), answer.body)


def jira_targets(bank):
    page = bank.read("jira", "/rest/api/3/search/jql?jql=project%3DPAY%20order%20by%20key&fields=key")
    issue = page.json()["issues"][0]["key"]
    version = bank.read("jira", "/rest/api/3/project/PAY/versions").json()[-1]["id"]
    account = bank.read("jira", "/rest/api/3/myself").json()["accountId"]
    known = {"issue": issue, "version": version, "account": account}
    return ["/rest/api/3/" + target.format(**known) for target in JIRA_WALK]


def github_targets(bank):
    def first(path, place=0):
        rows = bank.read("github", f"/repos/bank/payments-api{path}").json()
        return (rows if isinstance(rows, list) else next(one for one in rows.values() if isinstance(one, list)))[place]

    known = {
        "repo": "/repos/bank/payments-api",
        "tag": first("/releases")["tag_name"],
        "older": first("/releases", 3)["tag_name"],
        "sha": first("/commits")["sha"],
        "pull": first("/pulls?state=closed")["number"],
        "author": first("/pulls?state=closed")["user"]["login"],
        "environment": first("/environments")["name"],
        "deployment": first("/deployments")["id"],
        "run": first("/actions/runs?event=push")["id"],
    }
    return [target.format(**known) for target in GITHUB_WALK]


def judge(name, judged, exceptions):
    """Fails with every mistake that no exception covers, and with every exception that covers none."""
    mistakes, needed, operations = Counter(), set(), Counter()
    for operation, found in judged:
        operations[operation] += 1
        for mistake in found:
            excuse = next((one for one in exceptions if one[0] in operation and one[1] in mistake), None)
            if excuse:
                needed.add(excuse)
            else:
                mistakes[f"{operation}: {mistake}"] += 1
    lines = [f"{count} × {mistake}" for mistake, count in mistakes.most_common()]
    lines += [f"needless exception {one}" for one in exceptions if one not in needed]
    print(f"{name}: {sum(operations.values())} exchanges of {len(operations)} operations, {len(lines)} mistakes")
    for line in lines:
        print(f"  {line}")
    return lines


def check_asked(description, exchanges, expected, seldom=()):
    """Exactly these operations were asked for, and perhaps some that are seldom asked for."""
    routes = ((one.method, description.route(one.method, urlsplit(one.target).path)) for one in exchanges)
    asked = {f"{method} {route.removeprefix('/rest/api/3')}" for method, route in routes if route}
    unexpected, missing = asked - {*expected, *seldom}, set(expected) - asked
    assert not unexpected and not missing, f"not expected {unexpected}, not asked for {missing}"


def check_sharpness(description, exchange):
    """A broken answer and a broken request are seen: the judge is not asleep."""
    body = json.loads(exchange.body)
    rows = body["values"] if isinstance(body, dict) else body
    del rows[0]["id"]
    rows[-1]["name"] = 7
    broken = dataclasses.replace(
        exchange, target=exchange.target + "&maxResults=x&per_page=x&nobody=1", body=json.dumps(body).encode()
    )
    _, found = description.problems(broken)
    assert any("name: int where string" in one for one in found), found
    assert any("no parameter nobody" in one for one in found) and any("no integer" in one for one in found), found


def main():
    with Bank() as bank:
        jira, github = gathered(bank)
        asked = list(jira), [one for one in github if one.target != "/graphql"]
        jira += walked(bank, "jira", jira_targets(bank))
        github += walked(bank, "github", github_targets(bank))
    cloud = Description("jira-cloud-platform-v3.openapi.json.gz")
    rest = Description("github-rest-api.openapi.json.gz")
    schema = Schema("github-graphql.schema.graphql.gz")
    documents = [exchange for exchange in github if exchange.target == "/graphql"]
    others = [exchange for exchange in github if exchange.target != "/graphql"]
    lines = judge("Jira", map(cloud.problems, jira), JIRA_EXCEPTIONS)
    lines += judge("GitHub REST", map(rest.problems, others), GITHUB_EXCEPTIONS)
    lines += judge("GitHub GraphQL", map(schema.problems, documents), [])
    check_sharpness(cloud, next(one for one in jira if "/project/PAY/version?" in one.target))
    check_sharpness(rest, next(one for one in others if "/releases?" in one.target))
    check_asked(cloud, asked[0], JIRA_ASKED, JIRA_SELDOM)
    check_asked(rest, asked[1], GITHUB_ASKED, GITHUB_SELDOM)
    sources = (Path(os.environ["INTERLOCK_ROOT"]) / "connectors/src/github").rglob("*.*")
    written = {name for source in sources for name in re.findall(r"\bquery (\w+) ?[({]", source.read_text())}
    sent = {re.match(r"\s*query (\w+)", json.loads(one.request_body)["query"])[1] for one in documents}
    assert sent == written, f"GraphQL documents that were never sent: {written - sent}"
    assert not lines, f"{len(lines)} mistakes"


if __name__ == "__main__":
    main()
