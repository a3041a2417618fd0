//! Records come out complete, each once, however many there are, whatever happens to them while their pages are read,
//! and whichever clock is wrong.

use std::collections::BTreeSet;

use domain::GapCode;
use jiff::SignedDuration;
use simulators::faults::{Effect, Fault};

use super::SYSTEMS;
use super::bench::Bench;
use super::cases::Cases;
use super::stand::{Hand, System};

/// What happens between the first page and the next, to a list that holds the numbers from [`FIRST`] on.
#[derive(Clone, Copy)]
struct Event {
    told: &'static str,
    appear: &'static [usize],
    vanish: &'static [End],
    change: &'static [End],
}

/// One of the records that were there before.
#[derive(Clone, Copy)]
enum End {
    First,
    Second,
    Last,
}

const FIRST: usize = 10;
const BEFORE_ALL: usize = 1;
const AFTER_ALL: usize = 9_000;

const EVENTS: [Event; 6] = [
    Event { told: "one appears before all", appear: &[BEFORE_ALL], vanish: &[], change: &[] },
    Event { told: "one appears after all", appear: &[AFTER_ALL], vanish: &[], change: &[] },
    Event { told: "the first vanishes", appear: &[], vanish: &[End::First], change: &[] },
    Event { told: "the last vanishes", appear: &[], vanish: &[End::Last], change: &[] },
    Event { told: "both ends change", appear: &[], vanish: &[], change: &[End::First, End::Last] },
    Event {
        told: "one vanishes, one appears, two change",
        appear: &[AFTER_ALL],
        vanish: &[End::First],
        change: &[End::Second, End::Last],
    },
];

impl End {
    fn number(self, last: usize) -> usize {
        match self {
            Self::First => FIRST,
            Self::Second => FIRST + 1,
            Self::Last => last,
        }
    }
}

