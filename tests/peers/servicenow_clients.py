"""pysnow, PySNC and aiosnow against the simulated ServiceNow: lists over many pages, streams, writes, batches and
errors. What they see is compared with plain reads and with the row count that the instance states itself."""

import asyncio
import os
import warnings
from urllib.parse import urlencode

import aiosnow
import pysnow
import requests
from aiosnow.exceptions import RequestError
from aiosnow.models import TableModel, fields
from pysnc import ServiceNowClient
from pysnc.exceptions import AuthenticationException, NotFoundException, RequestException

from kit.bank import SERVICENOW, Bank
from kit.front import Front
from kit.http import basic, call
from kit.waiting import raises

# aiosnow was written for older versions of what it stands on, and they say so.
warnings.filterwarnings("ignore")

FAILED = "state=3^close_code=unsuccessful"
# Only what no client writes to: the counts below have to stay.
BIG = "sys_audit"


def rows(bank, table, query="", columns="sys_id"):
    """Every row by plain reads, a page of a thousand after the other, beside the count that the instance states."""
    found, total = [], None
    while total is None or len(found) < total:
        parameters = {
            "sysparm_query": f"{query}^ORDERBYsys_id" if query else "ORDERBYsys_id",
            "sysparm_fields": columns,
            "sysparm_limit": 1000,
            "sysparm_offset": len(found),
        }
        answer = bank.read("servicenow", f"/api/now/table/{table}?{urlencode(parameters)}")
        assert answer.status == 200, answer
        page = answer.json()["result"]
        total = int(answer.headers["X-Total-Count"])
        assert page or len(found) == total, f"{table} stopped at {len(found)} of {total}"
        found += page
    return found


def stated_count(bank, table, query):
    """The count of the Aggregate API: another way to the same number."""
    parameters = urlencode({"sysparm_query": query, "sysparm_count": "true"})
    return int(bank.read("servicenow", f"/api/now/stats/{table}?{parameters}").json()["result"]["stats"]["count"])


def pysnow_client(bank, password=SERVICENOW[1]):
    host = bank.urls["servicenow"].removeprefix("http://")
    return pysnow.Client(host=host, user=SERVICENOW[0], password=password, use_ssl=False)


def check_pysnow(bank):
    client = pysnow_client(bank)
    audit = client.resource(api_path=f"/table/{BIG}")
    expected = {row["sys_id"] for row in rows(bank, BIG)}
    assert len(expected) > 5000, f"{BIG} is too small to be paged: {len(expected)}"

    streamed = [row["sys_id"] for row in audit.get(query={}, fields=["sys_id"], stream=True).all()]
    assert set(streamed) == expected and len(streamed) == len(expected), f"streamed {len(streamed)}"
    paged = []
    while page := audit.get(
        query="ORDERBYsys_id", fields=["sys_id"], limit=1500, offset=len(paged)
    ).all():
        paged += [row["sys_id"] for row in page]
    assert paged == sorted(expected), f"pages gave {len(paged)} of {len(expected)}"

    changes = client.resource(api_path="/table/change_request")
    failed = changes.get(query=FAILED).all()
    assert len(failed) == stated_count(bank, "change_request", FAILED) > 0
    assert {row["close_code"] for row in failed} == {"unsuccessful"}
    builder = (
        pysnow.QueryBuilder().field("type").equals(["emergency", "standard"]).AND().field("number").order_descending()
    )
    numbers = [row["number"] for row in changes.get(query=builder, fields=["number"]).all()]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == stated_count(bank, "change_request", "typeINemergency,standard") > 0
    assert changes.get(query={"number": "CHG9999999"}).all() == []
    changes.parameters.display_value = True
    closed = changes.get(query="state=3", limit=1).all()[0]
    assert closed["state"] == "Closed", closed["state"]
    changes.parameters.display_value = False

    created = changes.create({"short_description": "pysnow: ünïcode ✓", "type": "normal"}).one()
    assert created["number"].startswith("CHG") and created["state"] == "-5", created
    changes.update(query={"number": created["number"]}, payload={"short_description": "pysnow again"})
    assert changes.get(query={"sys_id": created["sys_id"]}).one()["short_description"] == "pysnow again"
    seen = bank.read("servicenow", f"/api/now/table/change_request/{created['sys_id']}").json()["result"]
    assert (seen["short_description"], seen["sys_mod_count"]) == ("pysnow again", "1"), seen

    with raises(requests.HTTPError, "a wrong password") as refused:
        pysnow_client(bank, "wrong").resource(api_path="/table/incident").get(query={}).all()
    assert refused.error.response.status_code == 401
    with raises(requests.HTTPError, "a table that is not there") as absent:
        client.resource(api_path="/table/no_such_table").get(query={}).all()
    assert absent.error.response.status_code == 400, absent.error.response.status_code
    bank.fault("servicenow", path="/api/now/table/incident", times=1, fault="too_many_requests", retry_after_seconds=7)
    with raises(requests.HTTPError, "a rate limit") as limited:
        client.resource(api_path="/table/incident").get(query={}).all()
    assert limited.error.response.status_code == 429 and limited.error.response.headers["Retry-After"] == "7"
    return len(streamed)


