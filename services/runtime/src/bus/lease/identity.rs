//! Who holds a lease: a name that no other process has, and that tells whether its process lives.

use crate::backoff::random_fraction;
use std::path::Path;

/// A name for this process: `SERVICE@HOST/BOOT/NAMESPACE/PID/RANDOM`.
pub fn identity(service: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().replace('/', "-");
    let random = (random_fraction() * f64::from(u32::MAX)) as u32;
    format!("{service}@{host}/{}/{}/{random:08x}", here(), std::process::id())
}

/// The holder was a process of this very machine, since its last boot and in our own process
/// namespace, and is no more: nobody else can act in its name. `false` when that cannot be told.
pub(super) fn is_gone(holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, '/');
    let (Some(_random), Some(pid), Some(place)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse::<u32>() else {
        return false;
    };
    let same_place = place.ends_with(&format!("/{}", here())) && !here().contains('?');
    same_place && !Path::new(&format!("/proc/{pid}")).exists()
}

/// This boot of this machine and this process namespace.
fn here() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot = boot.get(..8).unwrap_or("?");
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let namespace = namespace.to_str().map(digits).filter(|number| !number.is_empty());
    format!("{boot}/{}", namespace.unwrap_or_else(|| "?".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_not_gone_and_a_dead_one_is() {
        let me = identity("test");
        let (head, _random) = me.rsplit_once('/').unwrap();
        let place = head.rsplit_once('/').unwrap().0;
        assert!(!is_gone(&me));
        assert!(!is_gone(&format!("{place}/1/00000000")), "process 1 lives");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let other = format!("{place}/{}/00000000", child.id());
        child.wait().unwrap();
        assert!(is_gone(&other));
    }

    #[test]
    fn nothing_is_said_of_other_machines_and_other_names() {
        for other in ["", "x", "executor@host/0/0/99999999/0", "dashboard@vm:1:2"] {
            assert!(!is_gone(other), "{other}");
        }
    }
}
