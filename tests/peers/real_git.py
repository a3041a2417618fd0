"""Our Git connector against repositories that real git wrote: clones over HTTP from `git http-backend`, over `git daemon`
and over `file://`, packed refs and objects, annotated and signed-looking tags, merges, renames, every kind of letter.
The connector itself never fetches, so git clones and fetches, and git is asked what lies between two tags."""

import os
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from kit.gateway import Gateway
from kit.programs import Program, free_port
from kit.waiting import eventually

CONFIG = """
[horizon]
past = "P1000D"

[refresh]
interval = "PT1S"

[[connectors]]
id = "git"
vendor = "git"
repositories = [
  {{ name = "shop/http", path = "{http}" }},
  {{ name = "shop/daemon", path = "{daemon}" }},
  {{ name = "shop/file", path = "{file}" }},
]

[[services]]
key = "checkout"
repositories = [{{ connector = "git", repository = "shop/http", tags = "v{{version}}" }}]

[[services]]
key = "basket"
repositories = [{{ connector = "git", repository = "shop/daemon", tags = "v{{version}}" }}]

[[services]]
key = "till"
repositories = [{{ connector = "git", repository = "shop/file", tags = "v{{version}}" }}]
"""

RELEASES = """query ($service: String!) { releases(first: 50, filter: { services: [$service] }) { edges { node {
  key commits(first: 100) { edges { node { sha message workItemKeys author { name } } } } } } } }"""

# What git itself would otherwise take from this machine's user.
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Zoë Ångström 🦊",
    "GIT_AUTHOR_EMAIL": "zoe@shop.example",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@shop.example",
}


def git(folder, *words, environment=None):
    done = subprocess.run(
        ["git", "-C", folder, *words], capture_output=True, env={**ENVIRONMENT, **(environment or {})}
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr.decode()}"
    return done.stdout.decode()


