"""The gateway on a configuration of the peer's own: `interlock serve`, questions to it, and `interlock check`."""

import json
import re
import subprocess

from .http import call
from .programs import INTERLOCK, Program


class Gateway(Program):
    """`ask` sends GraphQL; anonymous readers on the same machine are let in unless the configuration has tokens."""

    def __init__(self, config, *, environment=None, token=None):
        self.config, self.headers, self.url = config, {}, None
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        command = [INTERLOCK, "serve", "--config", config, "--listen", "127.0.0.1:0", "--log", "warn"]
        super().__init__(command, ready=self._listening, environment=environment)

    def _listening(self, _):
        told = re.search(r"^listening on (http://\S+)$", self.output(), re.MULTILINE)
        self.url = told and told.group(1)
        return bool(self.url) and call(f"{self.url}/health/ready").status == 200

    def ask(self, query, **variables):
        body = {"query": query, "variables": variables}
        answer = call(f"{self.url}/graphql", method="POST", body=body, headers=self.headers)
        told = answer.json()
        assert answer.status == 200 and not told.get("errors"), f"{answer.status}: {str(told)[:2000]}"
        return told["data"]

    def connectors(self):
        """Each system's health and codes of its gaps, by connector id."""
        told = self.ask("{ connectors { id health complete circuit requestsSent lastError { code } gaps { code } } }")
        return {connector["id"]: connector for connector in told["connectors"]}


def check(config, environment=None):
    """What `interlock check` says, and its exit code."""
    command = [INTERLOCK, "check", "--config", config, "--format", "json", "--log", "error"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    return done.returncode, json.loads(done.stdout)
