//! Artifact archives: zip files with stored (not compressed) members, and the reports that are written out into them.

use sha2::{Digest, Sha256};

use super::content::{Artifact, ArtifactContent, FileCoverage, TestSuite};
use super::shape::time;

/// The same artifact gives the same bytes, so its digest holds.
pub(super) fn archive(artifact: &Artifact) -> Vec<u8> {
    let mut body = Vec::new();
    let mut directory = Vec::new();
    for file in &artifact.files {
        let content = match &file.content {
            ArtifactContent::Bytes(bytes) => bytes.to_vec(),
            ArtifactContent::JUnit(suite) => junit(suite).into_bytes(),
            ArtifactContent::Cobertura(files) => cobertura(files).into_bytes(),
        };
        let offset = size(body.len());
        let description = member(&file.path, &content);
        body.extend(0x0403_4b50_u32.to_le_bytes());
        body.extend(20_u16.to_le_bytes());
        body.extend(&description);
        body.extend(file.path.as_bytes());
        body.extend(content);
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        directory.extend(description);
        // comment length, disk, internal and external attributes: all zero
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(file.path.as_bytes());
    }
    let count = u16::try_from(artifact.files.len()).unwrap_or(u16::MAX);
    let (start, length) = (size(body.len()), size(directory.len()));
    body.extend(directory);
    body.extend(0x0605_4b50_u32.to_le_bytes());
    body.extend([0; 4]);
    body.extend(count.to_le_bytes());
    body.extend(count.to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(start.to_le_bytes());
    body.extend([0; 2]);
    body
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a member's local header and its directory entry have in common: flags to the length of the extra field.
fn member(path: &str, content: &[u8]) -> Vec<u8> {
    let length = size(content.len());
    let mut fields = Vec::with_capacity(24);
    // UTF-8 names; stored; midnight; 1 January 1980
    for field in [0x0800_u16, 0, 0, 0x0021] {
        fields.extend(field.to_le_bytes());
    }
    fields.extend(crc32(content).to_le_bytes());
    fields.extend(length.to_le_bytes());
    fields.extend(length.to_le_bytes());
    fields.extend(u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
    fields.extend([0; 2]);
    fields
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

fn junit(suite: &TestSuite) -> String {
    let total = suite.passed as usize + suite.failed.len() + suite.skipped as usize;
    let seconds = |milliseconds: u64| format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    let each = seconds(suite.duration_ms / u64::try_from(total.max(1)).unwrap_or(1));
    let name = escape(&suite.name);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{name}\" tests=\"{total}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\" timestamp=\"{}\">\n",
        suite.failed.len(),
        suite.skipped,
        seconds(suite.duration_ms),
        time(suite.at).trim_end_matches('Z'),
    );
    for number in 1..=suite.passed {
        text.push_str(&format!("    <testcase classname=\"{name}\" name=\"case {number}\" time=\"{each}\"/>\n"));
    }
    for case in &suite.failed {
        let case = escape(case);
        text.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"{case}\" time=\"{each}\"><failure message=\"assertion failed\">{case}</failure></testcase>\n"
        ));
    }
    for number in 1..=suite.skipped {
        text.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"skipped {number}\" time=\"0\"><skipped/></testcase>\n"
        ));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn cobertura(files: &[FileCoverage]) -> String {
    let valid: u32 = files.iter().map(|file| file.lines).sum();
    let covered: u32 = files.iter().map(|file| file.covered.min(file.lines)).sum();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<coverage line-rate=\"{}\" branch-rate=\"0\" lines-valid=\"{valid}\" lines-covered=\"{covered}\" version=\"1\" timestamp=\"0\">\n  <packages>\n    <package name=\"all\" line-rate=\"{}\">\n      <classes>\n",
        rate(covered, valid),
        rate(covered, valid),
    );
    for file in files {
        let path = escape(&file.path);
        text.push_str(&format!(
            "        <class name=\"{path}\" filename=\"{path}\" line-rate=\"{}\"><lines>",
            rate(file.covered.min(file.lines), file.lines)
        ));
        for line in 1..=file.lines {
            text.push_str(&format!("<line number=\"{line}\" hits=\"{}\"/>", u8::from(line <= file.covered)));
        }
        text.push_str("</lines></class>\n");
    }
    text.push_str("      </classes>\n    </package>\n  </packages>\n</coverage>\n");
    text
}

fn rate(covered: u32, valid: u32) -> String {
    if valid == 0 { "1".to_owned() } else { format!("{:.4}", f64::from(covered) / f64::from(valid)) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_zip_wants() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn coverage_counts_lines() {
        let report = cobertura(&[FileCoverage { path: "src/a.rs".into(), lines: 8, covered: 5 }]);
        assert!(report.contains("line-rate=\"0.6250\" branch-rate"));
        assert_eq!(report.matches("hits=\"1\"").count(), 5);
    }

    #[test]
    fn a_test_report_counts_and_escapes() {
        let suite = TestSuite {
            name: "a<b".into(),
            passed: 2,
            failed: vec!["x & y".into()],
            skipped: 1,
            duration_ms: 4_000,
            ..TestSuite::default()
        };
        let report = junit(&suite);
        assert!(
            report.contains("name=\"a&lt;b\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"4.000\"")
        );
        assert_eq!(report.matches("<testcase").count(), 4);
        assert!(report.contains("x &amp; y"));
    }
}
