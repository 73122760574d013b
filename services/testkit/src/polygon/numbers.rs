//! How the service writes numbers: Go's `FormatFloat(x, 'g', -1)`, and what else was seen. Pure.

/// How sizes, volumes and counts of shares are written. Prices are always written Go's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// As recorded: `454159`, `1.231597e+06`, and fractional volumes in full, `3863635.4`.
    #[default]
    Go,
    /// With a point always: `95595226.0`.
    Point,
    /// Plain: `95595226`.
    Plain,
    /// With an exponent always: `1e+02`.
    Exponent,
}

/// A price, or a number worked out from prices.
pub(super) fn price(value: f64) -> String {
    let scientific = format!("{value:e}");
    let exponent = scientific.split_once('e').and_then(|(_, text)| text.parse::<i32>().ok());
    match exponent {
        Some(exponent) if value.is_finite() && !(-4..6).contains(&exponent) => with_exponent(value),
        Some(_) if value.is_finite() => value.to_string(),
        _ => "0".to_owned(),
    }
}

/// A number of shares.
pub(super) fn shares(value: f64, numbers: Numbers) -> String {
    match numbers {
        _ if !value.is_finite() => "0".to_owned(),
        Numbers::Go if value.fract() == 0.0 => price(value),
        Numbers::Go | Numbers::Plain => value.to_string(),
        Numbers::Point => format!("{value:?}"),
        Numbers::Exponent => with_exponent(value),
    }
}

/// The text of the fields that carry shares as strings since 2026.
pub(super) fn decimal_text(value: f64) -> String {
    format!("{value:?}")
}

/// Go writes the sign and at least two digits of an exponent.
fn with_exponent(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_written_as_they_were_recorded() {
        for (value, go, point, plain, exponent) in [
            (1903.0, "1903", "1903.0", "1903", "1.903e+03"),
            (454_159.0, "454159", "454159.0", "454159", "4.54159e+05"),
            (1_231_597.0, "1.231597e+06", "1231597.0", "1231597", "1.231597e+06"),
            (63_896_155.0, "6.3896155e+07", "63896155.0", "63896155", "6.3896155e+07"),
            (1_000_000.0, "1e+06", "1000000.0", "1000000", "1e+06"),
            (3_863_635.4, "3863635.4", "3863635.4", "3863635.4", "3.8636354e+06"),
            (0.0, "0", "0.0", "0", "0e+00"),
        ] {
            let written = [Numbers::Go, Numbers::Point, Numbers::Plain, Numbers::Exponent]
                .map(|numbers| shares(value, numbers));
            assert_eq!(written, [go, point, plain, exponent]);
        }
    }

    #[test]
    fn prices_are_written_as_go_does() {
        for (value, text) in [
            (6e-05, "6e-05"),
            (0.0001, "0.0001"),
            (17.96, "17.96"),
            (0.100_000_000_000_001_42, "0.10000000000000142"),
            (-0.124, "-0.124"),
            (100.0, "100"),
            (700_000.5, "700000.5"),
            (f64::NAN, "0"),
        ] {
            assert_eq!(price(value), text);
        }
    }
}
