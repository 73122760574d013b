//! One connection: a task that reads, and one that writes what waits for it.

use super::Outgoing;
use crate::{
    polygon::{
        control::Control,
        event::Cluster,
        fault::{Fault, Stage},
    },
    severable::Cut,
};
use axum::{
    body::Bytes,
    extract::{
        ConnectInfo, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a slow client may take to read that it is slow.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a close frame waits for its answer.
const CLOSING: Duration = Duration::from_secs(1);

/// What a cluster's connections need.
#[derive(Clone)]
pub(in crate::polygon) struct Door {
    pub control: Control,
    pub cluster: Cluster,
    pub stopping: CancellationToken,
}

/// `GET /stocks`.
pub(in crate::polygon) async fn upgrade(
    State(door): State<Door>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !door.control.lock().faults.fire(Stage::Upgrade, None).is_empty() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade.on_upgrade(move |socket| attend(socket, door, cut)).into_response()
}

async fn attend(socket: WebSocket, door: Door, cut: Cut) {
    let (id, bells) = {
        let mut world = door.control.lock();
        let entered = world.hub.enter(door.cluster, cut.clone());
        world.greet(entered.0);
        entered
    };
    let (sink, stream) = socket.split();
    tokio::select! {
        () = read(stream, &door.control, id) => {}
        () = write(sink, (&door.control, id), &bells.waits, &cut) => {}
        () = time_is_up(&door.control, id) => {}
        () = too_slow(&bells.slow, &cut) => {}
        () = door.stopping.cancelled() => cut.now(),
    }
    door.control.lock().hub.leave(id);
}

async fn read(mut stream: SplitStream<WebSocket>, control: &Control, id: u64) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => {
                let now_ns = control.clock().now_ns();
                control.lock().hear(id, &text, now_ns);
            }
            Message::Close(_) => return,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    (control, id): (&Control, u64),
    waits: &Notify,
    cut: &Cut,
) {
    let every = control.lock().config.ping_every;
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    loop {
        let next = control.lock().next_for(id);
        let Some(frames) = next else {
            tokio::select! {
                () = waits.notified() => {}
                _ = ping.tick() => {
                    let stalled = control.lock().faults.is_set(&Fault::Stall);
                    if !stalled && sink.send(Message::Ping(Bytes::new())).await.is_err() {
                        return;
                    }
                }
            }
            continue;
        };
        for frame in frames {
            if !send(&mut sink, frame, cut).await {
                return;
            }
        }
    }
}

/// `false` when it was the last.
async fn send(sink: &mut SplitSink<WebSocket, Message>, frame: Outgoing, cut: &Cut) -> bool {
    match frame {
        Outgoing::Text(text) => sink.send(Message::Text(text.into())).await.is_ok(),
        Outgoing::Binary(bytes) => sink.send(Message::Binary(bytes.into())).await.is_ok(),
        Outgoing::Close(code, reason) => {
            let frame = CloseFrame { code, reason: reason.into() };
            // A peer that is gone already need not be told.
            drop(sink.send(Message::Close(Some(frame))).await);
            // The peer's own close frame ends this; one that sends none is not waited for.
            tokio::time::sleep(CLOSING).await;
            false
        }
        Outgoing::Cut => {
            cut.now();
            false
        }
        Outgoing::Reset => {
            cut.reset();
            false
        }
    }
}

/// Ends a client that does not authenticate.
async fn time_is_up(control: &Control, id: u64) {
    let patience = control.lock().config.auth_timeout;
    tokio::time::sleep(patience).await;
    control.lock().time_is_up(id);
    std::future::pending::<()>().await;
}

/// Ends a slow client that does not even read that it is slow.
async fn too_slow(slow: &Notify, cut: &Cut) {
    slow.notified().await;
    tokio::time::sleep(LAST_WORDS).await;
    cut.reset();
}
