//! The bytes of every message, field by field. To be changed only by adding messages and optional
//! fields: streams hold these bytes for years, and services of different ages exchange them.

/// A tick with everything it can have.
pub(crate) const TICK: &str = "
    de0010 # 16 fields
    a176 01 # v: 1
    a673796d626f6c a542524b2e42 # symbol: BRK.B
    a3736571 ce00011170 # seq: 70000
    a57072696365 cb407f540000000000 # price: 501.25
    a473697a65 cb4072c00000000000 # size: 300.0
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    ab72656365697665645f6e73 cf189a4a3634fe9360 # received_ns: 1772811000001500000
    a6736f75726365 a7706f6c79676f6e # source: polygon
    a56669656c64 a57472616465 # field: trade
    a773657373696f6e a7726567756c6172 # session: regular
    a764656c61796564 c3 # delayed: true
    a3626964 cb407f533333333333 # bid: 501.2
    a361736b cb407f54cccccccccd # ask: 501.3
    aa707265765f636c6f7365 cb407f200000000000 # prev_close: 498.0
    a3676170 c3 # gap: true
    a773757370656374 b0636f72706f726174655f616374696f6e # suspect: corporate_action
";

/// A tick with nothing it can lack.
pub(crate) const BARE_TICK: &str = "
    8b # 11 fields
    a176 01 # v: 1
    a673796d626f6c a141 # symbol: A
    a3736571 01 # seq: 1
    a57072696365 cb407f540000000000 # price: 501.25
    a473697a65 cb0000000000000000 # size: 0.0
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    ab72656365697665645f6e73 cf189a4a3634fe9360 # received_ns: 1772811000001500000
    a6736f75726365 a373696d # source: sim
    a56669656c64 a57472616465 # field: trade
    a773657373696f6e a7726567756c6172 # session: regular
    a764656c61796564 c2 # delayed: false
";

/// A bar.
pub(crate) const BAR: &str = "
    8c # 12 fields
    a176 01 # v: 1
    a673796d626f6c a44141504c # symbol: AAPL
    a873746172745f6d73 cf0000019cc3c518c0 # start_ms: 1772811000000
    a46f70656e cb4070400000000000 # open: 260.0
    a468696768 cb4070580000000000 # high: 261.5
    a36c6f77 cb40703c0000000000 # low: 259.75
    a5636c6f7365 cb4070500000000000 # close: 261.0
    a6766f6c756d65 cb40fe848000000000 # volume: 125000.0
    a476776170 cb4070480000000000 # vwap: 260.5
    a5636f756e74 3c # count: 60
    a3736571 ce00011170 # seq: 70000
    a6736f75726365 a67265706c6179 # source: replay
";

/// What the strategy means to do about a symbol.
pub(crate) const LEVELS: &str = "
    8a # 10 fields
    a176 01 # v: 1
    a673796d626f6c a44141504c # symbol: AAPL
    a8656d615f66617374 0c # ema_fast: 12
    a8656d615f736c6f77 1a # ema_slow: 26
    a5656e747279 cb4070500000000000 # entry: 261.0
    a473746f70 cb40703c0000000000 # stop: 259.75
    a8747261696c696e67 c3 # trailing: true
    ab74616b655f70726f666974 cb4070780000000000 # take_profit: 263.5
    ab6c656176655f62795f6d73 cf0000019cc3ce4080 # leave_by_ms: 1772811600000
    a87469636b5f736571 ce00011170 # tick_seq: 70000
";

