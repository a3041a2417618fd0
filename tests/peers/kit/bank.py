"""The simulated bank: `interlock simulate` as a child, its addresses, credentials, faults and counts."""

import re
import tempfile
from pathlib import Path

from .http import basic, call
from .programs import INTERLOCK, Program

SECRETS = {
    "SERVICENOW_PASSWORD": "simulated-servicenow",
    "JIRA_TOKEN": "simulated-jira",
    "GITHUB_TOKEN": "simulated-github",
    "PORTAL_TOKEN": "simulated-portal",
    "BOT_TOKEN": "simulated-bot",
    "AUDITOR_TOKEN": "simulated-auditor",
}
SERVICENOW = ("svc.interlock", SECRETS["SERVICENOW_PASSWORD"])
JIRA = ("interlock@bank.example", SECRETS["JIRA_TOKEN"])
GITHUB = SECRETS["GITHUB_TOKEN"]

_CREDENTIALS = {
    "servicenow": basic(*SERVICENOW),
    "servicenow-lending": basic(*SERVICENOW),
    "jira": basic(*JIRA),
    "github": {"Authorization": f"Bearer {GITHUB}"},
}


class Bank:
    """The six simulated systems; `with` stops them."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        config = Path(self._folder.name) / "bank.toml"
        command = [INTERLOCK, "simulate", "--vendor-ports", "0", "--write-config", config, "--log", "warn"]
        self._program = Program(command, ready=lambda program: "Ctrl-C stops them" in program.output()).start()
        self.config = config.read_text()
        self.urls = dict(re.findall(r"^(\S+) listening on (http://\S+)$", self._program.output(), re.MULTILINE))
        return self

    def __exit__(self, *_):
        self._program.stop()
        self._folder.cleanup()

    def read(self, system, path, **options):
        """A direct read with the right credentials; `headers` given by the caller come on top."""
        headers = {**_CREDENTIALS.get(system, {}), **options.pop("headers", {})}
        return call(self.urls[system] + path, headers=headers, **options)

    def fault(self, system, **fault):
        """Switches one fault on, as `PUT /_simulator/faults` takes it."""
        answer = call(f"{self.urls[system]}/_simulator/faults", method="PUT", body=fault)
        assert answer.status == 204, answer

    def heal(self, system):
        call(f"{self.urls[system]}/_simulator/faults", method="DELETE")

    def requests(self, system):
        """What the system was asked since the start or the last `forget`, newest last."""
        return call(f"{self.urls[system]}/_simulator/requests").json()["latest"]

    def forget(self, system):
        call(f"{self.urls[system]}/_simulator/requests", method="DELETE")
