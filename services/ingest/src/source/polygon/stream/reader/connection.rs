//! One connection: frames in, answers out, until it ends.

use super::{End, Reader};
use crate::normalize::Unfit;
use crate::source::polygon::{
    redact::redacted,
    stream::{
        StreamEvent, StreamSettings,
        frames::{self, Event},
        session::{Pause, Step, short},
        socket::Socket,
    },
};
use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{
    Bytes, Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

/// One connection of a reader.
pub(super) struct Connection<'r> {
    reader: &'r mut Reader,
    socket: Socket,
    /// When something, a pong included, last came.
    heard: Instant,
    pinged: Instant,
    looked: Instant,
}

impl<'r> Connection<'r> {
    pub(super) fn new(reader: &'r mut Reader, socket: Socket) -> Self {
        let now = Instant::now();
        Self { reader, socket, heard: now, pinged: now, looked: now }
    }

    /// Reads until the end, and closes the socket.
    pub(super) async fn run(mut self) -> End {
        let now = self.reader.now();
        self.reader.session.opened(now);
        self.reader.watchdog.begin(now);
        let closing = self.reader.closing.clone();
        let end = closing.run_until_cancelled(self.read()).await.unwrap_or(End::Closed);
        // The server counts connections: it is told, where it still listens.
        let farewell = timeout(self.reader.timing.farewell, self.socket.close(None)).await;
        if !matches!(farewell, Ok(Ok(()))) {
            tracing::debug!("the stream's server did not hear the farewell");
        }
        end
    }

    async fn read(&mut self) -> End {
        loop {
            let next_look = self.looked + self.reader.timing.look;
            let end = match timeout_at(next_look, self.socket.next()).await {
                Ok(Some(Ok(message))) => self.message(message).await,
                Ok(Some(Err(error))) => Some(lost(broken(&error))),
                Ok(None) => Some(lost("the server hung up".to_owned())),
                Err(_) => None,
            };
            if let Some(end) = end {
                return end;
            }
            let now = Instant::now();
            if now >= next_look {
                self.looked = now;
                if let Some(end) = self.look(now).await {
                    return end;
                }
            }
        }
    }

    async fn message(&mut self, message: Message) -> Option<End> {
        self.heard = Instant::now();
        match message {
            Message::Text(text) => self.frame(text.as_bytes()).await,
            Message::Binary(bytes) => self.frame(&bytes).await,
            Message::Close(close) => Some(self.closed(close.as_ref())),
            // Pings are answered by the socket itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
        }
    }

    async fn frame(&mut self, bytes: &[u8]) -> Option<End> {
        let frame = frames::decode(bytes);
        metrics::counter!("ingest_stream_frames_total").increment(1);
        metrics::counter!("ingest_stream_events_total").increment(frame.events.len() as u64);
        let now = self.reader.now();
        let mut steps = Vec::new();
        for event in &frame.events {
            if let Event::Status(status) = event {
                let (status, message) = (self.hidden(&status.status), self.hidden(&status.message));
                steps.extend(self.reader.session.status(&status, &message, now));
            }
        }
        let malformed = frame.malformed + self.data(frame.events);
        metrics::counter!("ingest_stream_malformed_total").increment(malformed);
        self.act(steps).await
    }

    /// Puts prices and minutes into the buffer; gives the number of malformed ones.
    fn data(&mut self, events: Vec<Event<'_>>) -> u64 {
        let StreamSettings { clock, ahead, .. } = &self.reader.settings;
        let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        let now_ns = clock.now_ns();
        let latest_ms = now_ns.div_euclid(1_000_000).saturating_add(ahead_ms);
        let mut shaped = self.reader.shaper.take(events, latest_ms);
        // Where there is nothing else, the taker drops them and sees that our clock is behind.
        let mut early = shaped.early;
        if shaped.quotes.is_empty() {
            early = early.saturating_sub(shaped.ahead.len() as u64);
            shaped.quotes.append(&mut shaped.ahead);
        }
        for quote in &mut shaped.quotes {
            quote.received_ns = Some(now_ns);
        }
        metrics::counter!("ingest_dropped_total", "reason" => Unfit::Time.label()).increment(early);
        if shaped.alive {
            self.reader.watchdog.fed();
        }
        if shaped.quotes.is_empty() && shaped.bars.is_empty() {
            return shaped.malformed;
        }
        let mut conflated = 0;
        self.reader.shared.put(|buffer| {
            buffer.quotes(shaped.quotes);
            buffer.bars(shaped.bars);
            conflated = buffer.take_conflated();
        });
        metrics::counter!("ingest_stream_conflated_total").increment(conflated);
        shaped.malformed
    }

