//! One page's socket: frames out as far as its credit goes, acknowledgements in.
//!
//! Per page there is a number or two and small buffers; the text of a frame is shared by all pages
//! that are up to date.

use crate::{
    credit::Credit,
    desk::{Desk, Newest, encode},
    view::{FRAMES, Frame, tenths},
};
use axum::{
    Error,
    extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// A page that does not take a frame within this time is dropped.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// A page is asked for a sign of life this often, and dropped after three unanswered times.
const PING_EVERY: Duration = Duration::from_secs(20);
/// The largest message a page may send, bytes. Real ones are under 100, a word to the desk under 2,000.
pub(crate) const INBOUND_LIMIT: usize = 4_096;
/// Buffers of a socket, bytes: acknowledgements in, a delta out.
const BUFFER: usize = 2_048;

/// What a page says when it connects: what it has already.
#[derive(Debug, Deserialize)]
pub(crate) struct Resume {
    /// Identity of the hub its frames came from.
    #[serde(default)]
    session: String,
    /// The last frame it has.
    #[serde(default)]
    since: u64,
}

/// What a page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    /// Everything up to this frame is painted.
    Ack { seq: u64 },
    /// Frames are missing.
    Resync,
    /// What time is it there? The page's own is `sent_ms`.
    Ping { sent_ms: f64 },
}

/// Why a socket ends.
enum End {
    /// The page has gone.
    Gone,
    /// It takes nothing.
    Slow,
}

impl From<Error> for End {
    fn from(_: Error) -> Self {
        Self::Gone
    }
}

/// Turns a request into a page's socket.
pub(crate) fn upgrade(
    request: WebSocketUpgrade,
    resume: Resume,
    desk: Desk,
    build: &'static str,
    stopping: CancellationToken,
) -> Response {
    request
        .max_message_size(INBOUND_LIMIT)
        .max_frame_size(INBOUND_LIMIT)
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .on_upgrade(move |socket| Box::pin(serve(socket, resume, desk, build, stopping)))
}

async fn serve(
    socket: WebSocket,
    resume: Resume,
    desk: Desk,
    build: &'static str,
    stopping: CancellationToken,
) {
    metrics::gauge!("dashboard_sockets").increment(1.0);
    let since = desk.hub().can_resume(&resume.session, resume.since).then_some(resume.since);
    let page = Page { socket, desk, credit: Credit::new(since), heard: Instant::now() };
    if let Err(End::Slow) = page.run(build, stopping).await {
        metrics::counter!("dashboard_slow_sockets_total").increment(1);
        tracing::debug!("dropped a page that takes nothing");
    }
    metrics::gauge!("dashboard_sockets").decrement(1.0);
}

struct Page {
    socket: WebSocket,
    desk: Desk,
    credit: Credit,
    heard: Instant,
}

impl Page {
    async fn run(mut self, build: &str, stopping: CancellationToken) -> Result<(), End> {
        let mut frames = self.desk.frames();
        let mut ping = tokio::time::interval(PING_EVERY);
        self.hello(build).await?;
        self.catch_up(None).await?;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return self.say(Message::Close(None)).await,
                said = self.socket.recv() => match said {
                    Some(Ok(message)) => self.heard(&message).await?,
                    Some(Err(_)) | None => return Ok(()),
                },
                _ = ping.tick() => self.ping().await?,
                newest = frames.changed() => if newest.is_err() { return Ok(()) },
            }
            let newest = frames.borrow_and_update().clone();
            self.catch_up(Some(newest)).await?;
        }
    }

    async fn hello(&mut self, build: &str) -> Result<(), End> {
        let text = encode(&Frame::Hello {
            frames: FRAMES,
            session: self.desk.hub().session(),
            build,
            dashboard: self.desk.slot.id,
            now_ms: runtime::clock::now_ms(),
            control: self.desk.wall.control,
        });
        self.say(Message::Text(text)).await
    }

    /// Sends what the page lacks, if it has room for it.
    async fn catch_up(&mut self, newest: Option<Newest>) -> Result<(), End> {
        if let Some(beat) = newest.as_ref().filter(|newest| newest.from_seq == newest.to_seq)
            && self.credit.sent() == Some(beat.to_seq)
            && !beat.text.is_empty()
        {
            return self.say(Message::Text(beat.text.clone())).await;
        }
        if !self.credit.has_room() {
            return Ok(());
        }
        let Some((seq, text)) = self.frame(newest) else { return Ok(()) };
        self.credit.note_sent(seq);
        self.say(Message::Text(text)).await
    }

    /// The frame the page needs next: the shared one, its own delta, or everything.
    fn frame(&self, newest: Option<Newest>) -> Option<(u64, Utf8Bytes)> {
        let now_ms = runtime::clock::now_ms();
        let Some(sent) = self.credit.sent() else {
            let hub = self.desk.hub();
            return Some((hub.seq(), encode(&hub.snapshot(now_ms))));
        };
        if let Some(newest) =
            newest.filter(|newest| newest.from_seq == sent && newest.to_seq > sent)
        {
            return Some((newest.to_seq, newest.text));
        }
        let hub = self.desk.hub();
        if hub.seq() <= sent {
            return None;
        }
        metrics::counter!("dashboard_conflated_total").increment(1);
        Some((hub.seq(), encode(&hub.delta(sent, now_ms))))
    }

    async fn heard(&mut self, message: &Message) -> Result<(), End> {
        self.heard = Instant::now();
        let Message::Text(text) = message else { return Ok(()) };
        match serde_json::from_str(text) {
            Ok(Said::Ping { sent_ms }) => {
                let now_ms = tenths(runtime::clock::now_ns());
                return self.say(Message::Text(encode(&Frame::Pong { sent_ms, now_ms }))).await;
            }
            Ok(Said::Ack { seq }) => self.credit.acknowledge(seq),
            Ok(Said::Resync) => self.credit.forget(),
            Err(_) => {
                metrics::counter!("dashboard_bad_messages_total", "kind" => "page").increment(1);
            }
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > PING_EVERY * 3 {
            return Err(End::Slow);
        }
        self.say(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn say(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(End::Slow),
        }
    }
}
