//! Scratch: a lively fake desk to look at pages with.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "scratch")]
#[path = "../tests/fake/mod.rs"]
mod fake;
use fake::*;
use proto::*;
use runtime::{
    bus::{Bus, BusConfig},
    clock,
    config::Faults,
};
use std::time::Duration;

async fn bus(user: &str) -> Bus {
    Bus::connect(&BusConfig::from_env(user, &Faults::default())).await.unwrap()
}

#[tokio::main]
async fn main() {
    let desk = FakeDesk::new(bus("ingest").await, bus("executor").await, bus("operator").await);
    let names = std::env::args().nth(1).unwrap_or_else(|| "AXSM DJT WULF ONDS NVDA TSLA AAPL MSFT GOOGL AMZN META NFLX AMD INTC QCOM MRVL COIN HOOD UPST SOFI".into());
    let symbols: Vec<Symbol> = names.split_whitespace().map(symbol).collect();
    let mut rng: u64 = 42;
    let mut rand = move || {
        rng ^= rng << 13;
        rng ^= rng >> 7;
        rng ^= rng << 17;
        (rng >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    desk.feed(&feed(symbols.clone())).await;
    desk.control(TradingState::Active, "market open").await;
    desk.account(&account()).await;
    let now = clock::now_ms();
    let start = now - now.rem_euclid(MINUTE_MS) - 390 * MINUTE_MS;
    let mut prices: Vec<f64> =
        symbols.iter().enumerate().map(|(i, _)| 100.0 + 3.0 * i as f64).collect();
    for (i, s) in symbols.iter().enumerate() {
        for m in 0..390 {
            let open = prices[i];
            prices[i] *= 1.0 + rand() * 0.004;
            let mut b = bar(s, start + m * MINUTE_MS, open, prices[i], 0);
            b.high *= 1.0 + rand().abs() * 0.002;
            b.low *= 1.0 - rand().abs() * 0.002;
            b.volume = 1000.0 + rand().abs() * 20000.0;
            if (200..212).contains(&m) && i == 1 {
                continue;
            }
            desk.bar(&b).await;
        }
    }
    println!("bars are in");
    let base = clock::now_ms() as u64 / 100;
    for n in 0u64.. {
        for (i, s) in symbols.iter().enumerate() {
            prices[i] *= 1.0 + rand() * 0.0008;
            let mut t = tick(s, base + n + 1, (prices[i] * 100.0).round() / 100.0, clock::now_ms());
            t.prev_close = Some(100.0 + 3.0 * i as f64);
            t.size = (rand().abs() * 500.0).round();
            desk.tick(&t).await;
            if n % 40 == 3 + i as u64 % 7 {
                let side = if (n / 40) % 2 == 0 { Side::Buy } else { Side::Sell };
                for state in [OrderState::Submitting, OrderState::Accepted, OrderState::Filled] {
                    desk.order(&order(s, base + n, side, state, t.price)).await;
                }
                desk.position(&position(s, if side == Side::Buy { 12 } else { 0 }, t.price)).await;
            }
            if n % 90 == 20 && i % 3 == 0 {
                desk.order(&order(s, base + n, Side::Buy, OrderState::Refused, t.price)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(1000)).await;
    }
}