/// What ingest says of itself.
pub(crate) const FEED_STATUS: &str = "
    de0010 # 16 fields
    a176 01 # v: 1
    a372756e a438663361 # run: 8f3a
    a6736f75726365 a373696d # source: sim
    a5636c6f636b a474617065 # clock: tape
    a57374617465 a46c697665 # state: live
    a664657461696c b27365656465642072616e646f6d2077616c6b # detail: seeded random walk
    a773796d626f6c73 92a44141504ca542524b2e42 # symbols: AAPL BRK.B
    a76d697373696e67 91a45a5a5a5a # missing: ZZZZ
    ae73746172745f706f736974696f6e cd3039 # start_position: 12345
    ab696e74657276616c5f6d73 cd03e8 # interval_ms: 1000
    a57370656564 cb3ff0000000000000 # speed: 1.0
    a864656c61795f6d73 ce000dbba0 # delay_ms: 900000
    ab656e7469746c656d656e74 a9646576656c6f706572 # entitlement: developer
    a97472616e73706f7274 a673747265616d # transport: stream
    a474617065 # tape
      84 # 4 fields
      a4726f7773 46 # rows: 70
      a26f66 cd012c # of: 300
      a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
      a6706175736564 c3 # paused: true
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// How far a reader has come.
pub(crate) const PROGRESS: &str = "
    84 # 4 fields
    a176 01 # v: 1
    a372756e a438663361 # run: 8f3a
    a8706f736974696f6e ceee6b2800 # position: 4000000000
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
";

/// An intent.
pub(crate) const INTENT: &str = "
    8f # 15 fields
    a176 01 # v: 1
    a26964 ac4141504c2d37303030302d42 # id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a46b696e64 a5656e747279 # kind: entry
    a87175616e74697479 a531322e3530 # quantity: 12.50
    a57072696365 cb4070500000000000 # price: 261.0
    a87469636b5f736571 ce00011170 # tick_seq: 70000
    a8706f736974696f6e ce00155cc0 # position: 1400000
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    ae76616c69645f756e74696c5f6d73 cf0000019cc3c58df0 # valid_until_ms: 1772811030000
    a6726561736f6e a863726f73735f7570 # reason: cross_up
    aa696e64696361746f7273 # indicators
      84 # 4 fields
      a8656d615f66617374 cb4070480000000000 # ema_fast: 260.5
      a8656d615f736c6f77 cb4070440000000000 # ema_slow: 260.25
      a3727369 cb404ec00000000000 # rsi: 61.5
      ad72616e67655f70657263656e74 cb3fc0000000000000 # range_percent: 0.125
    a87374726174656779 a56d6963726f # strategy: micro
    a87265766973696f6e a6633066666565 # revision: c0ffee
";

