//! Who holds a lease: a name that no other process has, and that tells whether its process lives.

use crate::backoff::random_fraction;
use std::{path::Path, sync::LazyLock};

/// Tells this process from an earlier one in the same place.
static RANDOM: LazyLock<String> =
    LazyLock::new(|| format!("{:08x}", (random_fraction() * f64::from(u32::MAX)) as u32));

/// A name for this process: `SERVICE@HOST/BOOT/NAMESPACE/PID/RANDOM`.
pub fn identity(service: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().replace('/', "-");
    format!("{service}@{host}/{}/{}/{}", here(), std::process::id(), *RANDOM)
}

/// The holder was a process of this very machine, since its last boot, in our own process namespace
/// or our own container, and is no more: nobody else can act in its name. `false` when that cannot
/// be told.
pub(super) fn is_gone(holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, '/');
    let (Some(random), Some(pid), Some(place)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse::<u32>() else {
        return false;
    };
    let same_place = place.ends_with(&format!("/{}", here())) && !here().contains('?');
    let me = std::process::id();
    // A container has one first process at a time: an earlier one that is not us has ended.
    let followed = pid == 1 && me == 1 && random != RANDOM.as_str();
    same_place && (followed || !Path::new(&format!("/proc/{pid}")).exists())
}

/// This boot of this machine and this process namespace; for the first process of a container the
/// container instead, which keeps its name when it is started again.
fn here() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot = boot.get(..8).unwrap_or("?");
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(id) = container(&mounts).filter(|_| std::process::id() == 1) {
        return format!("{boot}/container-{id}");
    }
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let namespace = namespace.to_str().map(digits).filter(|number| !number.is_empty());
    format!("{boot}/{}", namespace.unwrap_or_else(|| "?".to_owned()))
}

/// The container's name, as an engine's own files in `mounts` (`/proc/self/mountinfo`) show it: 64
/// hexadecimal digits, never used twice.
fn container(mounts: &str) -> Option<&str> {
    let after = mounts.split("containers/").skip(1);
    let id = |text: &'_ str| text.split('/').next().map(str::len);
    let is_id = |text: &&str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let found = after.filter(|text| id(text) == Some(64)).filter_map(|text| text.get(..64));
    found.filter(is_id).map(|text| text.get(..16).unwrap_or(text)).next()
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

    #[test]
    fn a_container_is_known_by_the_files_its_engine_gives_it() {
        let id = "4f1c".repeat(16);
        let docker =
            format!("1 2 8:1 /lib/docker/containers/{id}/hostname /etc/hostname rw - ext4");
        assert_eq!(container(&docker), Some("4f1c4f1c4f1c4f1c"));
        let pod =
            "1 2 8:1 /lib/kubelet/pods/0a1b/containers/dashboard/77aa /dev/termination-log rw";
        assert_eq!(container(pod), None, "a name that the next process would not share");
        assert_eq!(container(&docker.replace("4f1c/", "4f1x/")), None);
        assert_eq!(container(""), None);
    }
}
