//! What a process uses, as the kernel counts it.

use std::{fs, time::Duration};

/// The kernel's unit of processor time: a hundredth of a second on every Linux in use.
const TICKS_PER_SECOND: f64 = 100.0;

/// The least that is counted.
pub(crate) const FINEST: Duration = Duration::from_millis(10);

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Resident now, MB.
    pub(crate) rss_mb: f64,
    /// Resident at most, MB.
    pub(crate) peak_mb: f64,
    /// Processor time, of all cores together.
    pub(crate) cpu: Duration,
}

/// What `process` has used; nothing when it is gone.
pub(crate) fn of(process: Option<u32>) -> Usage {
    let Some(process) = process else { return Usage::default() };
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let cpu = fields(&stat).skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    Usage {
        rss_mb: megabytes(&status, "VmRSS:"),
        peak_mb: megabytes(&status, "VmHWM:"),
        cpu: Duration::from_secs_f64(cpu.sum::<f64>() / TICKS_PER_SECOND),
    }
}

/// The child of this process that runs a program of this name.
pub(crate) fn child(program: &str) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mine = std::process::id().to_string();
    let is_it = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.contains(&format!("({program})")) && fields(&stat).nth(1) == Some(mine.as_str())
    };
    numbers.filter(is_it).max()
}

/// What stands behind the program's name, which may hold anything.
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ')
}

fn megabytes(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}
