//! The same tape gives the same intents and the same fills, byte for byte, at any speed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is wrong, and says what it skips"
)]

use e2e::{Desk, Journal, Setup, real_tape, tape::played, ticks, without_wall_clock};
use proto::{Symbol, encode};
use runtime::bus::Bus;

/// Rows of the tape's file, and shares they add up to.
const TAPE: [(&str, usize, f64); 4] = [
    ("AIG", 25_258, 4_984_309.0),
    ("BAC", 86_434, 60_286_316.0),
    ("IBM", 24_106, 3_753_440.0),
    ("SPY", 241_504, 81_975_673.0),
];

/// A desk on the real tape, with a strategy that finds the calm of that day worth trading.
fn on_tape(speed: &str) -> Option<Setup> {
    let Some(tape) = real_tape() else {
        println!("skipped: no tape of 2013-10-07 here; set TICKWALL_DATA to its folder");
        return None;
    };
    let setup = Setup::new()
        .wall(&[&["AIG", "BAC", "IBM", "SPY"]])
        .set("strategy.toml", "min_range_percent", "0.01")
        .variable("FEED", &format!("replay:{}{speed}", tape.display()));
    Some(setup)
}

/// Runs a tape to its end and until every reader has worked it off; gives what was traded.
async fn play(setup: Setup) -> (Desk, Bus, Journal) {
    let desk = Desk::start(setup).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let journal = played(&bus).await.unwrap();
    (desk, bus, journal)
}

/// The journal as bytes, without what may differ between runs.
fn bytes(journal: &Journal) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let intents = journal.intents.iter().map(|intent| encode(intent).unwrap()).collect();
    let events = journal.events.iter().map(|e| encode(&without_wall_clock(e)).unwrap()).collect();
    (intents, events)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_gives_the_same_trades_at_full_speed_at_600_and_at_60() {
    let (Some(full), Some(fast), Some(slow)) = (on_tape(""), on_tape("@600"), on_tape("@60"))
    else {
        return;
    };
    let slow = slow.variable("REPLAY_UNTIL", "10:30");
    let (full, fast, slow) = tokio::join!(whole_day(full), play(fast), play(slow));
    let fills = full.fills().count();
    println!("{} intents, {} events, {fills} fills", full.intents.len(), full.events.len());
    assert!(fills >= 20, "only {fills} fills: the test would prove little");
    assert_eq!(bytes(&full), bytes(&fast.2), "full speed against 600x");
    assert_same_beginning(&full, &slow.2);
}

/// Plays the whole day at full speed and holds the ticks and bars against the file.
async fn whole_day(setup: Setup) -> Journal {
    let (_desk, bus, journal) = play(setup).await;
    for (symbol, rows, volume) in TAPE {
        let symbol = Symbol::parse(symbol).unwrap();
        assert_eq!(ticks(&bus, &symbol).await.unwrap().len(), rows, "ticks of {symbol}");
        let subject = proto::subject::bar(&symbol);
        let stored = bus.history("BARS", subject, runtime::bus::Start::Beginning).await.unwrap();
        let bars = stored.iter().map(|m| proto::decode::<proto::Bar>(&m.payload).unwrap());
        assert_eq!(bars.map(|bar| bar.volume).sum::<f64>(), volume, "volume of {symbol}");
    }
    journal
}

/// The first hour alone trades exactly as the first hour of the whole day.
fn assert_same_beginning(day: &Journal, hour: &Journal) {
    assert!(!hour.intents.is_empty(), "the first hour trades nothing: the test would prove little");
    let first = Journal {
        intents: day.intents.iter().take(hour.intents.len()).cloned().collect(),
        events: day.events.iter().take(hour.events.len()).cloned().collect(),
    };
    assert_eq!(bytes(&first), bytes(hour), "full speed against 60x");
    // Nothing that the day decided within the hour is missing.
    let end = hour.intents.last().map_or(0, |intent| intent.time_ns);
    let within = day.intents.iter().filter(|intent| intent.time_ns <= end).count();
    assert_eq!(within, hour.intents.len());
}
