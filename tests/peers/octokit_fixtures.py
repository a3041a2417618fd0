"""Answers that GitHub itself once gave, as the npm package `@octokit/fixtures` recorded them, in place of our
simulator's: our GitHub connector must read releases with their assets, repositories over linked pages, issues where a
list of pull requests is asked for, a repository that moved, and refusals."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from kit.bank import SECRETS, Bank
from kit.front import Front
from kit.gateway import Gateway
from kit.programs import INTERLOCK
from kit.waiting import eventually

SCENARIOS = Path(os.environ["INTERLOCK_NODE_MODULES"]) / "@octokit/fixtures/scenarios/api.github.com"
GITHUB = "https://api.github.com"

CONNECTOR = """
[[connectors]]
id = "github"
vendor = "github"
url = "{url}"
auth = {{ token = {{ env = "GITHUB_TOKEN" }} }}
organizations = [{organizations}]
limits = {{ requests_per_second = 1000, burst = 1000 }}
"""

SERVICE = """
[[services]]
key = "{name}"
repositories = [{{ connector = "github", repository = "bank/{name}", tags = "v{{version}}" }}]
"""


def recorded(scenario, *, method="get", status=200, path=""):
    """The first answer of a scenario to a method, with this status, for a path that holds a part."""
    for one in json.loads((SCENARIOS / scenario / "normalized-fixture.json").read_text()):
        if (one["method"], one["status"]) == (method, status) and path in one["path"]:
            return one
    raise AssertionError(f"{scenario} holds no {method} {path} with {status}")


class Recorded:
    """What is answered instead of the simulator, by path; links lead to whoever tells them."""

    def __init__(self):
        self.answers, self.url, self.used = {}, "", set()

    def put(self, path, exchange, body=None):
        """One recorded answer under another path; `body` where an answer was put together from several."""
        body = exchange["response"] if body is None else body
        self.answers[path] = exchange["status"], exchange["headers"], json.dumps(body).encode()

    def __call__(self, _, target):
        # The recordings count pages in the query; our own queries differ and do not matter.
        page = next((part for part in urlsplit(target).query.split("&") if part.startswith("page=")), "")
        path = urlsplit(target).path + (f"?{page}" if page else "")
        if path not in self.answers:
            return None
        self.used.add(path)
        status, headers, body = self.answers[path]
        # Fixtures hold some numbers as numbers; a header is text.
        return status, {name: str(value).replace(GITHUB, self.url) for name, value in headers.items()}, body

    def unused(self):
        return sorted(self.answers.keys() - self.used)


def with_front(bank, instead, talk):
    """Talks to a front that answers as recorded, and else as the simulated GitHub."""
    with Front(bank.urls["github"], instead=instead) as front, tempfile.TemporaryDirectory() as folder:
        instead.url = front.url
        seen = talk(front, Path(folder) / "interlock.toml")
        assert instead.unused() == [], f"nobody asked for {instead.unused()}"
        return seen


def gaps_of(config, front, names):
    """Codes of the gaps after everything was read, with the releases of the first service."""
    text = CONNECTOR.format(url=front.url, organizations="")
    config.write_text(text + "".join(SERVICE.format(name=name) for name in names))
    with Gateway(config, environment=SECRETS) as gateway:
        connector = eventually(
            lambda: gateway.connectors()["github"], lambda told: told["complete"] or told["gaps"], "GitHub is read", 300
        )
        query = "query ($service: String!) { releases(first: 50, filter: { services: [$service] }) { edges { node {"
        query += " key name sources { url } } } } }"
        edges = gateway.ask(query, service=names[0])["releases"]["edges"]
        return {gap["code"] for gap in connector["gaps"]}, [edge["node"] for edge in edges]


def check_answers(bank):
    """Recorded answers that say something are read as what they say."""
    release = recorded("release-assets")["response"]
    # The recordings tell the release before its asset, and the asset alone.
    assets = recorded("release-assets", path="/releases/1000/assets")["response"]
    release = {**release, "assets": assets}
    tags = bank.read("github", "/repos/bank/payments-api/releases").json()
    # Only the tag is ours: a release of a tag that is not there says nothing.
    here = {**release, "tag_name": tags[0]["tag_name"]}
    instead = Recorded()
    instead.put("/repos/bank/payments-api/releases", recorded("release-assets"), [here])
    moved = recorded("rename-repository", status=301)
    instead.put("/repos/bank/ledger-core/releases", moved)
    instead.put(urlsplit(moved["response"]["url"]).path, recorded("release-assets"), [release])
    # An issue is no pull request that was merged, and a list may hold nothing else.
    instead.put("/repos/bank/ledger-core/pulls", recorded("paginate-issues"))

    def talk(front, config):
        gaps, releases = gaps_of(config, front, ["payments-api", "ledger-core"])
        assert gaps == set(), gaps
        read = [one for one in releases if any(source["url"] == release["html_url"] for source in one["sources"])]
        assert len(read) == 1 and here["tag_name"].endswith(read[0]["key"].split("@")[1]), releases

    with_front(bank, instead, talk)
    return len(instead.answers)


def check_refusals(bank):
    """Recorded refusals are gaps, each with its meaning."""
    refusals = {
        "SOURCE_DENIED": recorded("branch-protection", status=404),
        "SOURCE_MALFORMED": recorded("errors", method="post", status=422),
    }
    for code, exchange in refusals.items():
        instead = Recorded()
        instead.put("/repos/bank/payments-api/releases", exchange)
        told = with_front(bank, instead, lambda front, config: gaps_of(config, front, ["payments-api"]))
        assert told[0] == {code}, f"{exchange['status']}: {told[0]}"
    return len(refusals)


def check_pages(bank):
    """Recorded links are followed to their end, and the recorded repositories are read from each page."""
    organization = recorded("get-organization")["response"]["login"]
    repositories = [
        recorded("get-repository")["response"],
        recorded("rename-repository", path="/repositories/1000")["response"],
    ]
    pages = json.loads((SCENARIOS / "paginate-issues" / "normalized-fixture.json").read_text())
    instead = Recorded()
    for number, page in enumerate(pages):
        path, _, query = page["path"].partition("?")
        path = f"{path}?page={number + 1}" if number else f"/orgs/{organization}/repos"
        instead.put(path, page, [repositories[number % len(repositories)]])

    def talk(front, config):
        config.write_text(CONNECTOR.format(url=front.url, organizations=f'"{organization}"'))
        command = [INTERLOCK, "map", "--config", str(config), "--log", "error"]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **SECRETS})
        # Nobody recorded what is in these repositories: they are hidden, which is told and no failure to read the list.
        asked = next(one for one in front.exchanges if one.target == "/graphql").request_body.decode()
        for repository in repositories:
            assert repository["name"] in asked, f"{repository['full_name']} was not looked at: {done.stderr}"

    with_front(bank, instead, talk)
    return len(pages)


if __name__ == "__main__":
    with Bank() as bank:
        answers = check_answers(bank) + check_refusals(bank) + check_pages(bank)
        print(f"{answers} recorded answers are read as what they say")
