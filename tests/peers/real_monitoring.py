"""Our Prometheus and Alertmanager connectors against real servers: what runs, an alert that fires, is silenced and
ends, a new version, a server that dies and comes back, a process that is gone."""

import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from kit.gateway import Gateway, check
from kit.http import call
from kit.monitoring import Alertmanager, Prometheus
from kit.waiting import eventually

CONFIG = """
[refresh]
interval = "PT1S"

[[connectors]]
id = "prometheus"
vendor = "prometheus"
url = "{prometheus}"
try_timeout = "PT2S"
deadline = "PT4S"
lookback = "PT24H"
[connectors.health.errors]
query = 'sum by ({{labels}}) (rate(http_requests_total{{code=~"5..",{{selector}}}}[15s])) / sum by ({{labels}}) (rate(http_requests_total{{selector}}[15s]))'
at_most = 0.05

[[connectors]]
id = "alertmanager"
vendor = "alertmanager"
url = "{alertmanager}"
try_timeout = "PT2S"
deadline = "PT4S"

[[environments]]
key = "production"
stage = "PRODUCTION"
regions = ["eu", "uk"]

[[services]]
key = "checkout"
monitoring = [
  {{ connector = "prometheus", labels = {{ service = "checkout" }} }},
  {{ connector = "alertmanager", labels = {{ service = "checkout" }} }},
]
"""

SCRAPING = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{ site: test }} }}
rule_files: [rules.yml]
alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ["{alertmanager}"] }}] }}] }}
scrape_configs:
  - job_name: checkout
    static_configs: [{{ targets: ["{target}"] }}]
"""

RULES = """
groups:
  - name: checkout
    rules:
      - alert: QueueGrows
        expr: queue_length > 10
        labels: { severity: critical }
        annotations: { summary: "{{ $value }} wait in the queue of {{ $labels.service }}" }
"""

RUNNING = """{ service(key: "checkout") { running {
  target { environment { key } region } version digest since observedAt source { connector stale } } } }"""


class Checkout:
    """A service's metrics page. Its version and queue change as the test goes on."""

    def __enter__(self):
        self.versions, self.queue = {"eu": "1.0.0", "uk": "1.0.0"}, 0
        service = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                body = service.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def page(self):
        builds = [
            f'build_info{{service="checkout",environment="production",region="{region}",version="{version}",'
            f'digest="sha256:{version.encode().hex():0<64}"}} 1'
            for region, version in self.versions.items()
        ]
        queue = f'queue_length{{service="checkout",environment="production"}} {self.queue}'
        return "\n".join(["# TYPE build_info gauge", *builds, "# TYPE queue_length gauge", queue, ""])

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def running(gateway):
    """Version by region, or None while nobody can tell."""
    placed = gateway.ask(RUNNING)["service"]["running"]
    return placed if not placed else {place["target"]["region"]: place["version"] for place in placed}


def alerts(config):
    """What the connector reads of the Alertmanager, as `interlock check` counts it."""
    _, told = check(config)
    system = next(system for system in told["systems"] if system["connector"] == "alertmanager")
    return system["permitted"][0].get("remark")


def gaps(gateway, connector):
    return {gap["code"] for gap in gateway.connectors()[connector]["gaps"]}


def check_running(gateway, service):
    eventually(lambda: running(gateway), lambda seen: seen == service.versions, "both regions are seen")
    placed = gateway.ask(RUNNING)["service"]["running"]
    assert {place["target"]["environment"]["key"] for place in placed} == {"production"}
    assert all(place["digest"].startswith("sha256:") and not place["source"]["stale"] for place in placed), placed
    assert all(place["since"] <= place["observedAt"] for place in placed), placed
    eventually(
        gateway.connectors,
        lambda told: all(one["health"] == "HEALTHY" and one["complete"] and not one["gaps"] for one in told.values()),
        "both systems are read well",
    )


def check_deployment(gateway, service):
    """A new version in one region: the old series ends at once, and only one of them is told."""
    service.versions = {"eu": "1.1.0", "uk": "1.0.0"}
    eventually(lambda: running(gateway), lambda seen: seen == service.versions, "the new version is seen")
    placed = gateway.ask(RUNNING)["service"]["running"]
    assert len(placed) == 2, placed


def check_alert(config, service, alertmanager):
    assert alerts(config) == "alerts: 0, active silences: 0"
    service.queue = 50
    eventually(lambda: alerts(config), lambda told: told == "alerts: 1, active silences: 0", "the alert fires")
    # The labels that Prometheus adds on the way out, and a summary whose template was filled in there.
    [alert] = call(f"{alertmanager.url}/api/v2/alerts").json()
    assert alert["labels"]["site"] == "test" and alert["annotations"]["summary"].startswith("50 wait"), alert
    silence = alertmanager.silence({"service": "checkout"})
    eventually(lambda: alerts(config), lambda told: told == "alerts: 1, active silences: 1", "the alert is silenced")
    alertmanager.expire(silence)
    service.queue = 0
    eventually(lambda: alerts(config), lambda told: told == "alerts: 0, active silences: 0", "the alert ends")


def check_outages(gateway, service, prometheus, alertmanager):
    """A dead server darkens what it told, and nothing else; back again, it is read again without a restart of ours."""
    prometheus.kill()
    told = eventually(gateway.connectors, lambda told: told["prometheus"]["health"] == "DOWN", "the outage is told")
    assert told["alertmanager"]["health"] == "HEALTHY", told
    assert "SOURCE_UNAVAILABLE" in gaps(gateway, "prometheus"), told
    placed = gateway.ask(RUNNING)["service"]["running"]
    assert placed is None or all(place["source"]["stale"] for place in placed), f"not known to be old: {placed}"
    prometheus.start()
    eventually(lambda: gateway.connectors()["prometheus"]["health"], lambda health: health == "HEALTHY", "it is back")
    eventually(lambda: running(gateway), lambda seen: seen == service.versions, "what runs is seen again")
    placed = gateway.ask(RUNNING)["service"]["running"]
    assert all(not place["source"]["stale"] for place in placed), placed

    alertmanager.kill()
    told = eventually(gateway.connectors, lambda told: told["alertmanager"]["health"] == "DOWN", "the other outage")
    assert told["prometheus"]["health"] == "HEALTHY" and running(gateway) == service.versions, told
    alertmanager.start()
    eventually(lambda: gateway.connectors()["alertmanager"]["health"], lambda health: health == "HEALTHY", "it is back")


def main(folder):
    with Checkout() as service, Alertmanager(folder) as alertmanager:
        scraping = SCRAPING.format(alertmanager=alertmanager.url.removeprefix("http://"), target=service.address)
        (folder / "rules.yml").write_text(RULES)
        config = folder / "interlock.toml"
        with Prometheus(folder, scraping) as prometheus:
            config.write_text(CONFIG.format(prometheus=prometheus.url, alertmanager=alertmanager.url))
            with Gateway(config) as gateway:
                check_running(gateway, service)
                check_deployment(gateway, service)
                check_alert(config, service, alertmanager)
                check_outages(gateway, service, prometheus, alertmanager)
                # Nothing to scrape any more: the process is gone, and that is known, not unknown.
                service.stop()
                eventually(lambda: running(gateway), lambda seen: seen == [], "nothing runs")
                sent = {name: one["requestsSent"] for name, one in gateway.connectors().items()}
    print(f"running, deployed, firing, silenced, resolved, killed and back; requests sent: {sent}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
