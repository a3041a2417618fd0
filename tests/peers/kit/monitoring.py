"""A real Prometheus and a real Alertmanager, as Debian packages them, on free ports and with data of their own."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .http import call
from .programs import Program, free_port

# Where Debian's packages put them; its Alertmanager reads files of its package by absolute paths.
_BINARIES = Path("/usr/bin")


def _answers(url):
    def ready(_):
        return call(f"{url}/-/ready", seconds=5).status == 200

    return ready


class Prometheus(Program):
    """Keeps its address and data over `stop` and `start`."""

    def __init__(self, folder, configuration):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.data = folder / "prometheus"
        self.data.mkdir()
        config = folder / "prometheus.yml"
        config.write_text(configuration)
        command = [
            _BINARIES / "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={self.data}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--web.enable-lifecycle",
            "--storage.tsdb.retention.time=400d",
            # Debian's own defaults lead to files of its package.
            f"--web.console.templates={folder}",
            f"--web.console.libraries={folder}",
        ]
        super().__init__(command, ready=_answers(self.url))

    def backfill(self, open_metrics):
        """Writes samples of the past into its data, before it is started."""
        source = self.data.parent / "past.om"
        source.write_text(open_metrics)
        command = [_BINARIES / "promtool", "tsdb", "create-blocks-from", "openmetrics", source, self.data]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class Alertmanager(Program):
    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        data = folder / "alertmanager"
        data.mkdir()
        config = folder / "alertmanager.yml"
        config.write_text("route: { receiver: nobody, group_wait: 1s }\nreceivers: [{ name: nobody }]\n")
        command = [
            _BINARIES / "prometheus-alertmanager",
            f"--config.file={config}",
            f"--storage.path={data}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--cluster.listen-address=",
        ]
        super().__init__(command, ready=_answers(self.url))

    def silence(self, matchers, seconds=3600):
        """Silences alerts with these labels from now on; gives the silence's id."""
        now = datetime.now(timezone.utc)
        body = {
            "matchers": [{"name": name, "value": value, "isRegex": False} for name, value in matchers.items()],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(seconds=seconds)).isoformat(),
            "createdBy": "peers",
            "comment": "a deployment",
        }
        answer = call(f"{self.url}/api/v2/silences", method="POST", body=body)
        assert answer.status == 200, answer
        return answer.json()["silenceID"]

    def expire(self, silence):
        assert call(f"{self.url}/api/v2/silence/{silence}", method="DELETE").status == 200
