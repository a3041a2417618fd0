//! Release trains: a release with its phases, one task per release it carries, and the changes that ride on it.

use jiff::SignedDuration;

use super::super::model::{Estate, Train};
use super::{Cells, Of, Out};

const MANAGER: &str = "svc.pipeline";

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    for train in &estate.trains {
        write_train(estate, train, out);
    }
}

fn write_train(estate: &Estate, train: &Train, out: &mut Out<'_>) {
    let id = out.id(Of::Release, &train.number);
    let created = train.span.start - SignedDuration::from_hours(24 * 60);
    let mut row = Cells::new(id.clone(), created, MANAGER);
    row.put("number", &*train.number);
    row.put("sys_class_name", "rm_release");
    row.put("name", &*train.name);
    row.put("short_description", &*train.name);
    row.put("release_type", "major");
    row.put("state", "2");
    row.put_time("planned_start_date", Some(train.span.start));
    row.put_time("planned_end_date", Some(train.span.end));
    row.put_time("start_date", Some(train.span.start));
    row.put_time("end_date", Some(train.span.end));
    out.write("rm_release", row);
    for (place, phase) in ["Build", "Test", "Deploy"].iter().enumerate() {
        let number = format!("RPHA{}{}", train.number.trim_start_matches("RLSE"), place + 1);
        let mut row = Cells::new(out.part(&["phase", &number]), created, MANAGER);
        row.put("number", number);
        row.put("sys_class_name", "rm_release_phase");
        row.put("name", *phase);
        row.put("short_description", *phase);
        row.put("release", id.clone());
        row.put("state", if place < 2 { "3" } else { "1" });
        out.write("rm_release_phase", row);
    }
    for (place, key) in train.releases.iter().enumerate() {
        let number = format!("RTSK{}{}", train.number.trim_start_matches("RLSE"), place + 1);
        let task = out.part(&["release task", &number]);
        let mut row = Cells::new(task, created, MANAGER);
        row.put("number", number);
        row.put("sys_class_name", "rm_task");
        row.put("short_description", key.replace('@', " "));
        row.put("release", id.clone());
        row.put("state", "2");
        if let Some(release) = estate.releases.iter().find(|release| release.key == *key) {
            row.put("cmdb_ci", out.id(Of::Item, &release.service));
            row.put_time("start_date", release.window.map(|window| window.start));
            row.put_time("end_date", release.window.map(|window| window.end));
        }
        out.write("rm_task", row);
    }
    for change in estate.changes.iter().filter(|change| change.train.as_ref() == Some(&train.number)) {
        let link = out.part(&["ride", &train.number, &change.number]);
        let mut row = Cells::new(link, created, MANAGER);
        row.put("release", id.clone());
        row.put("task", out.id(Of::Change, &change.number));
        out.write("rm_m2m_release_task", row);
    }
}