impl Event {
    /// Makes it happen.
    fn happen(&self, hand: &dyn Hand, last: usize) {
        for end in self.vanish {
            hand.take(end.number(last));
        }
        self.appear.iter().for_each(|number| hand.put(*number));
        self.change.iter().for_each(|end| hand.touch(end.number(last)));
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn none_one_and_many_pages_are_read_whole() {
    let mut cases = Cases::default();
    for system in SYSTEMS {
        for count in [0, 1, 2, 3, 4, system.three_pages] {
            cases.case(read_whole(system, count)).await;
        }
    }
    cases.judge();
}

async fn read_whole(system: System, count: usize) {
    let bench = Bench::of(system).await.holding(FIRST..FIRST + count);
    let gathered = bench.gather().await;
    let what = format!("{} {:?}: {count}", system.vendor, system.kind);
    assert_eq!(gathered.gaps, [], "{what}");
    assert!(bench.is_complete(&gathered), "{what}");
    // All of them bear the same moment, because the clock stands still.
    assert_eq!(bench.numbers(&gathered), Vec::from_iter(FIRST..FIRST + count), "{what}");
}

/// What stood still the whole time is there once. What came or went may or may not be.
async fn while_paging(system: System, event: Event) {
    let last = FIRST + system.three_pages - 1;
    let bench = Bench::of(system).await.holding(FIRST..=last);
    bench.clock.advance(minutes(1));
    let hand = bench.hand();
    bench.meanwhile(move || event.happen(&*hand, last));
    let gathered = bench.gather().await;
    let what = format!("{} {:?}: {}", system.vendor, system.kind, event.told);
    assert!(bench.has_happened(), "{what}: {} was not asked for", system.list);
    let numbers = bench.numbers(&gathered);
    let once: BTreeSet<usize> = numbers.iter().copied().collect();
    assert_eq!(numbers.len(), once.len(), "{what}: some came twice");
    let may_be_gone: BTreeSet<usize> = event.vanish.iter().map(|end| end.number(last)).collect();
    let gone: Vec<usize> = (FIRST..=last).filter(|number| !once.contains(number)).collect();
    let is_told = !bench.is_complete(&gathered) && !gathered.gaps.is_empty();
    assert!(
        is_told || gone.iter().all(|number| may_be_gone.contains(number)),
        "{what}: {gone:?} are missing in silence"
    );

    bench.clock.advance(minutes(10));
    let later = bench.gather().await;
    assert_eq!(later.gaps, [], "{what}");
    let mut expected: BTreeSet<usize> = (FIRST..=last).chain(event.appear.iter().copied()).collect();
    if !system.forgets_nothing() {
        expected = &expected - &may_be_gone;
    }
    assert_eq!(bench.numbers(&later), Vec::from_iter(expected), "{what}: the next full read");
}

#[tokio::test]
async fn nothing_is_lost_when_the_boundary_of_pages_moves() {
    let mut cases = Cases::default();
    for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
        for event in EVENTS {
            cases.case(while_paging(system, event)).await;
        }
    }
    cases.judge();
}

/// What changed after a read is seen by the next ones, however little time has passed and however wrong our clock is.
async fn changes_are_seen(system: System, ahead: SignedDuration, passed: SignedDuration) {
    let bench = Bench::with(system, ahead, |_| {}).await.holding(10..14);
    let what = format!("{} {:?}: our clock is {ahead:#} ahead, {passed:#} pass", system.vendor, system.kind);
    let first = bench.gather().await;
    assert_eq!((first.gaps.as_slice(), bench.numbers(&first)), (&[][..], vec![10, 11, 12, 13]), "{what}");
    bench.clock.advance(passed);
    bench.hand().touch(12);
    bench.hand().put(1);
    bench.hand().put(20);
    let since = bench.gather_since(&first).await;
    assert_eq!(since.gaps, [], "{what}");
    let seen: BTreeSet<usize> = bench.numbers(&since).into_iter().collect();
    assert!([1, 12, 20].iter().all(|number| seen.contains(number)), "{what}: {seen:?}");
    let full = bench.gather().await;
    assert_eq!(bench.numbers(&full), [1, 10, 11, 12, 13, 20], "{what}");
    if bench.hand().take(13) {
        bench.clock.advance(minutes(1));
        assert_eq!(bench.numbers(&bench.gather().await), [1, 10, 11, 12, 20], "{what}");
    }
}

#[tokio::test]
async fn what_changes_is_seen_even_in_the_same_second_and_with_a_wrong_clock() {
    let mut cases = Cases::default();
    for system in SYSTEMS {
        for ahead in [0, 10, -10].map(minutes) {
            for passed in [SignedDuration::ZERO, SignedDuration::from_secs(1), minutes(15)] {
                cases.case(changes_are_seen(system, ahead, passed)).await;
            }
        }
    }
    cases.judge();
}

#[tokio::test]
async fn a_wrong_clock_is_told_by_the_probe() {
    for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
        for ahead in [10, -10].map(minutes) {
            let bench = Bench::with(system, ahead, |_| {}).await.holding(1..2);
            let skew = bench.connector.probe(bench.now()).await.clock_skew;
            assert_eq!(skew, Some(-ahead), "{}", system.vendor);
        }
    }
}

#[tokio::test]
async fn a_token_that_runs_out_between_pages_leaves_no_half_list() {
    let mut cases = Cases::default();
    for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
        cases.case(token_runs_out(system)).await;
    }
    cases.judge();
}

async fn token_runs_out(system: System) {
    let bench = Bench::of(system).await.holding(FIRST..FIRST + system.three_pages);
    let faults = bench.server().faults.clone();
    bench.meanwhile(move || faults.set(Fault::on(system.list, Effect::ExpiredToken)));
    let gathered = bench.gather().await;
    let of_kind = gathered.gaps.iter().filter(|gap| gap.kind == system.kind);
    let codes: BTreeSet<GapCode> = of_kind.map(|gap| gap.code).collect();
    // Where the list has one page it was read whole before.
    let paged = bench.server().requests.matching(system.list).len() > 1;
    let expected: &[GapCode] = if paged { &[GapCode::SourceDenied] } else { &[] };
    assert_eq!(Vec::from_iter(codes), expected, "{}", system.vendor);
    assert_eq!(bench.is_complete(&gathered), !paged, "{}", system.vendor);
}
