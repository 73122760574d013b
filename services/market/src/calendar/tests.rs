//! Sessions on the odd days of the calendar.

use super::*;
use std::collections::BTreeMap;

const FILE: &str = include_str!("../../../../config/market_calendar.toml");

fn calendar() -> Calendar {
    Calendar::parse(FILE).unwrap()
}

/// Milliseconds of a New York wall time, `2025-01-09T10:00`.
fn ms(text: &str) -> i64 {
    at(text.parse().unwrap())
}

#[track_caller]
fn check(expected: &[(&str, Session)]) {
    let calendar = calendar();
    for (time, session) in expected {
        assert_eq!(calendar.session_at(ms(time)), *session, "{time}");
    }
}

#[test]
fn a_full_day_has_three_sessions() {
    check(&[
        ("2026-11-20T03:59:59.999", Session::Closed),
        ("2026-11-20T04:00", Session::Pre),
        ("2026-11-20T09:29:59.999", Session::Pre),
        ("2026-11-20T09:30", Session::Regular),
        ("2026-11-20T15:59:59.999", Session::Regular),
        ("2026-11-20T16:00", Session::Post),
        ("2026-11-20T19:59:59.999", Session::Post),
        ("2026-11-20T20:00", Session::Closed),
        ("2026-11-21T12:00", Session::Closed),
    ]);
}

#[test]
fn a_half_day_ends_at_13_and_its_post_market_at_17() {
    check(&[
        ("2026-11-27T12:59:59.999", Session::Regular),
        ("2026-11-27T13:00", Session::Post),
        ("2026-11-27T16:59:59.999", Session::Post),
        ("2026-11-27T17:00", Session::Closed),
    ]);
    let day = calendar().day(ms("2026-11-27T10:00")).unwrap().unwrap();
    assert!(day.early);
    assert_eq!(day.close_ms, ms("2026-11-27T13:00"));
}

#[test]
fn the_days_of_mourning_are_closed() {
    check(&[
        ("2018-12-04T12:00", Session::Regular),
        ("2018-12-05T12:00", Session::Closed),
        ("2018-12-06T12:00", Session::Regular),
        ("2025-01-08T12:00", Session::Regular),
        ("2025-01-09T12:00", Session::Closed),
        ("2025-01-10T12:00", Session::Regular),
    ]);
}

#[test]
fn the_odd_days_are_what_the_exchanges_did() {
    check(&[
        ("2021-12-31T12:00", Session::Regular), // 1 January 2022 was a Saturday: not observed
        ("2022-01-03T12:00", Session::Regular),
        ("2027-12-31T12:00", Session::Regular),
        ("2017-01-02T12:00", Session::Closed), // a Sunday holiday moves to Monday
        ("2021-06-18T12:00", Session::Regular), // no Juneteenth before 2022
        ("2022-06-20T12:00", Session::Closed),
        ("2027-06-18T12:00", Session::Closed),
        ("2020-07-03T10:00", Session::Closed), // 4 July on a Saturday
        ("2020-07-02T15:00", Session::Regular), // and the day before that is a full one
        ("2026-07-02T15:00", Session::Regular),
        ("2016-07-01T15:00", Session::Regular),
        ("2013-07-03T13:00", Session::Post),
        ("2025-07-03T13:00", Session::Post),
        ("2016-12-23T15:00", Session::Regular),
        ("2021-12-24T10:00", Session::Closed),
        ("2024-12-24T13:00", Session::Post),
        ("2013-03-29T12:00", Session::Closed), // Good Fridays
        ("2019-04-19T12:00", Session::Closed),
        ("2026-04-03T12:00", Session::Closed),
    ]);
}

#[test]
fn each_year_has_the_number_of_trading_days_the_exchanges_report() {
    // Counted by the exchanges for the years that are over.
    let known = [
        (2013, 252),
        (2014, 252),
        (2015, 252),
        (2016, 252),
        (2017, 251),
        (2018, 251),
        (2019, 252),
        (2020, 253),
        (2021, 252),
        (2022, 251),
        (2023, 250),
        (2024, 252),
        (2025, 250),
    ];
    let mut counted: BTreeMap<i16, u32> = BTreeMap::new();
    for day in calendar().days.iter().filter(|day| day.trading.is_some()) {
        *counted.entry(day.date.year()).or_default() += 1;
    }
    assert_eq!(counted.keys().copied().collect::<Vec<_>>(), (2013..=2028).collect::<Vec<_>>());
    for (year, days) in known {
        assert_eq!(counted[&year], days, "{year}");
    }
}

#[test]
fn good_friday_is_two_days_before_easter_in_every_year() {
    for year in 2013..=2028 {
        let good_friday = easter(year).checked_sub(jiff::Span::new().days(2)).unwrap();
        assert_eq!(
            calendar().session_at(at(good_friday.at(12, 0, 0, 0))),
            Session::Closed,
            "{year}"
        );
    }
}

