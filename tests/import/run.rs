//! A run of the command on a file, which says nothing of what is in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::local;

use crate::support::Function;
use crate::support::commands::{Operator, output, text};

/// The way past the API.
pub(crate) const VERIFIED: &[&str] = &["--verified"];

/// What is said of Factors that were made by requests.
pub(crate) const UNVERIFIED: &str =
    "They are unverified, and gone after UNVERIFIED_FACTOR_HOURS if nobody verifies them.\n";

/// The operator who imports, with what the API takes and what the table does.
pub(crate) fn operator(function: &Function) -> Operator {
    Operator::of(function, "import")
        .with("SERVICE_SID", local::SERVICE_SID)
        .with("AUTH_TOKEN", local::AUTH_TOKEN)
}

/// A file of seeds.
pub(crate) struct File {
    pub(crate) path: PathBuf,
}

impl File {
    pub(crate) fn of(text: &str) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("import-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("users");
        std::fs::write(&path, text).unwrap();
        Self::at(path)
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn failed(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".failed");
        path.into()
    }

    /// What no run prints: the seeds, and whose they are.
    fn secrets(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let parts = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
        let secret = |part: &&str| {
            part.to_ascii_uppercase().contains("SEKRET")
                || part.starts_with("user-")
                || part.len() >= 16 && data_encoding::BASE32_NOPAD.decode(part.as_bytes()).is_ok()
        };
        parts.filter(secret).map(str::to_owned).collect()
    }
}

/// What came of a run of the command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs it, and makes sure that it says nothing of what is in the file.
    pub(crate) fn of(operator: &Operator, file: &File, way: &[&str]) -> Self {
        let arguments = [&[file.path.to_str().unwrap()], way].concat();
        let secrets = file.secrets();
        let output = output(&mut operator.command(&arguments));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        for said in [&stdout, &stderr] {
            for secret in secrets
                .iter()
                .map(String::as_str)
                .chain(["Sekret", local::AUTH_TOKEN])
            {
                assert!(!said.contains(secret), "{secret} is in {said}");
            }
        }
        Self {
            code: output.status.code(),
            stdout,
            stderr,
        }
    }

    pub(crate) fn good(stdout: &str) -> Self {
        Self {
            code: Some(0),
            stdout: stdout.to_owned(),
            stderr: String::new(),
        }
    }
}
