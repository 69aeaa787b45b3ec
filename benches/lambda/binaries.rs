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
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--release", "--package", package, targets])
        .status()
        .await?;
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
