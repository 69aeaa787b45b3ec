//! The operator's commands, as processes of their own beside a function that goes on answering.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use harness::local;

use super::Function;

/// The operator of a function, with the variables that the commands say they read.
pub struct Operator {
    example: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Operator {
    /// The one who runs this example against a function's table and KMS.
    pub fn of(function: &Function, example: &str) -> Self {
        let (dynamo, kms) = (&function.dynamo, &function.kms);
        let mut variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
        // Nobody's token is an operator's business, and a KMS elsewhere names its keys itself.
        variables.retain(|(name, _)| !["AUTH_TOKEN_SHA256", "SEALING_KEY_ARN"].contains(name));
        variables.push(("SEALING_KEY_ARN", kms.key_arn.clone()));
        let example = self::example(example);
        Self { example, variables }
    }

    /// Those and another variable, or another value of one.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The command with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.example);
        command.args(arguments);
        self.given(command)
    }

    /// What the command prints, once it has succeeded.
    pub fn succeeds(&self, arguments: &[&str]) -> String {
        success(&output(&mut self.command(arguments)))
    }

    /// What the command prints on a terminal, once it has succeeded; `None` where there is no `script` of util-linux that makes one.
    pub fn succeeds_on_a_terminal(&self, arguments: &str) -> Option<String> {
        // Others take other arguments.
        let version = Command::new("script").arg("--version").output();
        if !version.is_ok_and(|output| text(&output.stdout).contains("util-linux")) {
            println!("skipped, as there is no `script` of util-linux that makes a terminal");
            return None;
        }
        let mut script = Command::new("script");
        let command = format!("'{}' {arguments}", self.example.display());
        script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::null());
        let mut script = self.given(script);
        script.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Some(success(&output(&mut script)))
    }

    /// Kills the command as soon as it has printed so many lines; which ones.
    pub fn is_cut_after_lines(&self, arguments: &[&str], lines: usize) -> Vec<String> {
        tokio::task::block_in_place(|| {
            let mut process = self.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
            let printed = BufReader::new(process.stdout.take().unwrap()).lines();
            let printed = printed.take(lines).collect::<Result<_, _>>().unwrap();
            process.kill().unwrap();
            assert_eq!(process.wait().unwrap().code(), None, "it ended before it was cut");
            printed
        })
    }

    fn given(&self, mut command: Command) -> Command {
        command.env_clear().envs(self.variables.iter().cloned());
        command
    }
}

/// A compiled example, which `cargo test` and `cargo build --examples` put beside the binary.
pub fn example(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_BIN_EXE_verify-factors")).parent().unwrap();
    let example = directory.join("examples").join(name);
    assert!(
        example.exists(),
        "{} is not there: `cargo test --test {name}` alone builds no example, `cargo build --example {name}` does",
        example.display()
    );
    example
}

/// What comes of a command, while this process's DynamoDB and KMS go on.
pub fn output(command: &mut Command) -> Output {
    tokio::task::block_in_place(|| command.output().unwrap())
}

/// What a command printed that has succeeded.
pub fn success(output: &Output) -> String {
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    text(&output.stdout)
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}
