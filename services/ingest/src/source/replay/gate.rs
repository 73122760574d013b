//! Pause, step and speed of a tape, and how far it has come.
//!
//! 1. Every tick passes here on its way to the stream, one by one: a pause holds also what has been
//!    read ahead, and while the tape waits for its readers.
//! 2. It decides when a tick goes, never which or in what order.

use jiff::{Timestamp, tz::TimeZone};
use proto::TapeProgress;
use std::sync::Arc;
use tokio::sync::watch;

/// The most ticks of one step.
pub const MOST_STEPS: u64 = 1_000_000;
/// The highest speed that is told from full speed.
pub const MOST_SPEED: f64 = 1_000_000.0;

/// What a person tells a tape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// Publish so many ticks, then stand still.
    Step(u64),
    /// Tape seconds per wall second; `None` is as fast as the readers take it.
    Speed(Option<f64>),
}

impl Order {
    /// Reads an order.
    ///
    /// # Errors
    /// One sentence on what it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["pause"] => Ok(Self::Pause),
            ["resume"] => Ok(Self::Resume),
            ["step"] => Ok(Self::Step(1)),
            ["step", count] => {
                let number = count.parse().ok().filter(|count| (1..=MOST_STEPS).contains(count));
                let number = number.ok_or_else(|| {
                    format!("step takes a number of ticks, 1 to {MOST_STEPS}, not {count:?}")
                });
                number.map(Self::Step)
            }
            ["speed", "max"] => Ok(Self::Speed(None)),
            ["speed", speed] => {
                let number = speed.trim_end_matches('x').parse::<f64>().ok();
                let sound = number.filter(|speed| *speed > 0.0 && *speed <= MOST_SPEED);
                let sound = sound.ok_or_else(|| {
                    format!("speed takes max or a number above zero such as 60, not {speed:?}")
                });
                sound.map(|speed| Self::Speed(Some(speed)))
            }
            _ => {
                let text: String = text.trim().chars().take(40).collect();
                Err(format!(
                    "{text:?} is no order to a tape: say pause, resume, step N, speed X or speed max"
                ))
            }
        }
    }
}

/// The one gate of a tape. Cheap to clone; all clones are one gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<State>>);

/// How the tape stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct State {
    /// Tape seconds per wall second.
    pub(super) speed: Option<f64>,
    /// Ticks that may pass before the tape stands still; `None` while it runs.
    pub(super) limit: Option<u64>,
    /// Changes when the pace has to begin anew.
    pub(super) turns: u64,
    /// Ticks that have passed in this process.
    passed: u64,
    /// Ticks that an earlier process published of this run.
    earlier: u64,
    /// Time of the last tick, nanoseconds since 1970 UTC.
    time_ns: i64,
    rows: u64,
    ticks: u64,
    over: bool,
}

impl Gate {
    /// An open gate.
    pub fn new(speed: Option<f64>) -> Self {
        let (limit, turns, passed, earlier, time_ns) = (None, 0, 0, 0, 0);
        let state =
            State { speed, limit, turns, passed, earlier, time_ns, rows: 0, ticks: 0, over: false };
        Self(Arc::new(watch::Sender::new(state)))
    }

    /// Waits until a tick at `time_ns` may go, and counts it.
    pub async fn pass(&self, time_ns: i64) {
        let mut changes = None;
        loop {
            let mut open = false;
            // Nobody is woken for a tick: who waits, waits for a person.
            self.0.send_if_modified(|state| {
                open = state.limit.is_none_or(|limit| state.passed < limit);
                if open {
                    state.passed += 1;
                    state.time_ns = time_ns;
                }
                false
            });
            match &mut changes {
                _ if open => return,
                // Subscribed first and looked at again, so that no change falls between.
                None => changes = Some(self.0.subscribe()),
                // The sender is ours.
                Some(changes) => drop(changes.changed().await),
            }
        }
    }

    /// Does what a person says.
    ///
    /// # Errors
    /// One sentence, when it cannot be done.
    pub fn obey(&self, order: Order) -> Result<String, String> {
        if self.0.borrow().over {
            return Err("the tape is over: start ingest again to replay it anew".to_owned());
        }
        self.0.send_modify(|state| {
            match order {
                Order::Pause => state.limit = Some(state.passed),
                Order::Resume => state.limit = None,
                Order::Step(ticks) => {
                    let stands = state.limit.unwrap_or(state.passed);
                    state.limit = Some(stands + ticks);
                }
                Order::Speed(speed) => state.speed = speed,
            }
            state.turns += 1;
        });
        Ok(self.answer(order))
    }