def pysnc_client(front, password=SERVICENOW[1]):
    return ServiceNowClient(front.url, (SERVICENOW[0], password), verify=front.certificate)


def check_pysnc(bank):
    with Front(bank.urls["servicenow"], tls=True) as front:
        # The environment's word goes before the session's in `requests`, so it is told there too.
        os.environ["REQUESTS_CA_BUNDLE"] = front.certificate
        client = pysnc_client(front)
        tasks = client.GlideRecord("change_task", batch_size=500)
        tasks.fields = ["sys_id", "number", "state", "change_request"]
        tasks.query()
        expected = {row["sys_id"]: row for row in rows(bank, "change_task", columns="sys_id,number,state")}
        walked = {str(task.sys_id): (task.get_value("number"), task.get_value("state")) for task in tasks}
        assert tasks.get_row_count() == len(expected) > 1000
        assert walked == {key: (row["number"], row["state"]) for key, row in expected.items()}
        assert len(front.exchanges) == -(-len(expected) // 500), "one request a page"

        some = client.GlideRecord("change_request", batch_size=3)
        some.add_query("type", "normal").add_or_condition("type", "emergency")
        some.add_query("close_code", "unsuccessful")
        some.order_by_desc("number")
        some.limit = 10
        some.query()
        count = stated_count(bank, "change_request", "type=normal^ORtype=emergency^close_code=unsuccessful")
        assert some.get_row_count() == count and sum(1 for _ in some) == min(10, count)
        joined = client.GlideRecord("change_task")
        joined.add_query("change_request.type", "emergency")
        joined.query()
        assert len(joined) == stated_count(bank, "change_task", "change_request.type=emergency") > 0
        # A query over ten kilobytes goes as a batch, because no URL is that long.
        wanted = sorted(expected)[:400]
        long = client.GlideRecord("change_task", batch_size=1000)
        long.add_query("sys_id", "IN", ",".join(wanted))
        long.query()
        assert front.exchanges[-1].target == "/api/now/v1/batch"
        assert [str(task.sys_id) for task in long] == wanted

        one = client.GlideRecord("change_request")
        assert one.get("number", "CHG0030001")
        assert one.get_display_value("assigned_to") != one.get_value("assigned_to"), "a reference reads as a name"
        assert not client.GlideRecord("change_request").get("0" * 32), "an id that is not there"

        fresh = client.GlideRecord("incident")
        fresh.initialize()
        fresh.short_description = "PySNC's own"
        sys_id = str(fresh.insert())
        fresh.short_description = "patched"
        assert fresh.update() == sys_id
        plain = f"/api/now/table/incident/{sys_id}"
        assert bank.read("servicenow", plain).json()["result"]["short_description"] == "patched"
        batched = client.GlideRecord("change_task")
        batched.add_query("sys_id", "IN", ",".join(wanted[:20]))
        batched.query()
        for task in batched:
            task.work_notes = "seen"
            task.short_description = "by a batch"
        asked = len(front.exchanges)
        assert batched.update_multiple(), "every update of the batch succeeded"
        assert len(front.exchanges) == asked + 1, "twenty updates in one request"
        named = {row["short_description"] for row in rows(bank, "change_task", f"sys_idIN{','.join(wanted[:20])}",
                                                          "short_description")}
        assert named == {"by a batch"}
        assert fresh.delete() and bank.read("servicenow", plain).status == 404

        with raises(AuthenticationException, "a wrong password"):
            pysnc_client(front, "wrong").GlideRecord("incident").query()
        with raises((NotFoundException, RequestException), "a table that is not there"):
            client.GlideRecord("no_such_table").query()
        # It tries again by itself on 429, so a limit that passes is never seen.
        bank.fault("servicenow", path="/api/now/table/problem", times=2, fault="too_many_requests",
                   retry_after_seconds=0)
        patient = client.GlideRecord("problem")
        patient.query()
        assert len(patient) == stated_count(bank, "problem", "")
        return len(walked)


class Incident(TableModel):
    sys_id = fields.String(is_primary=True)
    number = fields.String()
    short_description = fields.String()
    state = fields.StringMap(value_key="value")
    opened_at = fields.DateTime()


async def check_aiosnow(bank):
    address = bank.urls["servicenow"].removeprefix("http://")
    client = aiosnow.Client(address, basic_auth=SERVICENOW, use_ssl=False)
    async with Incident(client, table_name="incident") as incidents:
        expected = {row["sys_id"] for row in rows(bank, "incident")}
        streamed = [row["sys_id"] async for _, row in incidents.stream(limit=100_000, page_size=50)]
        assert set(streamed) == expected and len(streamed) == len(expected), f"streamed {len(streamed)}"
        resolved = await incidents.get(Incident.number.starts_with("INC"), limit=5)
        assert len(resolved) == 5
        row = resolved.data[0]
        told = bank.read("servicenow", f"/api/now/table/incident/{row['sys_id']}").json()["result"]
        assert row["opened_at"].strftime("%Y-%m-%d %H:%M:%S") == told["opened_at"], (row, told)

        created = await incidents.create({"short_description": "aiosnow"})
        await incidents.update(created["sys_id"], {"short_description": "aiosnow again"})
        one = await incidents.get_one(Incident.number == created["number"])
        assert one["short_description"] == "aiosnow again"
        await incidents.delete(created["sys_id"])
        assert bank.read("servicenow", f"/api/now/table/incident/{created['sys_id']}").status == 404
        with raises(RequestError, "an id that is not there") as absent:
            await incidents.update("0" * 32, {"short_description": "nobody"})
        assert absent.error.status == 404, absent.error
    stranger = aiosnow.Client(address, basic_auth=("svc.interlock", "wrong"), use_ssl=False)
    async with Incident(stranger, table_name="incident") as incidents:
        with raises(RequestError, "a wrong password") as refused:
            await incidents.get(limit=1)
        assert refused.error.status == 401, refused.error
    return len(streamed)


def check_both_instances(bank):
    """Two instances number their changes alike, and a password of one is none of the other's business."""
    for system in ("servicenow", "servicenow-lending"):
        answer = bank.read(system, "/api/now/table/change_request?sysparm_query=number=CHG0030001")
        assert len(answer.json()["result"]) == 1, f"{system} has its own CHG0030001"
        refused = call(f"{bank.urls[system]}/api/now/table/incident", headers=basic("svc.interlock", "wrong"))
        assert refused.status == 401 and refused.json()["status"] == "failure", refused


if __name__ == "__main__":
    with Bank() as bank:
        print(f"pysnow streamed and paged {check_pysnow(bank)} rows")
        print(f"PySNC walked {check_pysnc(bank)} rows")
        print(f"aiosnow streamed {asyncio.run(check_aiosnow(bank))} rows")
        check_both_instances(bank)