/// An order that a rule refused.
pub(crate) const ORDER_REFUSED: &str = "
    8a # 10 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 a772656675736564 # state: refused
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a6696e74656e74 # intent
      8f # 15 fields
      a176 01 # v: 1
      a26964 ac4141504c2d37303030302d42 # id: AAPL-70000-B
      a673796d626f6c a44141504c # symbol: AAPL
      a473696465 a3627579 # side: buy
      a46b696e64 a5656e747279 # kind: entry
      a87175616e74697479 a531322e3530 # quantity: 12.50
      a57072696365 cb4070500000000000 # price: 261.0
      a87469636b5f736571 ce00011170 # tick_seq: 70000
      a8706f736974696f6e ce00155cc0 # position: 1400000
      a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
      ae76616c69645f756e74696c5f6d73 cf0000019cc3c58df0 # valid_until_ms: 1772811030000
      a6726561736f6e a863726f73735f7570 # reason: cross_up
      aa696e64696361746f7273 # indicators
        84 # 4 fields
        a8656d615f66617374 cb4070480000000000 # ema_fast: 260.5
        a8656d615f736c6f77 cb4070440000000000 # ema_slow: 260.25
        a3727369 cb404ec00000000000 # rsi: 61.5
        ad72616e67655f70657263656e74 cb3fc0000000000000 # range_percent: 0.125
      a87374726174656779 a56d6963726f # strategy: micro
      a87265766973696f6e a6633066666565 # revision: c0ffee
    a77265667573616c # refusal
      82 # 2 fields
      a472756c65 ab6f726465725f76616c7565 # rule: order_value
      a76d657373616765 d9236f726465722076616c756520332c3236322e35302069732061626f766520322c353030 # message: order value 3,262.50 is above 2,500
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// An order about to be sent.
pub(crate) const ORDER_SUBMITTING: &str = "
    89 # 9 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 aa7375626d697474696e67 # state: submitting
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a6696e74656e74 # intent
      8f # 15 fields
      a176 01 # v: 1
      a26964 ac4141504c2d37303030302d42 # id: AAPL-70000-B
      a673796d626f6c a44141504c # symbol: AAPL
      a473696465 a3627579 # side: buy
      a46b696e64 a5656e747279 # kind: entry
      a87175616e74697479 a531322e3530 # quantity: 12.50
      a57072696365 cb4070500000000000 # price: 261.0
      a87469636b5f736571 ce00011170 # tick_seq: 70000
      a8706f736974696f6e ce00155cc0 # position: 1400000
      a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
      ae76616c69645f756e74696c5f6d73 cf0000019cc3c58df0 # valid_until_ms: 1772811030000
      a6726561736f6e a863726f73735f7570 # reason: cross_up
      aa696e64696361746f7273 # indicators
        84 # 4 fields
        a8656d615f66617374 cb4070480000000000 # ema_fast: 260.5
        a8656d615f736c6f77 cb4070440000000000 # ema_slow: 260.25
        a3727369 cb404ec00000000000 # rsi: 61.5
        ad72616e67655f70657263656e74 cb3fc0000000000000 # range_percent: 0.125
      a87374726174656779 a56d6963726f # strategy: micro
      a87265766973696f6e a6633066666565 # revision: c0ffee
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// An order whose fate is not known.
pub(crate) const ORDER_UNKNOWN: &str = "
    89 # 9 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 a7756e6b6e6f776e # state: unknown
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a76d657373616765 b56e6f20616e737765722077697468696e2031302073 # message: no answer within 10 s
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// An order the broker has.
pub(crate) const ORDER_ACCEPTED: &str = "
    89 # 9 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 a86163636570746564 # state: accepted
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    af62726f6b65725f6f726465725f6964 a9393837363534333231 # broker_order_id: 987654321
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// An order of which some has traded.
pub(crate) const ORDER_PARTIALLY_FILLED: &str = "
    8a # 10 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 b07061727469616c6c795f66696c6c6564 # state: partially_filled
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a87469636b5f736571 ce00011171 # tick_seq: 70001
    a466696c6c # fill
      84 # 4 fields
      a26964 ab3938373635343332312d31 # id: 987654321-1
      a87175616e74697479 a135 # quantity: 5
      a57072696365 a83236312e30313235 # price: 261.0125
      a3666565 a4302e3030 # fee: 0.00
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A holding with everything it can have.
pub(crate) const POSITION: &str = "
    8c # 12 fields
    a176 01 # v: 1
    a673796d626f6c a44141504c # symbol: AAPL
    a87175616e74697479 a531322e3530 # quantity: 12.50
    ad617665726167655f7072696365 a83236312e30313235 # average_price: 261.0125
    a4636f7374 a7333236322e3636 # cost: 3262.66
    a87265616c69736564 a52d332e3130 # realised: -3.10
    a466656573 a4302e3432 # fees: 0.42
    a96f70656e65645f6e73 cf189a4a3634e7b000 # opened_ns: 1772811000000000000
    aa6f70656e5f6f72646572 ac4141504c2d37303130302d53 # open_order: AAPL-70100-S
    aa756e7265736f6c766564 ac4141504c2d37303130302d53 # unresolved: AAPL-70100-S
    a7736574746c6564 # settled
      85 # 5 fields
      a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
      a57374617465 a666696c6c6564 # state: filled
      a87469636b5f736571 ce00011171 # tick_seq: 70001
      a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
      a472756c65 ab6f726465725f76616c7565 # rule: order_value
    ab6a6f75726e616c5f736571 58 # journal_seq: 88
