//! `[replay]` of `config/ingest.toml`, and what `FEED=replay:...` asks for.

use crate::source::replay::{self, Settings, files};
use market::Calendar;
use runtime::config::{Faults, Rule, Section, variable};

/// `FILES`, `FILES@max` or `FILES@60`: the files and the speed. What follows an `@` and is no speed
/// belongs to the files' names.
///
/// # Errors
/// What is wrong with the speed, or that no file is named.
pub(super) fn wish(tape: &str) -> Result<(String, Option<f64>), String> {
    let (files, speed) = match tape.rsplit_once('@') {
        Some((files, "max")) => (files, None),
        Some((files, suffix)) => match suffix.trim_end_matches('x').parse::<f64>() {
            Ok(speed) if speed > 0.0 && speed.is_finite() => (files, Some(speed)),
            Ok(speed) => return Err(format!("replay: the speed must be above zero, not {speed}")),
            Err(_no_number) => (tape, None),
        },
        None => (tape, None),
    };
    if files.trim().is_empty() {
        return Err("replay: needs a file, replay:FILE[,FILE...][@SPEED]".to_owned());
    }
    Ok((files.to_owned(), speed))
}

/// The tape that is asked for. Every file that is no tape is a fault.
pub(super) fn read(
    text: &str,
    speed: Option<f64>,
    until: Option<jiff::civil::Time>,
    last_sales: Option<Calendar>,
    faults: &Faults,
) -> Settings {
    let paths = files::named(text).unwrap_or_else(|fault| {
        faults.add("FEED", fault);
        Vec::new()
    });
    for path in &paths {
        if let Err(error) = replay::check(path) {
            faults.add("FEED", error);
        }
    }
    Settings { paths, speed, until, last_sales }
}

/// What `[replay]` says of any tape: the New York time at which it ends (`REPLAY_UNTIL` goes before
/// it), and whether every row of a trades file is a tick, which it is without a word.
pub(super) fn options(file: &Section<'_>, faults: &Faults) -> (Option<jiff::civil::Time>, bool) {
    let section = file.optional_section("replay");
    let section = section.as_ref();
    let every_trade = section.and_then(|replay| replay.optional("every_trade", Rule::any()));
    let configured = section.and_then(|replay| replay.optional("until", Rule::any()));
    (until(configured, faults), every_trade.unwrap_or(true))
}

fn until(configured: Option<String>, faults: &Faults) -> Option<jiff::civil::Time> {
    let text = variable("REPLAY_UNTIL").or(configured)?;
    let parsed = jiff::civil::Time::strptime("%H:%M", text.trim());
    if parsed.is_err() {
        let words = format!("must be a New York time such as 10:30, not {text:?}");
        faults.add("REPLAY_UNTIL (or [replay] until)", words);
    }
    parsed.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_may_have_a_speed() {
        let tape = |files: &str, speed| Ok((files.to_owned(), speed));
        assert_eq!(wish("a/b.csv.gz"), tape("a/b.csv.gz", None));
        assert_eq!(wish("a.csv@max"), tape("a.csv", None));
        assert_eq!(wish("a/*.csv,b@60"), tape("a/*.csv,b", Some(60.0)));
        assert_eq!(wish("a.csv@0.5x"), tape("a.csv", Some(0.5)));
        assert_eq!(wish("me@home.csv"), tape("me@home.csv", None));
        assert!(wish("a.csv@0").unwrap_err().contains("above zero"));
        assert!(wish("").unwrap_err().contains("needs a file"));
    }
}
