//! Builds the page's script and style into `OUT_DIR/web`, from where they are embedded.
//!
//! `DASH_WEB_DIST=DIR` takes a prebuilt one. Otherwise npm installs the pinned packages and esbuild
//! bundles, all inside `OUT_DIR`: the source tree is never written to. Without npm a development build
//! gets a page that says so; `DASH_WEB=require` and release builds fail instead.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

const NOTICE: &str = include_str!("web/notice.txt");
const STUB: &str = "document.body.textContent = 'This build has no page: npm was not there when it \
                    was built. Install npm and build again.';";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-env-changed=DASH_WEB");
    println!("cargo::rerun-if-env-changed=DASH_WEB_DIST");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|_unset| "OUT_DIR is not set")?);
    let web = out.join("web");
    // Files that are no longer made must not stay embedded.
    told("clear the last page", if web.exists() { fs::remove_dir_all(&web) } else { Ok(()) })?;
    told("make room for the page", fs::create_dir_all(&web))?;
    if let Some(dist) = env::var_os("DASH_WEB_DIST").filter(|dist| !dist.is_empty()) {
        println!("cargo::rerun-if-changed={}", Path::new(&dist).display());
        return told("copy DASH_WEB_DIST", copy_files(Path::new(&dist), &web));
    }
    let Err(fault) = bundle(&out.join("stage"), &web) else { return Ok(()) };
    let required = env::var("DASH_WEB").is_ok_and(|mode| mode == "require")
        || env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if required {
        return Err(format!(
            "the page cannot be built: {fault}. It needs npm and its registry, or DASH_WEB_DIST."
        ));
    }
    println!("cargo::warning=the dashboard has a stub for a page: {fault}");
    // Build again next time: npm may be there by then.
    println!("cargo::rerun-if-changed=does-not-exist");
    told("write the stub", stub(&web))
}

/// Bundles with npm and esbuild in `stage`.
fn bundle(stage: &Path, web: &Path) -> Result<(), String> {
    let source = Path::new("web");
    told("make room for the sources", fs::create_dir_all(stage.join("src")))?;
    let lock = fs::read(source.join("package-lock.json")).unwrap_or_default();
    let installed = fs::read(stage.join("installed.json")).is_ok_and(|last| last == lock);
    told("copy the sources", copy_files(source, stage))?;
    told("copy the sources", copy_files(&source.join("src"), &stage.join("src")))?;
    if !installed {
        run(stage, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        told("note what is installed", fs::write(stage.join("installed.json"), &lock))?;
    }
    let out = format!("--outdir={}", web.display());
    run(stage, "npm", &["run", "--silent", "build", "--", &out])?;
    let licence = told(
        "read the licence of lightweight-charts",
        fs::read_to_string(stage.join("node_modules/lightweight-charts/LICENSE")),
    )?;
    told("write the licences", fs::write(web.join("licences.txt"), format!("{NOTICE}\n{licence}")))
}

fn stub(web: &Path) -> io::Result<()> {
    fs::write(web.join("app.js"), STUB)?;
    fs::write(web.join("wall.js"), STUB)?;
    fs::write(web.join("app.css"), "")?;
    fs::write(web.join("licences.txt"), NOTICE)
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = words.lines().filter(|line| !line.contains(" warn ")).take(6).collect();
    Err(format!("{program} failed: {}", words.join("; ")))
}

/// Copies the files directly in `from`, not its folders.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn told<T>(what: &str, done: io::Result<T>) -> Result<T, String> {
    done.map_err(|error| format!("cannot {what}: {error}"))
}