";

/// No holding, no history.
pub(crate) const FLAT_POSITION: &str = "
    8c # 12 fields
    a176 01 # v: 1
    a673796d626f6c a44141504c # symbol: AAPL
    a87175616e74697479 a130 # quantity: 0
    ad617665726167655f7072696365 a130 # average_price: 0
    a4636f7374 a130 # cost: 0
    a87265616c69736564 a130 # realised: 0
    a466656573 a130 # fees: 0
    a96f70656e65645f6e73 00 # opened_ns: 0
    aa6f70656e5f6f72646572 c0 # open_order: null
    aa756e7265736f6c766564 c0 # unresolved: null
    a7736574746c6564 c0 # settled: null
    ab6a6f75726e616c5f736571 00 # journal_seq: 0
";

/// The account.
pub(crate) const ACCOUNT: &str = "
    de0015 # 21 fields
    a176 01 # v: 1
    a46d6f6465 a57061706572 # mode: paper
    a863757272656e6379 a3555344 # currency: USD
    a463617368 a839363733372e3334 # cash: 96737.34
    a86578706f73757265 a7333236322e3530 # exposure: 3262.50
    a6657175697479 a839393939392e3834 # equity: 99999.84
    a87265616c69736564 a52d332e3130 # realised: -3.10
    aa756e7265616c69736564 a4322e3934 # unrealised: 2.94
    aa6461795f70726f666974 a52d302e3136 # day_profit: -0.16
    b06461795f73746172745f657175697479 a6313030303030 # day_start_equity: 100000
    a3646179 aa323032362d30332d3036 # day: 2026-03-06
    ab7065616b5f657175697479 a93130303031322e3030 # peak_equity: 100012.00
    aa6163636f756e745f6964 a731323334353637 # account_id: 1234567
    a7666f726569676e a531322e3530 # foreign: 12.50
    ab6f70656e5f6f7264657273 01 # open_orders: 1
    aa756e7265736f6c766564 91ac4141504c2d37303130302d53 # unresolved: AAPL-70100-S
    a87265667573616c73 82a773657373696f6e03ab6f726465725f76616c756501 # refusals: session 3 order_value 1
    a87761726e696e6773 91b76461696c79206c6f737320697320363220252075736564 # warnings: daily loss is 62 % used
    ab6a6f75726e616c5f736571 58 # journal_seq: 88
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// The trading state.
pub(crate) const CONTROL: &str = "
    85 # 5 fields
    a176 01 # v: 1
    a57374617465 a668616c746564 # state: halted
    a26279 a4616e6e61 # by: anna
    a3776879 b1636865636b696e67207468652066656564 # why: checking the feed
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A claim.
pub(crate) const LEASE: &str = "
    83 # 3 fields
    a176 01 # v: 1
    a6686f6c646572 b56578656375746f722d686f73742d343731312d3962 # holder: executor-host-4711-9b
    a873696e63655f6d73 cf0000019cc3c518c0 # since_ms: 1772811000000
";

