//! Encoded queries against a small instance: one table of queries and the numbers they find.

use super::*;
use crate::servicenow::query::parse;
use crate::servicenow::store::{Stamp, stored_time};
use crate::servicenow::writes::{fields, insert};

fn asker() -> Asker {
    Asker {
        now: "2026-03-04T10:20:30Z".parse().unwrap(),
        zone: TimeZone::UTC,
        user_id: "ada".to_owned(),
        user_name: "ada".to_owned(),
    }
}

/// Five changes on two services, in order CHG1 to CHG5.
fn instance() -> Store {
    let mut store = Store::new("test".to_owned());
    let stamp = Stamp { by: "system".to_owned(), at: asker().now };
    let mut put = |table: &str, row: &[(&str, &str)]| insert(&mut store, table, fields(row), &stamp);
    put("cmn_department", &[("sys_id", "it"), ("name", "IT")]);
    put("cmn_department", &[("sys_id", "ops"), ("name", "Operations"), ("parent", "it")]);
    put("sys_user", &[("sys_id", "ada"), ("name", "Ada Example"), ("department", "ops")]);
    put("sys_user", &[("sys_id", "bob"), ("name", "Bob Sample"), ("department", "it")]);
    put("cmdb_ci_linux_server", &[("sys_id", "srv"), ("name", "pay-db"), ("operational_status", "1")]);
    put("cmdb_ci_service_discovered", &[("sys_id", "svc"), ("name", "payments-api")]);
    let day = |days: i64| stored_time(stamp.at + jiff::SignedDuration::from_hours(24 * days));
    let rows = [
        ("1", "-5", "normal", "ada", "svc", "true", 0),
        ("2", "-2", "normal", "bob", "srv", "true", -1),
        ("3", "3", "standard", "", "svc", "false", -2),
        ("4", "0", "emergency", "ada", "", "", -40),
        ("5", "4", "normal", "bob", "srv", "false", 3),
    ];
    for (n, state, kind, user, ci, active, days) in rows {
        put(
            "change_request",
            &[
                ("sys_id", n),
                ("number", &format!("CHG{n}")),
                ("state", state),
                ("type", kind),
                ("assigned_to", user),
                ("cmdb_ci", ci),
                ("active", active),
                ("start_date", &day(days)),
                ("end_date", &day(days + i64::from(n == "2"))),
                ("short_description", &format!("Release 2.{n} of a^b")),
            ],
        );
    }
    store
}

fn found(store: &Store, table: &str, text: &str) -> (String, bool) {
    let asker = asker();
    let plan = Plan::new(store, table, &parse(text), &asker);
    let numbers: Vec<_> = plan.run().0.iter().map(|row| row.id.to_string()).collect();
    (numbers.join(""), plan.dropped)
}