def commit(folder, message, path="code.txt"):
    with open(folder / path, "a") as file:
        file.write(message + "\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def history(folder):
    """Three releases and more: what a year of work leaves behind."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "SHOP-1 Sell things")
    git(folder, "tag", "v1.0.0")
    commit(folder, "SHOP-2 Take cards 💳 — عربى\n\nReviewed-by: Ada <ada@shop.example>")
    git(folder, "checkout", "--quiet", "-b", "feature/sale")
    commit(folder, "SHOP-3 Cut prices", "sale.txt")
    git(folder, "mv", "sale.txt", "prices – neu.txt")
    git(folder, "commit", "--quiet", "--message", "Rename the price list")
    git(folder, "checkout", "--quiet", "main")
    commit(folder, "shop-4 lower case, and no key: UTF-8")
    git(folder, "merge", "--quiet", "--no-ff", "feature/sale", "--message", "Merge branch 'feature/sale'")
    git(folder, "tag", "--annotate", "v1.1.0", "--message", "Release 1.1.0 ✓")
    # A hotfix beside the main line, and a tag whose text looks signed.
    git(folder, "checkout", "--quiet", "-b", "hotfix", "v1.1.0")
    commit(folder, "SHOP-5 Stop the leak", "fix.txt")
    armour = "1.1.1\n-----BEGIN PGP SIGNATURE-----\n\nbm90IG9uZQ==\n-----END PGP SIGNATURE-----\n"
    git(folder, "tag", "--annotate", "--cleanup=verbatim", "v1.1.1", "--message", armour)
    git(folder, "checkout", "--quiet", "main")
    for number in range(30):
        commit(folder, f"SHOP-{100 + number} Step {number}", f"step-{number % 3}.txt")
    git(folder, "tag", "v2.0.0")
    # A name without a version and a tag of a tree are no releases; a tag of a tag is one.
    git(folder, "tag", "nightly")
    git(folder, "tag", "v9.9.9", "HEAD^{tree}")
    git(folder, "tag", "--annotate", "candidate", "v1.0.0", "--message", "to be tried")
    git(folder, "tag", "--annotate", "v1.0.1", "candidate", "--message", "a tag of a tag")


class Smart:
    """`git http-backend` behind a few lines of HTTP."""

    def __init__(self, root):
        class Handler(BaseHTTPRequestHandler):
            def serve(self):
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                environment = {
                    **ENVIRONMENT,
                    "GIT_PROJECT_ROOT": str(root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": url.path,
                    "QUERY_STRING": url.query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                }
                done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment)
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
                self.send_response(int(fields.pop("Status", "200").split()[0]))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def told(gateway, service):
    """Commits by release, as the gateway tells them."""
    answer = gateway.ask(RELEASES, service=service)["releases"]["edges"]
    return {
        edge["node"]["key"].split("@")[1]: {one["node"]["sha"]: one["node"] for one in edge["node"]["commits"]["edges"]}
        for edge in answer
    }


def between(folder, base, tip):
    """What git itself says lies between two tags."""
    span = f"{base}..{tip}" if base else tip
    return set(git(folder, "rev-list", span).split())


def check(seen, clone):
    assert set(seen) == {"1.0.0", "1.0.1", "1.1.0", "1.1.1", "2.0.0"}, sorted(seen)
    bases = {"1.0.0": None, "1.0.1": "v1.0.0", "1.1.0": "v1.0.1", "1.1.1": "v1.1.0"}
    for version, base in bases.items():
        assert set(seen[version]) == between(clone, base, f"v{version}"), f"{version}: {sorted(seen[version])}"
    # After a hotfix beside it, the main line's release still brings its thirty commits and no other's.
    assert set(seen["2.0.0"]) == between(clone, "v1.1.1", "v2.0.0"), len(seen["2.0.0"])
    for commits in seen.values():
        for sha, one in commits.items():
            assert one["message"].strip() == git(clone, "log", "-1", "--format=%B", sha).strip(), one
    keys = {key for one in seen["1.1.0"].values() for key in one["workItemKeys"]}
    # By form alone: `shop-4` and `UTF-8` could be anything while no tracker knows their projects.
    assert keys == {"SHOP-2", "SHOP-3"}, keys
    assert any(one["author"]["name"] == "Zoë Ångström 🦊" for one in seen["1.1.0"].values())


def main(folder):
    origin = folder / "origin"
    history(origin)
    port = free_port()
    daemon = Program(
        ["git", "daemon", f"--base-path={folder}", "--export-all", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"],
        ready=lambda _: subprocess.run(
            ["git", "ls-remote", f"git://127.0.0.1:{port}/origin"], capture_output=True, env=ENVIRONMENT
        ).returncode == 0,
        environment=ENVIRONMENT,
    )
    clones = {name: folder / f"{name}.git" for name in ("http", "daemon", "file")}
    with Smart(folder) as smart, daemon:
        git(folder, "clone", "--quiet", "--mirror", f"{smart.url}/origin/.git", str(clones["http"]))
        git(folder, "clone", "--quiet", "--mirror", f"git://127.0.0.1:{port}/origin", str(clones["daemon"]))
        # A worktree of its own, as a build server has it; `file://` speaks git's protocol where a path would copy files.
        git(folder, "clone", "--quiet", f"file://{origin}", str(clones["file"]))
        # One of them packed as hard as git can: no loose object, no loose ref.
        git(clones["http"], "pack-refs", "--all")
        git(clones["http"], "repack", "-adf", "--depth=50", "--window=50", "--write-bitmap-index", "--quiet")
        git(clones["http"], "commit-graph", "write", "--reachable")
        config = folder / "interlock.toml"
        config.write_text(CONFIG.format(**clones))
        with Gateway(config) as gateway:
            seen = told(gateway, "checkout")
            check(seen, clones["http"])
            for service in ("basket", "till"):
                assert told(gateway, service) == seen, f"{service}: the same history, however it was cloned and packed"

            commit(origin, "SHOP-6 Refund")
            git(origin, "tag", "--annotate", "v2.1.0", "--message", "2.1.0")
            git(clones["http"], "fetch", "--quiet", "--prune", "--tags")
            fresh = eventually(lambda: told(gateway, "checkout"), lambda now: "2.1.0" in now, "a fetched tag is seen")
            assert set(fresh["2.1.0"]) == between(clones["http"], "v2.0.0", "v2.1.0")
            assert "2.1.0" not in told(gateway, "basket"), "what nobody fetched is not there"
            # A tag that moves: the range follows it.
            commit(origin, "SHOP-7 One more thing")
            git(origin, "tag", "--force", "v2.1.0")
            git(clones["http"], "fetch", "--quiet", "--force", "--tags")
            eventually(
                lambda: set(told(gateway, "checkout")["2.1.0"]),
                lambda now: now == between(clones["http"], "v2.0.0", "v2.1.0") and len(now) == 2,
                "a moved tag is followed",
            )
        shallow = folder / "shallow.git"
        git(folder, "clone", "--quiet", "--mirror", "--depth=2", f"{smart.url}/origin/.git", str(shallow))
        config.write_text(CONFIG.format(**{**clones, "http": shallow}))
        with Gateway(config) as gateway:
            connector = gateway.connectors()["git"]
            assert {gap["code"] for gap in connector["gaps"]} == {"SOURCE_INCOMPLETE"}, f"a shallow clone: {connector}"
            assert set(told(gateway, "basket")) == set(seen), "the sound clone beside it is read all the same"
    print(f"{len(seen)} releases with {sum(map(len, seen.values()))} commits are as git tells them, before and after a fetch")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