    /// What is due by the clock.
    async fn look(&mut self, now: Instant) -> Option<End> {
        let timing = self.reader.timing;
        if now - self.heard >= timing.dead {
            return Some(lost(format!("nothing was heard for {} s", timing.dead.as_secs())));
        }
        if now - self.pinged >= timing.ping {
            self.pinged = now;
            if let Some(end) = self.send(Message::Ping(Bytes::new())).await {
                return Some(end);
            }
        }
        let elapsed = self.reader.now();
        let steps = self.reader.session.overdue(elapsed);
        if let Some(end) = self.act(steps).await {
            return Some(end);
        }
        if !self.reader.session.is_up() {
            self.reader.watchdog.begin(elapsed);
            return None;
        }
        let (wall_ms, delayed) =
            (self.reader.settings.clock.now_ms(), self.reader.shaper.is_delayed());
        let silent = self.reader.watchdog.look(elapsed, wall_ms, delayed)?;
        Some(lost(format!("no price came for {} s of an open market", silent.as_secs())))
    }

    async fn act(&mut self, steps: Vec<Step>) -> Option<End> {
        for step in steps {
            let end = match step {
                Step::Authenticate => self.authenticate().await,
                Step::Send(request) => self.send(Message::text(request)).await,
                Step::Up { unconfirmed } => {
                    self.up(unconfirmed);
                    None
                }
                Step::Reconnect { words, pause } => Some(End::Lost { words, pause }),
                Step::NotRealTime { words } => Some(End::NotRealTime { words }),
                Step::Refuse(refusal) => Some(End::Refused(refusal)),
            };
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// What the server says, without the key.
    fn hidden(&self, text: &str) -> String {
        redacted(text, &self.reader.settings.key)
    }

    /// The server closes. 1008 without a word before it is how it treats one connection too many.
    fn closed(&self, close: Option<&CloseFrame>) -> End {
        let Some(close) = close else { return lost("the server closed the connection".to_owned()) };
        let reason = short(&self.hidden(close.reason.as_str()));
        let words = format!("the server closed the connection ({} {reason})", close.code);
        let pause = if close.code == CloseCode::Policy { Pause::CoolDown } else { Pause::Usual };
        End::Lost { words, pause }
    }

    async fn authenticate(&mut self) -> Option<End> {
        let key = self.reader.settings.key.expose_secret();
        let request = serde_json::json!({ "action": "auth", "params": key }).to_string();
        self.send(Message::text(request)).await
    }

    fn up(&mut self, unconfirmed: Vec<String>) {
        self.reader.up_since.get_or_insert_with(Instant::now);
        self.reader.told = None;
        metrics::counter!("ingest_stream_unconfirmed_total").increment(unconfirmed.len() as u64);
        let delayed = self.reader.shaper.is_delayed();
        self.reader.say(StreamEvent::Up { unconfirmed, delayed });
    }

    /// Sends, or ends the connection: a server that takes nothing for so long is gone.
    async fn send(&mut self, message: Message) -> Option<End> {
        let within: Duration = self.reader.timing.handshake;
        match timeout(within, self.socket.send(message)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(lost(broken(&error))),
            Err(_) => Some(lost("the server takes no more requests".to_owned())),
        }
    }
}

fn lost(words: String) -> End {
    End::Lost { words, pause: Pause::Usual }
}

/// What broke, in words that hold nothing of what was sent.
fn broken(error: &Error) -> String {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "the server hung up".to_owned(),
        Error::Io(error) => format!("the connection broke ({})", error.kind()),
        Error::Protocol(error) => format!("the connection broke ({error})"),
        Error::Capacity(error) => format!("a frame is too large ({error})"),
        Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::Utf8(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => "the connection broke".to_owned(),
    }
}