#[test]
fn queries_find_what_the_product_finds() {
    let store = instance();
    for (query, expected) in [
        ("", "12345"),
        ("state=-5", "1"),
        ("state!=3", "1245"),
        ("state<0", "12"),
        ("state>=0", "345"),
        ("state>-3^state<4", "234"),
        ("type=normal^state=-5^ORstate=4", "15"),
        ("state=-5^ORstate=3^type=normal", "1"),
        ("state=-5^NQtype=emergency", "14"),
        ("stateIN-5,3", "13"),
        ("stateNOT IN-5,3", "245"),
        ("active=true", "12"),
        ("active!=true", "345"),
        ("cmdb_ciISEMPTY", "4"),
        ("cmdb_ciISNOTEMPTY", "1235"),
        ("assigned_toANYTHING", "12345"),
        ("assigned_toEMPTYSTRING", "3"),
        ("assigned_to=ada", "14"),
        ("assigned_toDYNAMIC90d1921e5f510100a9ad2572f2b477fe", "14"),
        ("assigned_to=javascript:gs.getUserID()", "14"),
        ("assigned_toSTARTSWITHAda", "14"),
        ("assigned_toLIKESample", "25"),
        ("assigned_to!*Sample", "134"),
        ("cmdb_ciENDSWITHapi", "13"),
        ("cmdb_ci%api", "13"),
        ("assigned_to.department.name=Operations", "14"),
        ("assigned_to.departmentIN_HIERARCHYit", "1245"),
        ("cmdb_ci.sys_class_nameINSTANCEOFcmdb_ci_server", "25"),
        ("short_descriptionCONTAINS2.3", "3"),
        ("short_descriptionLIKEa^^b^state=3", "3"),
        ("short_descriptionNOT LIKE2.3", "1245"),
        ("short_descriptionDOES NOT CONTAIN2.3", "1245"),
        ("stateBETWEEN-5@0", "124"),
        ("start_date>2026-03-03", "125"),
        ("start_dateBETWEEN2026-03-02 00:00:00@2026-03-04 23:59:59", "123"),
        ("start_dateBETWEENjavascript:gs.daysAgoStart(2)@javascript:gs.daysAgoEnd(1)", "23"),
        ("start_dateONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "1"),
        ("start_dateNOTONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "2345"),
        ("start_date>=javascript:gs.beginningOfThisWeek()", "1235"),
        ("start_date<javascript:gs.dateGenerate('2026-03-01','00:00:00')", "4"),
        ("start_dateRELATIVEGT@dayofweek@ahead@1", "5"),
        ("start_dateRELATIVELT@month@ago@1", "4"),
        ("start_dateRELATIVEEE@dayofweek@ago@1", "2"),
        ("start_dateDATEPARTWednesday@javascript:gs.datePart('dayofweek','wednesday','EE')", "1"),
        ("end_dateMORETHANstart_date@hour@after@2", "2"),
        ("start_dateSAMEASend_date", "1345"),
        ("start_dateNSAMEASend_date", "2"),
        ("start_dateLT_FIELDend_date", "2"),
        ("start_dateGT_OR_EQUALS_FIELDend_date", "1345"),
        ("sys_idIN5,1", "15"),
        ("sys_id>3", "45"),
        ("sys_id>1^sys_id<4^ORDERBYDESCsys_id", "32"),
        ("ORDERBYDESCnumber", "54321"),
        ("ORDERBYtype^ORDERBYDESCstate", "45213"),
        ("ORDERBYstate", "12435"),
        ("active=true^EQ", "12"),
    ] {
        assert_eq!(found(&store, "change_request", query), (expected.to_owned(), false), "{query}");
    }
}

#[test]
fn invalid_parts_are_dropped_and_the_rest_runs() {
    let store = instance();
    for (query, expected) in [
        ("actve=true", "12345"),
        ("actve=true^state=-5", "1"),
        ("state=-5^ORactve=true", "1"),
        ("assigned_to.nonsense=1^state=3", "3"),
        ("short_description.name=1^state=3", "3"),
        ("State=3", "12345"),
        ("stateCHANGESTO3", "12345"),
        ("start_date>javascript:gs.eval('x')", "12345"),
        ("stateBETWEEN3", "12345"),
        ("ORDERBYnonsense", "12345"),
    ] {
        assert_eq!(found(&store, "change_request", query), (expected.to_owned(), true), "{query}");
    }
}

#[test]
fn a_parent_table_shows_the_rows_of_its_children() {
    let store = instance();
    assert_eq!(found(&store, "cmdb_ci", "ORDERBYname").0, "srvsvc");
    assert_eq!(found(&store, "task", "number=CHG3").0, "3");
    assert_eq!(found(&store, "cmdb_ci_service", "").0, "svc");
    assert_eq!(found(&store, "cmdb_ci", "sys_class_nameINSTANCEOFcmdb_ci_service").0, "svc");
}

#[test]
fn an_index_narrows_what_is_looked_at() {
    let store = instance();
    let asker = asker();
    for (query, most) in [("assigned_to=ada^state=0", 2), ("sys_id=4", 1), ("sys_updated_on>2027-01-01", 0)] {
        let plan = Plan::new(&store, "change_request", &parse(query), &asker);
        assert_eq!(plan.run().1, most, "{query}");
    }
}

proptest::proptest! {
    #[test]
    fn running_any_query_never_panics(
        text in "((\\^|\\^OR|\\^NQ|\\^ORDERBY)?(state|start_date|assigned_to|assigned_to.department|x)(=|!=|<|IN|NOT IN|BETWEEN|ON|RELATIVEGT|MORETHAN|DATEPART|INSTANCEOF|SAMEAS)[@,0-9a-z'(): .-]{0,12}){0,4}"
    ) {
        static STORE: std::sync::LazyLock<Store> = std::sync::LazyLock::new(instance);
        found(&STORE, "change_request", &text);
    }
}
