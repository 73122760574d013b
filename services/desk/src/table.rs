//! Columns of text that stand under one another. Pure.

/// Between two columns.
const GAP: &str = "   ";

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    Left,
    Right,
}

/// `rows` with every column as wide as its widest cell, each line behind `indent`. A row may be
/// shorter than `columns`; no line ends in blanks.
pub(crate) fn table(indent: &str, columns: &[Lean], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max())
        .map(Option::unwrap_or_default)
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(columns).zip(&widths).map(|((cell, lean), &wide)| {
            let blank = " ".repeat(wide.saturating_sub(width(cell)));
            match lean {
                Lean::Left => format!("{cell}{blank}"),
                Lean::Right => format!("{blank}{cell}"),
            }
        });
        let cells: Vec<String> = cells.collect();
        format!("{}\n", format!("{indent}{}", cells.join(GAP)).trim_end())
    };
    rows.iter().map(line).collect::<Vec<_>>().concat()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_do_not_end_in_blanks() {
        let rows = [vec!["AAPL", "1", "x"], vec!["F", "1,000"], vec!["BRK.B", "10", ""]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        let text = table("  ", &[Lean::Left, Lean::Right, Lean::Left], &rows);
        assert_eq!(text, "  AAPL        1   x\n  F       1,000\n  BRK.B      10\n");
    }
}
