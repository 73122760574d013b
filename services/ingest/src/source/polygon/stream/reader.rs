//! The task that reads: connection after connection, frame after frame, into the buffer.
//!
//! Never waits for whoever takes the events; the only things it waits for are the server and time.

mod connection;

use super::{
    StreamEvent, StreamRefusal, StreamSettings, Timing,
    buffer::Shared,
    retry::Retry,
    seat,
    session::{Patience, Pause, Session},
    shape::Shaper,
    socket,
    watchdog::Watchdog,
};
use connection::Connection;
use reqwest::{Client, Url};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// The vendor's own hosts of real time, and the delayed ones beside them.
const DELAYED: [(&str, &str); 4] = [
    ("socket.massive.com", "delayed.massive.com"),
    ("socket.polygon.io", "delayed.polygon.io"),
    ("business.massive.com", "delayed-business.massive.com"),
    ("business.polygon.io", "delayed-business.polygon.io"),
];

/// How a connection ended.
#[derive(Debug)]
enum End {
    /// To be made anew.
    Lost {
        words: String,
        pause: Pause,
    },
    /// Only the delayed host will do.
    NotRealTime {
        words: String,
    },
    Refused(StreamRefusal),
    /// The stream was dropped.
    Closed,
}

/// What lives from connection to connection.
struct Reader {
    settings: StreamSettings,
    timing: Timing,
    shared: Arc<Shared>,
    closing: CancellationToken,
    client: Client,
    session: Session,
    shaper: Shaper,
    watchdog: Watchdog,
    started: Instant,
    /// The present connection has been up since then.
    up_since: Option<Instant>,
    /// The last words about a lost connection, until one is up again.
    told: Option<String>,
}

/// Reads until `closing`, or until the server refuses for good.
pub(super) async fn run(
    settings: StreamSettings,
    timing: Timing,
    shared: Arc<Shared>,
    closing: CancellationToken,
) {
    match Reader::new(settings, timing, Arc::clone(&shared), closing) {
        Ok(reader) => reader.run().await,
        Err(refusal) => shared.put(|buffer| buffer.say(StreamEvent::Refused(refusal))),
    }
}

impl Reader {
    fn new(
        settings: StreamSettings,
        timing: Timing,
        shared: Arc<Shared>,
        closing: CancellationToken,
    ) -> Result<Self, StreamRefusal> {
        if settings.symbols.is_empty() {
            return Err(StreamRefusal::Machine {
                words: "there is no symbol to stream".to_owned(),
            });
        }
        let patience = Patience { handshake: timing.handshake, acknowledge: timing.acknowledge };
        let session = Session::new(&settings.symbols, settings.entitlement, patience)?;
        let client = socket::client()
            .map_err(|error| StreamRefusal::Machine { words: error.without_url().to_string() })?;
        let calendar = &settings.calendar;
        let shaper = Shaper::new(&settings.symbols, calendar.clone(), settings.delayed);
        let watchdog = Watchdog::new(calendar.clone(), settings.symbols.len(), timing.silence);
        let (started, up_since, told) = (Instant::now(), None, None);
        Ok(Self {
            settings,
            timing,
            shared,
            closing,
            client,
            session,
            shaper,
            watchdog,
            started,
            up_since,
            told,
        })
    }

    async fn run(mut self) {
        let mut retry = Retry::new(&self.timing);
        loop {
            let end = self.connection().await;
            let up = self.up_since.take().map_or(Duration::ZERO, |since| since.elapsed());
            let (words, wait) = match end {
                End::Closed => return,
                End::Refused(refusal) => return self.say(StreamEvent::Refused(refusal)),
                End::Lost { words, pause } => (words, retry.after(up, pause)),
                End::NotRealTime { words } => match self.go_delayed(&words) {
                    Ok(words) => (words, Duration::ZERO),
                    Err(refusal) => return self.say(StreamEvent::Refused(refusal)),
                },
            };
            self.shaper.lost();
            metrics::counter!("ingest_stream_reconnects_total").increment(1);
            self.tell(format!("{words}; connecting again in {:.1} s", wait.as_secs_f64()), words);
            if self.closing.clone().run_until_cancelled(sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// One connection from its making to its end. The seat is given back after the socket is closed.
    async fn connection(&mut self) -> End {
        let closing = self.closing.clone();
        let seat = seat::take(&self.settings.url, &self.settings.key);
        let Some(_seat) = closing.run_until_cancelled(seat).await else { return End::Closed };
        let connecting = socket::connect(&self.client, &self.settings.url, self.timing.connect);
        match closing.run_until_cancelled(connecting).await {
            None => End::Closed,
            Some(Err(error)) => End::Lost { words: error.to_string(), pause: Pause::Usual },
            Some(Ok(socket)) => Connection::new(self, socket).run().await,
        }
    }

    /// Time since the stream was opened.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Goes over to the delayed host beside the vendor's own; no other host is guessed.
    fn go_delayed(&mut self, words: &str) -> Result<String, StreamRefusal> {
        let refusal = |instead: &str| StreamRefusal::RealTime {
            words: words.to_owned(),
            instead: instead.to_owned(),
        };
        let Some(url) = delayed(&self.settings.url) else {
            return Err(refusal("the delayed host, wss://delayed.massive.com/stocks"));
        };
        let instead = url.host_str().unwrap_or_default().to_owned();
        self.settings.url = url;
        self.shaper.set_delayed();
        Ok(format!("the key's plan has no real-time stream; going over to {instead}"))
    }

    /// Says that the connection is lost, once for each reason.
    fn tell(&mut self, words: String, reason: String) {
        if self.told.as_ref() != Some(&reason) {
            self.told = Some(reason);
            self.say(StreamEvent::Down { words });
        }
    }

    fn say(&self, event: StreamEvent) {
        self.shared.put(|buffer| buffer.say(event));
    }
}

/// The delayed host beside one of the vendor's hosts of real time.
fn delayed(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let (_, instead) = DELAYED.iter().find(|(real_time, _)| *real_time == host)?;
    let mut url = url.clone();
    url.set_host(Some(instead)).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_vendors_own_hosts_have_a_delayed_one_beside_them() {
        let beside = |text: &str| delayed(&Url::parse(text).unwrap()).map(String::from);
        for (real_time, instead) in [
            ("wss://socket.massive.com/stocks", Some("wss://delayed.massive.com/stocks")),
            ("wss://socket.polygon.io/stocks", Some("wss://delayed.polygon.io/stocks")),
            ("wss://delayed.massive.com/stocks", None),
            (
                "wss://business.massive.com/stocks",
                Some("wss://delayed-business.massive.com/stocks"),
            ),
            ("wss://business.polygon.io/stocks", Some("wss://delayed-business.polygon.io/stocks")),
            ("wss://delayed-business.massive.com/stocks", None),
            ("ws://127.0.0.1:4000/stocks", None),
        ] {
            assert_eq!(beside(real_time).as_deref(), instead, "{real_time}");
        }
    }
}
