//! Headless Chromium under its own driver, on a free port and a profile that is thrown away. What a
//! page complains of is kept from its first line on: console, errors, policy violations.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a browser that fails, fails the test"
)]

mod hands;

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use e2e::SOON;
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions, MouseActions, PointerAction},
    wd::WebDriverCompatibleCommand,
};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use runtime::testing::{eventually, free_port, repository};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const MISSING: &str = "the page test needs Chromium and chromedriver; `make browser` gets them";

/// Runs in every page before its own scripts. The policy cannot stop it.
const LISTENER: &str = "
    window.__complaints = [];
    const note = (text) => window.__complaints.push(text);
    document.addEventListener('securitypolicyviolation', (event) =>
        note(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
    window.addEventListener('error', (event) => note(`error: ${event.message}`));
    window.addEventListener('unhandledrejection', (event) => note(`rejection: ${event.reason}`));
";

/// A browser with one window. Ended when dropped, with its driver and its profile.
pub(crate) struct Browser {
    client: Client,
    _driver: Driver,
}

/// The driver's process. The browser is its child, and ends with it when it is asked to.
struct Driver {
    child: Child,
    port: u16,
    profile: TempDir,
}

impl Browser {
    /// Starts driver and browser.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let driver = Driver::start().await?;
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1600,1000",
            // A name of somebody else that has been made to lead to this machine.
            "--host-resolver-rules=MAP rebound.test 127.0.0.1",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", driver.profile.path().display()));
        let capabilities = json!({
            "goog:chromeOptions": {"binary": chromium()?, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            // Beyond every wait of a test: a loaded machine is no fault.
            "timeouts": {"script": 120_000, "pageLoad": 300_000},
        });
        let Value::Object(capabilities) = capabilities else { bail!("capabilities are a table") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .context("start Chromium")?;
        let browser = Self { client, _driver: driver };
        let listener = json!({ "source": LISTENER });
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", listener).await?;
        Ok(browser)
    }

    /// Opens a page and waits until it has loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Runs the body of a function in the page; gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Waits until an expression in the page holds.
    pub(crate) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression});");
        // A frame that is just being loaded anew cannot be asked; the last answer is told.
        let mut answer = None;
        let holds = async || {
            let found = self.client.execute(&script, vec![]).await;
            let held = found.as_ref().is_ok_and(|found| found == true);
            answer = Some(found);
            held.then_some(())
        };
        let held = eventually(SOON, holds).await;
        assert!(held.is_some(), "the page never comes to: {expression} ({answer:?})");
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: char) {
        let keyboard = KeyActions::new("keyboard".to_owned());
        let pressed =
            keyboard.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        self.client.perform_actions(pressed).await.unwrap();
    }

    /// Types a text, wherever the focus is.
    pub(crate) async fn type_in(&self, text: &str) {
        let mut typed = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            typed = typed.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(typed).await.unwrap();
    }

    /// Closes all windows but this one, which comes to the front again; gives how many there were.
    pub(crate) async fn close_others(&self) -> usize {
        let own = self.client.window().await.unwrap();
        let all = self.client.windows().await.unwrap();
        let others: Vec<_> = all.into_iter().filter(|window| *window != own).collect();
        let count = others.len();
        for other in others {
            self.client.switch_to_window(other).await.unwrap();
            self.client.close_window().await.unwrap();
        }
        self.client.switch_to_window(own).await.unwrap();
        count
    }

    /// Moves the mouse to a place in the window, pixels from its top left corner.
    pub(crate) async fn point(&self, x: i64, y: i64) {
        let duration = Some(Duration::from_millis(50));
        let (x, y) = (x as f64, y as f64);
        let mouse = MouseActions::new("mouse".to_owned());
        let moved = mouse.then(PointerAction::MoveTo { duration, x, y });
        self.client.perform_actions(moved).await.unwrap();
    }

    /// Does something inside each of the page's frames, in their order.
    pub(crate) async fn in_each_frame(&self, mut work: impl AsyncFnMut(&Self)) -> usize {
        let frames = self.client.find_all(Locator::Css("iframe")).await.unwrap().len();
        for frame in 0..frames {
            self.client.enter_frame(u16::try_from(frame).unwrap()).await.unwrap();
            work(self).await;
            self.client.enter_parent_frame().await.unwrap();
        }
        frames
    }

    /// Everything that went wrong in the page: errors on its console since the last look, and what
    /// the page that is open has complained of.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.vendor("se/log", json!({"type": "browser"})).await.unwrap();
        let entries = log.as_array().unwrap().iter();
        let bad =
            entries.filter(|entry| entry["level"] == "SEVERE" || entry["source"] == "security");
        let mut complaints: Vec<String> = bad.map(|entry| format!("console: {entry}")).collect();
        let noted = self.run("return window.__complaints;").await;
        complaints.extend(noted.as_array().unwrap().iter().map(Value::to_string));
        complaints
    }

    /// What axe finds fault with in the page as it stands, a line per rule. It looks at this
    /// document and at no frame within it.
    pub(crate) async fn accessibility_faults(&self, axe: &str) -> Vec<String> {
        self.run(axe).await;
        let script = "
            const done = arguments[0];
            axe.run(document, { iframes: false }).then(({ passes, violations }) => done({
                passes: passes.length,
                faults: violations.map((found) =>
                    `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).join(' ; ')}`),
            }), (error) => done({ passes: 0, faults: [String(error)] }));
        ";
        let found = self.client.execute_async(script, vec![]).await.unwrap();
        assert!(found["passes"].as_u64() > Some(10), "axe looked at nothing: {found}");
        let faults = found["faults"].as_array().unwrap().iter();
        faults.map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Keeps a picture of the window among the build's files, for whoever wants to look.
    pub(crate) async fn picture(&self, name: &str) {
        self.picture_in(&scratch().join(name)).await;
    }

    /// Gives the window this size, in pixels, and the look of a phone where `phone`.
    pub(crate) async fn resize(&self, width: u32, height: u32, phone: bool) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 },
            "mobile": phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// Keeps a picture of the window in `file`.
    pub(crate) async fn picture_in(&self, file: &Path) {
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Keeps a small picture of the window in `file`, as WebP.
    pub(crate) async fn small_picture_in(&self, file: &Path) -> anyhow::Result<()> {
        let taken = self
            .devtools("Page.captureScreenshot", json!({"format": "webp", "quality": 82}))
            .await?;
        let text = taken["data"].as_str().context("a picture as text")?;
        let bytes = BASE64.decode(text).context("decode the picture")?;
        std::fs::write(file, bytes).context("write the picture")
    }

    /// Puts the window away, or gets it back: a page in it is hidden meanwhile.
    pub(crate) async fn minimise(&self, away: bool) {
        let window = self.devtools("Browser.getWindowForTarget", json!({})).await.unwrap();
        let state = if away { "minimized" } else { "normal" };
        let wanted = json!({"windowId": window["windowId"], "bounds": {"windowState": state}});
        self.devtools("Browser.setWindowBounds", wanted).await.unwrap();
        self.until(&format!("document.hidden === {away}")).await;
    }

    /// A command of the developer tools; gives its answer.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.vendor("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await
    }

    /// A command that only this driver knows.
    async fn vendor(&self, path: &'static str, body: Value) -> anyhow::Result<Value> {
        let command = Vendor { path, body };
        self.client.issue_cmd(command).await.with_context(|| format!("ask chromedriver: {path}"))
    }
}

