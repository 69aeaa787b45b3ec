//! The binaries, built as they are deployed, and what they weigh.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use tokio::process::Command;

use crate::Failure;
use crate::figures::count;

/// What is started.
pub(crate) struct Binaries {
    pub(crate) function: PathBuf,
    pub(crate) yardstick: PathBuf,
}

impl Binaries {
    pub(crate) async fn build() -> Result<Self, Failure> {
        Ok(Self {
            function: build("verify-factors", "--bins").await?.join("verify-factors"),
            yardstick: build("yardstick", "--examples").await?.join("examples/yardstick"),
        })
    }
}

/// Builds a package of this workspace by itself, so that no other package's features are in it; the folder it comes to.
async fn build(package: &str, targets: &str) -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(env!("CARGO"));
    // What Cargo tells this process of its package has ring built anew, and all that is built on it.
    let is_told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (variable, _) in std::env::vars().filter(|(name, _)| is_told(name)) {
        cargo.env_remove(variable);
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "build",
        "--release",
        "--package",
        package,
        targets,
    ]);
    let status = built.status().await?;
    if !status.success() {
        return Err(format!("{package} can't be built").into());
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .ok_or("no target folder")?;
    Ok(target.join("release"))
}

/// A file's size as it is and deflated at the level that zip tools have by default, MB.
pub(crate) fn sizes(binary: &Path) -> Result<(f64, f64), Failure> {
    let bytes = std::fs::read(binary)?;
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(&bytes)?;
    Ok((count(bytes.len()) / 1e6, count(deflated.finish()?.len()) / 1e6))
}
