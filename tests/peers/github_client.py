"""PyGithub against the simulated GitHub: tags, pull requests, reviews, checks, deployments and comparisons over many
pages, compared with plain reads that follow no link, and the errors and limits that it meets."""

import hashlib

from github import Auth, BadCredentialsException, Github, RateLimitExceededException, UnknownObjectException
from github import GithubException, GithubRetry

from kit.bank import GITHUB, Bank
from kit.waiting import raises

REPOSITORY = "bank/payments-api"


def pages(bank, path, size=100):
    """All rows by page numbers, until a page is short: other than the client, which follows the links."""
    found, page = [], 1
    join = "&" if "?" in path else "?"
    while True:
        answer = bank.read("github", f"/repos/{REPOSITORY}{path}{join}per_page={size}&page={page}")
        assert answer.status == 200, answer
        rows = answer.json()
        if isinstance(rows, dict):
            rows = next(value for value in rows.values() if isinstance(value, list))
        found += rows
        if len(rows) < size:
            return found
        page += 1


def client_of(bank, token=GITHUB, retry=None, per_page=30):
    return Github(
        base_url=bank.urls["github"], auth=Auth.Token(token), retry=retry, per_page=per_page, seconds_between_requests=0
    )


def check_lists(bank, repository):
    """Every list is walked on small pages and compared row by row."""
    walked = {
        "/tags": [(tag.name, tag.commit.sha) for tag in repository.get_tags()],
        "/releases": [release.id for release in repository.get_releases()],
        "/pulls?state=all": [pull.number for pull in repository.get_pulls(state="all")],
        "/commits": [commit.sha for commit in repository.get_commits()],
        "/deployments": [deployment.id for deployment in repository.get_deployments()],
        "/actions/runs": [run.id for run in repository.get_workflow_runs()],
        "/branches": [branch.name for branch in repository.get_branches()],
        "/environments": [environment.name for environment in repository.get_environments()],
    }
    names = {"/tags": lambda row: (row["name"], row["commit"]["sha"]), "/commits": lambda row: row["sha"]}
    names |= {path: lambda row: row["number"] for path in ["/pulls?state=all"]}
    names |= {path: lambda row: row["name"] for path in ["/branches", "/environments"]}
    for path, seen in walked.items():
        expected = [names.get(path, lambda row: row["id"])(row) for row in pages(bank, path)]
        assert seen == expected and seen, f"{path}: {len(seen)} of {len(expected)}"
    assert repository.get_pulls(state="all").totalCount == len(walked["/pulls?state=all"]) > 50
    assert repository.get_workflow_runs().totalCount == len(walked["/actions/runs"])
    return sum(len(seen) for seen in walked.values())


def check_facts(bank, client, repository):
    """Facts that two ways through the API must tell alike."""
    tags = {tag.name: tag.commit.sha for tag in repository.get_tags()}
    releases = list(repository.get_releases())
    newest = repository.get_latest_release()
    published = [release for release in releases if not release.draft and not release.prerelease]
    assert newest.created_at == max(release.created_at for release in published)
    for release in releases[:5]:
        assert release.tag_name in tags, release.tag_name
        assert repository.get_release(release.id).tag_name == release.tag_name
        reference = repository.get_git_ref(f"tags/{release.tag_name}")
        sha = reference.object.sha
        if reference.object.type == "tag":
            sha = repository.get_git_tag(sha).object.sha
        assert sha == tags[release.tag_name], f"{release.tag_name} is peeled to another commit"

    ordered = [release.tag_name for release in releases]
    span = repository.compare(ordered[8], ordered[0])
    commits = list(span.commits)
    assert span.total_commits == len(commits) > 0 and commits[-1].sha == tags[ordered[0]]
    assert span.ahead_by == span.total_commits and span.status in ("ahead", "diverged"), span.status
    assert repository.compare(ordered[0], ordered[0]).status == "identical"

    merged = [pull for pull in repository.get_pulls(state="closed")[:30] if pull.merged_at]
    assert merged
    for pull in merged[:5]:
        one = repository.get_pull(pull.number)
        assert one.merged and one.merge_commit_sha == pull.merge_commit_sha
        assert one.commits == one.get_commits().totalCount and one.changed_files == one.get_files().totalCount
        associated = [other.number for other in repository.get_commit(one.merge_commit_sha).get_pulls()]
        assert pull.number in associated, f"{pull.number} is not among {associated}"
        for review in one.get_reviews():
            assert review.state in ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"), review.state
    reviewed = [review for pull in merged for review in pull.get_reviews()]
    assert any(review.state == "APPROVED" for review in reviewed)

    head = repository.get_commit(merged[0].head.sha)
    runs = list(head.get_check_runs())
    assert all((run.status == "completed") == (run.conclusion is not None) for run in runs)
    deployment = repository.get_deployments()[0]
    states = [status.state for status in deployment.get_statuses()]
    assert states and set(states) <= {
        "error", "failure", "inactive", "in_progress", "queued", "pending", "success"
    }, states
    run = repository.get_workflow_runs(event="push")[0]
    assert run.jobs().totalCount > 0 and repository.get_workflow_run(run.id).head_sha == run.head_sha
    file = repository.get_contents("", ref=ordered[0])[0]
    while file.type == "dir":
        file = repository.get_contents(file.path, ref=ordered[0])[0]
    # Git's own name for these bytes: the content is whole and is what was committed.
    content = file.decoded_content
    assert hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == file.sha, file.path
    names = sorted(found.full_name for found in client.get_organization("bank").get_repos())
    assert REPOSITORY in names and len(names) == 10, names


def check_errors(bank, client, repository):
    with raises(UnknownObjectException, "a repository that is not there"):
        client.get_repo("bank/no-such-repository")
    with raises(UnknownObjectException, "a pull request that is not there"):
        repository.get_pull(999_999)
    with raises(BadCredentialsException, "a wrong token"):
        client_of(bank, "wrong").get_repo(REPOSITORY)
    with raises(UnknownObjectException, "a file that is not there"):
        repository.get_contents("no/such/file")
    with raises(GithubException, "a range with an unknown end") as unknown:
        repository.compare("no-such-tag", "main")
    assert unknown.error.status == 404, unknown.error
    reset = "4102444800"
    bank.fault(
        "github", path="/repos", times=1, fault="status", status=403,
        headers={"content-type": "application/json", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset},
        body='{"message":"API rate limit exceeded for user ID 1."}',
    )
    with raises(RateLimitExceededException, "the primary limit"):
        client.get_repo(REPOSITORY)
    bank.fault("github", path="/repos", times=1, fault="too_many_requests", retry_after_seconds=1)
    patient = client_of(bank, retry=GithubRetry(total=2, backoff_factor=0))
    assert patient.get_repo(REPOSITORY).full_name == REPOSITORY, "a passing limit is waited for"
    limits = client.get_rate_limit().resources.core
    assert limits.limit == 5000 and limits.remaining < 5000
    # An unchanged answer is told without being counted.
    first = bank.read("github", f"/repos/{REPOSITORY}/tags")
    again = bank.read("github", f"/repos/{REPOSITORY}/tags", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]


if __name__ == "__main__":
    with Bank() as bank:
        client = client_of(bank)
        repository = client.get_repo(REPOSITORY)
        rows = check_lists(bank, repository)
        check_facts(bank, client, repository)
        check_errors(bank, client, repository)
        print(f"PyGithub walked {rows} rows of {REPOSITORY}")