/// Easter Sunday by the Gregorian computus.
fn easter(year: i16) -> Date {
    let golden = year % 19;
    let century = year / 100;
    let epact = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
    let moon = epact - (epact / 28) * (1 - (29 / (epact + 1)) * ((21 - golden) / 11));
    let weekday = (year + year / 4 + moon + 2 - century + century / 4) % 7;
    let offset = moon - weekday;
    let month = 3 + (offset + 40) / 44;
    let day = offset + 28 - 31 * (month / 4);
    jiff::civil::date(year, month as i8, day as i8)
}

#[test]
fn sessions_follow_the_wall_clock_across_the_changes_to_and_from_summer_time() {
    let calendar = calendar();
    let utc = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
    for (open, close) in [
        ("2026-03-06T14:30:00Z", "2026-03-06T21:00:00Z"), // Friday before: UTC-5
        ("2026-03-09T13:30:00Z", "2026-03-09T20:00:00Z"), // Monday after: UTC-4
        ("2026-10-30T13:30:00Z", "2026-10-30T20:00:00Z"),
        ("2026-11-02T14:30:00Z", "2026-11-02T21:00:00Z"),
    ] {
        assert_eq!(calendar.session_at(utc(open) - 1), Session::Pre);
        assert_eq!(calendar.session_at(utc(open)), Session::Regular);
        assert_eq!(calendar.regular_close_ms(utc(open)), Some(utc(close)));
        assert_eq!(calendar.regular_close_ms(utc(close)), None);
    }
}

#[test]
fn every_moment_is_found_on_its_own_date() {
    let calendar = calendar();
    for day in calendar.days.iter() {
        assert_eq!(calendar.date(day.midnight_ms), Some(day.date));
        let before = day.date.yesterday().unwrap();
        let expected = (before.year() >= 2013).then_some(before);
        assert_eq!(calendar.date(day.midnight_ms - 1), expected);
    }
    assert_eq!(calendar.date(calendar.end_ms - 1), Some(jiff::civil::date(2028, 12, 31)));
}

#[test]
fn the_next_open_skips_weekends_and_holidays() {
    let calendar = calendar();
    for (from, open) in [
        ("2026-11-20T09:29", "2026-11-20T09:30"),
        ("2026-11-20T09:30", "2026-11-23T09:30"),
        ("2026-11-25T18:00", "2026-11-27T09:30"),
        ("2025-01-08T17:00", "2025-01-10T09:30"),
    ] {
        assert_eq!(calendar.next_open_ms(ms(from)), Ok(ms(open)), "{from}");
    }
}

#[test]
fn a_year_outside_the_file_is_closed_and_named() {
    let calendar = calendar();
    for (time, year) in [("2012-12-31T12:00", 2012), ("2029-01-02T12:00", 2029)] {
        assert_eq!(calendar.session_at(ms(time)), Session::Closed);
        assert_eq!(calendar.regular_close_ms(ms(time)), None);
        let error = calendar.day(ms(time)).unwrap_err();
        assert_eq!(error.year, year);
        assert!(error.to_string().contains(&year.to_string()));
    }
    assert_eq!(calendar.next_open_ms(ms("2028-12-29T16:00")).unwrap_err().year, 2029);
    assert_eq!(calendar.covers(i64::MAX).unwrap_err().year, 9999);
    assert_eq!(calendar.session_at(i64::MIN), Session::Closed);
}

#[test]
fn every_fault_of_a_file_is_named_at_once() {
    let text = r#"
        [2026.closed]
        2026-01-01 = "Fri New Year's Day"
        2026-02-30 = "Mon no such day"
        2025-12-25 = "Thu Christmas Day"
        2026-07-04 = "Sat Independence Day"
        2026-12-24 = "Thu"
        [2026.early]
        2026-12-24 = "Thu Christmas Eve"
        [2026.late]
        [2028.closed]
        [next.closed]
    "#;
    let error = Calendar::parse(text).unwrap_err();
    let all = error.to_string();
    for part in [
        "2026-01-01 is a Thu, the file says Fri",
        "\"2026-02-30\" is not a date",
        "2025-12-25 belongs to another year",
        "2026-07-04 is a weekend day",
        "the file says no weekday",
        "2026-12-24 is both closed and early",
        "2026.late is unknown",
        "2028.early is missing",
        "\"next\" is not a year",
        "2027 is missing",
    ] {
        assert!(all.contains(part), "{part:?} is not named in:\n{all}");
    }
    assert_eq!(error.faults.len(), 10, "{all}");
    assert_eq!(Calendar::parse("").unwrap_err().faults, ["the calendar names no year"]);
}