/// The claim of an order that goes to a broker.
pub(crate) const ORDER_SUBMITTING_ABROAD: &str = "
    8a # 10 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 aa7375626d697474696e67 # state: submitting
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a6696e74656e74 # intent
      8f # 15 fields
      a176 01 # v: 1
      a26964 ac4141504c2d37303030302d42 # id: AAPL-70000-B
      a673796d626f6c a44141504c # symbol: AAPL
      a473696465 a3627579 # side: buy
      a46b696e64 a5656e747279 # kind: entry
      a87175616e74697479 a531322e3530 # quantity: 12.50
      a57072696365 cb4070500000000000 # price: 261.0
      a87469636b5f736571 ce00011170 # tick_seq: 70000
      a8706f736974696f6e ce00155cc0 # position: 1400000
      a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
      ae76616c69645f756e74696c5f6d73 cf0000019cc3c58df0 # valid_until_ms: 1772811030000
      a6726561736f6e a863726f73735f7570 # reason: cross_up
      aa696e64696361746f7273 # indicators
        84 # 4 fields
        a8656d615f66617374 cb4070480000000000 # ema_fast: 260.5
        a8656d615f736c6f77 cb4070440000000000 # ema_slow: 260.25
        a3727369 cb404ec00000000000 # rsi: 61.5
        ad72616e67655f70657263656e74 cb3fc0000000000000 # range_percent: 0.125
      a87374726174656779 a56d6963726f # strategy: micro
      a87265766973696f6e a6633066666565 # revision: c0ffee
    a576656e7565 # venue
      87 # 7 fields
      a46d6f6465 a464656d6f # mode: demo
      aa6163636f756e745f6964 a731323334353637 # account_id: 1234567
      a863757272656e6379 a3474250 # currency: GBP
      a67469636b6572 aa4141504c5f55535f4551 # ticker: AAPL_US_EQ
      a46973696e ac555330333738333331303035 # isin: US0378331005
      a468656c64 a130 # held: 0
      a87175616e74697479 a531322e3437 # quantity: 12.47
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A fill in another currency than the account's.
pub(crate) const ORDER_FILLED_ABROAD: &str = "
    89 # 9 fields
    a176 01 # v: 1
    a86f726465725f6964 ac4141504c2d37303030302d42 # order_id: AAPL-70000-B
    a673796d626f6c a44141504c # symbol: AAPL
    a473696465 a3627579 # side: buy
    a57374617465 a666696c6c6564 # state: filled
    a774696d655f6e73 cf189a4a3634e7b000 # time_ns: 1772811000000000000
    a466696c6c # fill
      85 # 5 fields
      a26964 a9393837363534333232 # id: 987654322
      a87175616e74697479 a531322e3437 # quantity: 12.47
      a57072696365 a63236312e3031 # price: 261.01
      a3666565 a4332e3831 # fee: 3.81
      a576616c7565 a7323534302e3139 # value: 2540.19
    a6777269746572 aa6578656375746f722d31 # writer: executor-1
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A person's word that an order was placed.
pub(crate) const SETTLEMENT_PLACED: &str = "
    85 # 5 fields
    a176 01 # v: 1
    a776657264696374 # verdict
      81 # 1 fields
      a6706c61636564 # placed
        81 # 1 fields
        af62726f6b65725f6f726465725f6964 a9393837363534333231 # broker_order_id: 987654321
    a26279 a4616e6e61 # by: anna
    a3776879 af7365656e20696e2074686520617070 # why: seen in the app
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A person's word that an order never was.
pub(crate) const SETTLEMENT_ABSENT: &str = "
    85 # 5 fields
    a176 01 # v: 1
    a776657264696374 a6616273656e74 # verdict: absent
    a26279 a4616e6e61 # by: anna
    a3776879 af7365656e20696e2074686520617070 # why: seen in the app
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A person's order to sell everything.
pub(crate) const FLATTEN: &str = "
    85 # 5 fields
    a176 01 # v: 1
    a6706872617365 af73656c6c2065766572797468696e67 # phrase: sell everything
    a26279 a4616e6e61 # by: anna
    a3776879 aa676f696e6720686f6d65 # why: going home
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";

/// A person's leave to trade with real money.
pub(crate) const LIVE_ARM: &str = "
    85 # 5 fields
    a176 01 # v: 1
    aa6163636f756e745f6964 a731323334353637 # account_id: 1234567
    a26279 a4616e6e61 # by: anna
    a3776879 b361206d6f6e7468206f66207072616374696365 # why: a month of practice
    a561745f6d73 cf0000019cc3c518c0 # at_ms: 1772811000000
";
