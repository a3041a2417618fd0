//! Any text as a version of a service, a tag, and a date of HTTP.

#![no_main]

use connectors::resilience::read_http_date;
use domain::tag_pattern::TagPattern;
use domain::version::Version;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: (&str, &str)| {
    let (spelling, name) = text;
    let _version = Version::parse(spelling, &[name]);
    let _pattern = TagPattern::read(spelling);
    let _date = read_http_date(spelling);
});
