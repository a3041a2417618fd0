"""prometheus-api-client against the simulated Prometheus, and the same questions to a real one that holds the same
samples: whatever the simulator evaluates, the real server must evaluate alike."""

import math
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from prometheus_api_client import PrometheusApiClientException, PrometheusConnect

from kit.bank import Bank
from kit.monitoring import Prometheus
from kit.waiting import raises

# As the connector asks them, and what people put into health queries and dashboards.
INSTANT = [
    "build_info",
    "count(build_info)",
    "max without (instance, pod) (build_info)",
    'count by (service, environment) (build_info{environment=~"stag.*|production"})',
    'build_info{region!="", version=~"[0-9]+[.].*"}',
    "max without (instance, pod) (build_info) unless max without (instance, pod) (build_info offset 300s)",
    "sum by (service) (rate(http_requests_total[5m]))",
    'sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (service) (rate(http_requests_total[5m]))',
    "sum by (service) (increase(http_requests_total[5m]))",
    "topk(3, sum by (service) (http_requests_total))",
    "sort_desc(sum by (service) (http_requests_total)) > bool 100",
    "avg_over_time(up[10m])",
    "absent(build_info{service='nobody'})",
    "sum(http_requests_total) / sum(http_requests_total{service='nobody'})",
    "http_requests_total * on (service, environment) group_left (version) build_info{region=''}",
    "max_over_time(http_requests_total[10m]) - min_over_time(http_requests_total[10m])",
    "vector(1) + scalar(count(up))",
    "quantile(0.9, http_requests_total)",
    "0/0",
    "label_replace(up, 'name', '$1', 'service', '(.*)-.*')",
]
# What must be empty in both: nobody, a share of nothing.
EMPTY = {query for query in INSTANT if "nobody" in query and "absent" not in query} | {INSTANT[5]}
RANGES = [
    "count(build_info)",
    "sum by (service) (rate(http_requests_total[5m]))",
    "max without (instance, pod) (build_info) unless max without (instance, pod) (build_info offset 300s)",
]
REFUSED = ["sum by (", "rate(up)", "up{", "no_such_function(up)", "http_requests_total[5m] + 1"]
METRICS = ["build_info", "config_info", "http_requests_total", "up"]


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def open_metrics(client, at):
    """The raw samples of the last two hours, in the format that promtool reads."""
    lines, samples = [], 0
    for name in METRICS:
        counter = name.endswith("_total")
        lines.append(f"# TYPE {name.removesuffix('_total')} {'counter' if counter else 'gauge'}")
        for series in client.custom_query(f"{name}[2h]", params={"time": at}):
            labels = ",".join(
                f'{key}="{escaped(value)}"' for key, value in series["metric"].items() if key != "__name__"
            )
            for moment, value in series["values"]:
                lines.append(f"{name}{{{labels}}} {value} {moment:.3f}")
                samples += 1
    return "\n".join([*lines, "# EOF", ""]), samples


def told(result):
    """An answer without the order of its series, which nobody promises."""
    if result and not isinstance(result[0], dict):
        return [float(result[1])]
    return {
        tuple(sorted(series["metric"].items())): [
            (float(moment), float(value)) for moment, value in series.get("values") or [series["value"]]
        ]
        for series in result
    }


def same(one, other):
    def near(left, right):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(left) and math.isnan(right))

    if isinstance(one, list):
        return len(one) == len(other) and all(near(*pair) for pair in zip(one, other))
    return one.keys() == other.keys() and all(
        len(points) == len(other[labels])
        and all(near(a[0], b[0]) and near(a[1], b[1]) for a, b in zip(points, other[labels]))
        for labels, points in one.items()
    )


def compare(simulated, real, at):
    differences = []
    for query in INSTANT:
        ours, theirs = (told(client.custom_query(query, params={"time": at})) for client in (simulated, real))
        assert ours or query in EMPTY, f"{query} compares nothing"
        if not same(ours, theirs):
            differences.append(f"{query}\n  simulated {str(ours)[:600]}\n  real      {str(theirs)[:600]}")
    end = datetime.fromtimestamp(at, timezone.utc)
    for query in RANGES:
        span = {"start_time": end - timedelta(hours=1), "end_time": end, "step": "60"}
        ours, theirs = (told(client.custom_query_range(query, **span)) for client in (simulated, real))
        if not same(ours, theirs):
            differences.append(f"{query} over an hour\n  simulated {str(ours)[:600]}\n  real      {str(theirs)[:600]}")
    for query in REFUSED:
        for name, client in (("simulated", simulated), ("real", real)):
            try:
                client.custom_query(query)
                differences.append(f"{name} takes {query}")
            except PrometheusApiClientException as error:
                if not str(error).startswith("HTTP Status Code 400") or "bad_data" not in str(error):
                    differences.append(f"{name} refuses {query} otherwise: {error}")
    assert not differences, "\n".join(differences)


def check_client(bank, client):
    assert client.check_prometheus_connection()
    assert set(METRICS) <= set(client.all_metrics())
    assert "service" in client.get_label_names()
    services = client.get_label_values("service")
    direct = bank.read("prometheus", "/api/v1/series?match[]=build_info").json()["data"]
    assert {series["service"] for series in direct} <= set(services) and len(direct) > 20
    assert len(client.get_current_metric_value("build_info", {"environment": "production"})) == sum(
        1 for series in client.custom_query("build_info") if series["metric"]["environment"] == "production"
    )
    end = datetime.fromtimestamp(float(client.custom_query("time()")[1]), timezone.utc)
    chunks = client.get_metric_range_data(
        "up", start_time=end - timedelta(hours=1), end_time=end, chunk_size=timedelta(minutes=15)
    )
    whole = client.custom_query("up[1h]", params={"time": round(end.timestamp())})
    assert sum(len(series["values"]) for series in chunks) >= sum(len(series["values"]) for series in whole) > 0
    with raises(PrometheusApiClientException, "more points than a server draws"):
        client.custom_query_range("up", start_time=end - timedelta(days=30), end_time=end, step="1")
    bank.fault("prometheus", path="/api/v1/query", times=1, fault="status", status=503, body="")
    with raises(PrometheusApiClientException, "a server that is going down"):
        client.custom_query("up")


if __name__ == "__main__":
    with Bank() as bank, tempfile.TemporaryDirectory() as folder:
        client = PrometheusConnect(bank.urls["prometheus"], retry=0)
        check_client(bank, client)
        at = math.floor(float(client.custom_query("time()")[1])) - 60
        past, samples = open_metrics(client, at)
        prometheus = Prometheus(Path(folder), "global: { scrape_interval: 1h }\n")
        prometheus.backfill(past)
        with prometheus:
            compare(client, PrometheusConnect(prometheus.url, retry=0), at)
        print(f"{len(INSTANT) + len(RANGES)} questions over {samples} samples are answered as a real Prometheus does")
