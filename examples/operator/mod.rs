//! What the operator's commands share: an App with the operator's own credentials, and how far a command is.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use verify_factors::settings::Settings;
use verify_factors::{App, Randomness, aws};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// How a command ends: one that fails says why.
pub(crate) fn ended(result: Result<ExitCode, Failure>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}

/// The function's own App, which nobody calls.
pub(crate) async fn app() -> Result<App, Failure> {
    let env = |variable: &str| {
        // As nobody calls it, no token is good.
        let no_token = || (variable == "AUTH_TOKEN_SHA256").then(|| "0".repeat(64));
        std::env::var(variable).ok().or_else(no_token)
    };
    let settings = Settings::from_env(env)?;
    let clients = aws::connect(env).await?;
    Ok(App::build(settings, clients, Randomness::new(getrandom::fill)))
}

/// How far a command is: a bar on a terminal, lines elsewhere.
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    /// At the start.
    pub(crate) fn begin() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { terminal }
    }

    /// Whether a bar is shown, for which somebody has to know how much there is.
    pub(crate) fn is_bar(&self) -> bool {
        self.terminal
    }

    /// Shows how much is done, and what came of it.
    pub(crate) fn show(&self, done: u64, total: u64, what: &str) {
        if self.terminal {
            print!("\r{} {done} of {total}, {what}", bar(done, total));
            // A line that isn't seen is no reason to stop.
            let _ = std::io::stdout().flush();
        } else {
            println!("{done} of {total}, {what}");
        }
    }

    /// Leaves what was shown last.
    pub(crate) fn end(&self) {
        if self.terminal {
            println!();
        }
    }
}

/// There can be more by the end than there were at the start.
fn bar(done: u64, total: u64) -> String {
    const WIDTH: u64 = 40;
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    let [filled, empty] = [("#", filled), ("-", WIDTH - filled)]
        .map(|(mark, times)| mark.repeat(usize::try_from(times).unwrap_or_default()));
    format!("[{filled}{empty}]")
}