    /// How the tape stands after an order, in one line.
    fn answer(&self, order: Order) -> String {
        let state = *self.0.borrow();
        let speed =
            state.speed.map_or_else(|| "full speed".to_owned(), |speed| format!("{speed}x"));
        let place = state.place();
        match (order, state.limit) {
            (Order::Step(ticks), _) => {
                format!("stepping {ticks} ticks, then it stands still; {place}")
            }
            (_, None) => format!("running at {speed}; {place}"),
            (Order::Speed(_), Some(_)) => {
                format!("paused, {speed} from the next resume on; {place}")
            }
            (_, Some(_)) => format!("paused; {place}; resume or step N goes on"),
        }
    }

    /// How far the tape has come; `None` before it is known how long it is.
    pub fn progress(&self) -> Option<TapeProgress> {
        let state = *self.0.borrow();
        (state.ticks > 0).then(|| state.progress())
    }

    /// Tape seconds per wall second; 0 is as fast as the readers take it.
    pub fn speed(&self) -> f64 {
        self.0.borrow().speed.unwrap_or(0.0)
    }

    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }

    /// The tape has `rows` rows that make `ticks` ticks; `earlier` of them are published.
    pub(super) fn measure(&self, rows: u64, ticks: u64, earlier: u64) {
        self.0.send_if_modified(|state| {
            (state.rows, state.ticks, state.earlier) = (rows, ticks, earlier);
            false
        });
    }

    /// Nothing follows.
    pub(super) fn close(&self) {
        self.0.send_if_modified(|state| {
            state.over = true;
            false
        });
    }
}

impl State {
    fn progress(&self) -> TapeProgress {
        let ticks = (self.earlier + self.passed).min(self.ticks);
        // A row of trades is one tick, one of minutes four.
        let rows = u128::from(ticks) * u128::from(self.rows) / u128::from(self.ticks.max(1));
        TapeProgress {
            rows: u64::try_from(rows).unwrap_or(self.rows),
            of: self.rows,
            time_ns: self.time_ns,
            paused: self.limit.is_some() && !self.over,
        }
    }

    fn place(&self) -> String {
        if self.ticks == 0 {
            return "it is still being read".to_owned();
        }
        let TapeProgress { rows, of, time_ns, .. } = self.progress();
        let zone = TimeZone::get("America/New_York").ok();
        let moment = Timestamp::from_nanosecond(i128::from(time_ns)).ok();
        let at = zone.zip(moment).map(|(zone, moment)| moment.to_zoned(zone));
        let at = at.filter(|_| time_ns > 0);
        let at = at.map(|at| at.strftime(", %Y-%m-%d %H:%M:%S New York").to_string());
        format!("row {rows} of {of}{}", at.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_of_five_and_anything_else_says_what_they_are() {
        assert_eq!(Order::parse(" pause\n"), Ok(Order::Pause));
        assert_eq!(Order::parse("resume"), Ok(Order::Resume));
        assert_eq!(Order::parse("step"), Ok(Order::Step(1)));
        assert_eq!(Order::parse("step 40"), Ok(Order::Step(40)));
        assert_eq!(Order::parse("speed 0.5x"), Ok(Order::Speed(Some(0.5))));
        assert_eq!(Order::parse("speed max"), Ok(Order::Speed(None)));
        for bad in ["step 0", "step -1", "step x", "step 1000001"] {
            assert!(Order::parse(bad).unwrap_err().contains("1 to 1000000"), "{bad}");
        }
        for bad in ["speed 0", "speed -1", "speed NaN", "speed inf", "speed fast"] {
            assert!(Order::parse(bad).unwrap_err().contains("such as 60"), "{bad}");
        }
        for bad in ["", "stop", "pause now", "speed", "step 1 2"] {
            assert!(Order::parse(bad).unwrap_err().contains("say pause, resume"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_paused_gate_lets_exactly_the_steps_pass() {
        let gate = Gate::new(Some(60.0));
        gate.measure(5, 20, 4);
        gate.pass(1).await;
        assert!(gate.obey(Order::Pause).unwrap().starts_with("paused; row 1 of 5"));
        gate.obey(Order::Step(2)).unwrap();
        gate.obey(Order::Step(1)).unwrap();
        let passing = tokio::spawn({
            let gate = gate.clone();
            async move {
                for time_ns in 2..7 {
                    gate.pass(time_ns).await;
                }
            }
        });
        let stepped = async || (gate.progress()?.time_ns == 4).then_some(());
        runtime::testing::eventually(runtime::testing::SOON, stepped).await.unwrap();
        assert!(!passing.is_finished());
        assert!(gate.progress().unwrap().paused);
        assert!(gate.obey(Order::Resume).unwrap().starts_with("running at 60x"));
        passing.await.unwrap();
        let whole = TapeProgress { rows: 2, of: 5, time_ns: 6, paused: false };
        assert_eq!(gate.progress(), Some(whole));
        gate.close();
        assert!(gate.obey(Order::Pause).unwrap_err().contains("over"));
    }
}