impl Driver {
    async fn start() -> anyhow::Result<Self> {
        let profile = tempfile::tempdir().context("make a folder for the profile")?;
        let port = free_port()?;
        let child = Command::new("chromedriver")
            .args([&format!("--port={port}"), "--log-level=SEVERE"])
            // Whatever they leave behind goes with the profile.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context(MISSING)?;
        let driver = Self { child, port, profile };
        let open = async || TcpStream::connect(("127.0.0.1", port)).ok();
        eventually(SOON, open).await.context("chromedriver does not listen")?;
        Ok(driver)
    }

    /// Asks it to end its browser and itself.
    fn shutdown(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        let host = format!("127.0.0.1:{}", self.port);
        write!(connection, "GET /shutdown HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        connection.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Errors only say that it has ended already.
        drop(self.shutdown());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The browser's program.
fn chromium() -> anyhow::Result<String> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = files.into_iter().find(|file| file.exists()).context(MISSING)?;
    Ok(found.display().to_string())
}

/// The source of axe.
pub(crate) fn axe() -> anyhow::Result<String> {
    package("axe-core/axe.min.js")
}

/// A file of a package, in the version that the page's own lock file pins. npm brings them into a
/// folder of the build; they are brought again only when the lock changes.
pub(crate) fn package(file: &str) -> anyhow::Result<String> {
    let web = repository().join("services/dashboard/web");
    let stage = scratch().join("axe");
    std::fs::create_dir_all(&stage).context("make a folder for packages")?;
    let lock = std::fs::read(web.join("package-lock.json")).context("read package-lock.json")?;
    let installed = stage.join("installed.json");
    if !std::fs::read(&installed).is_ok_and(|last| last == lock) {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(web.join(file), stage.join(file)).context("copy the page's packages")?;
        }
        let npm = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"])
            .current_dir(&stage)
            .output()
            .context("run npm; `make tools` gets it")?;
        ensure!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
        std::fs::write(&installed, &lock).context("note what is installed")?;
    }
    let found = std::fs::read_to_string(stage.join("node_modules").join(file));
    found.with_context(|| format!("read {file}"))
}

/// Where tests leave their files, among those of the build.
fn scratch() -> PathBuf {
    let built = option_env!("CARGO_TARGET_TMPDIR").map(PathBuf::from);
    built.unwrap_or_else(|| repository().join("target/tmp"))
}

/// See [`Browser::vendor`].
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base: &Url,
        session: Option<&str>,
    ) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
