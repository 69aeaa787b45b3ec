//! The console of the local server, `examples/local/console/`, as what it answers; `tests/console/` has it in a browser.

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use harness::local;
use serde_json::Value;
use time::OffsetDateTime;
use totp_rs::Totp;

use support::commands::example;

/// What says that the page itself reads.
const READ: &str = "X-Console: read";

#[test]
fn the_page_is_there_with_what_keeps_others_out_of_it() {
    let server = Server::start("page", &[]);
    let page = server.get("/", &[]);
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let files = page.body.split('"').filter(|text| text.starts_with("/console/"));
    let files: Vec<Answer> = files.map(|path| server.get(path, &[])).collect();
    assert!(files.len() > 3);
    for answer in files.iter().chain([&page, &server.get("/console/nothing", &[])]) {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; "),
            "{policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(files.iter().all(|file| file.status == 200));
}

#[test]
fn without_the_console_the_function_answers_its_paths() {
    let server = Server::start("without", &["--no-console"]);
    let account = authorization();
    for path in ["/", "/console/config", "/console/requests"] {
        let answer = server.get(path, &[]);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (401, &Value::from(20003))
        );
        let answer = server.get(path, &[&account]);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (404, &Value::from(20404))
        );
    }
}

#[test]
fn whatever_is_no_get_of_its_paths_goes_to_the_function() {
    let server = Server::start("others", &[]);
    for method in ["POST", "PUT", "DELETE"] {
        for path in ["/", "/console/config"] {
            let answer = server.send(method, path, &[], "");
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (401, &Value::from(20003))
            );
        }
    }
    for path in ["/console", "/consoles/config", "/v2/Services", "//"] {
        assert_eq!(server.get(path, &[]).status, 401, "{path}");
    }
    let options = server.send("OPTIONS", "/v2/Services", &[], "");
    assert_eq!(
        (options.status, options.header("access-control-allow-origin")),
        (204, Some("*"))
    );
}

#[test]
fn a_name_that_somebody_else_could_point_here_shows_nothing() {
    let server = Server::start("names", &[]);
    for host in [
        "rebound.example",
        "rebound.example:9000",
        "127.0.0.1.nip.example",
        "localhost.example",
        "",
        "a b",
    ] {
        for path in ["/", "/console/config", "/console/requests", "/console/main.js"] {
            let answer = server.send("GET", path, &[&format!("Host: {host}")], "");
            // Of what isn't a host at all, HTTP itself has an opinion.
            assert!([421, 400].contains(&answer.status), "{host}: {}", answer.status);
            assert!(!answer.body.contains(local::AUTH_TOKEN));
        }
    }
    for host in [
        "127.0.0.1",
        "127.0.0.1:9000",
        "192.168.1.7:9000",
        "[::1]:9000",
        "localhost:9000",
        "LOCALHOST",
    ] {
        let answer = server.send("GET", "/console/config", &[&format!("Host: {host}")], "");
        assert_eq!(answer.json()["auth_token"], local::AUTH_TOKEN, "{host}");
    }
}

#[test]
fn the_log_has_what_was_refused_and_why_and_no_secret() {
    let server = Server::start("log", &[]);
    let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let form = format!("FactorType=totp&FriendlyName=+&Config.Skew=9&Binding.Secret={seed}");
    let path = format!("{}?Binding.Secret={seed}", factors());
    assert_eq!(server.post(&path, &form).status, 400);
    let form = format!("FactorType=totp&FriendlyName=Laptop&Config.CodeLength=8&Binding.Secret={seed}");
    let factor = server.post(&factors(), &form).json();
    let sid = factor["sid"].as_str().unwrap();
    let wrong = wrong_code(factor["binding"]["uri"].as_str().unwrap());
    server.post(&format!("{}/{sid}", factors()), &format!("AuthPayload={wrong}"));
    server.get("/v2/Services", &[]);

    let log = server.get("/console/requests", &[]);
    for secret in [
        seed,
        &wrong,
        local::AUTH_TOKEN,
        authorization().split_once("Basic ").unwrap().1,
    ] {
        assert!(!log.body.contains(secret), "{secret} is in {}", log.body);
    }
    let requests = log.json()["requests"].as_array().unwrap().clone();
    let [refused, created, guessed, stranger] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(refused["path"], factors());
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&400.into(), &60306.into())
    );
    let wrong: Vec<&Value> = refused["details"].as_array().unwrap().iter().collect();
    let wrong: Vec<&str> = wrong
        .iter()
        .map(|wrong| wrong["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(wrong, ["FriendlyName", "Config.Skew"]);
    assert_eq!(
        (
            &created["status"],
            &created["operation"],
            &created["sid"],
            &created["became"]
        ),
        (
            &201.into(),
            &"CreateFactor".into(),
            &sid.into(),
            &"unverified".into()
        )
    );
    assert_eq!(
        (&guessed["status"], &guessed["outcome"]),
        (&200.into(), &"wrong".into())
    );
    assert_eq!(
        (&stranger["status"], &stranger["message"], &stranger["caller"]),
        (&401.into(), &"Authenticate".into(), &Value::Null)
    );
}

#[test]
fn what_the_page_reads_is_not_logged_and_whatever_it_does_is() {
    let server = Server::start("reads", &[]);
    let account = authorization();
    assert_eq!(server.get("/v2/Services", &[&account, READ]).status, 200);
    assert_eq!(server.last(), 0);
    assert_eq!(server.get("/v2/Services", &[&account]).status, 200);
    assert_eq!(server.last(), 1);
    server.send("POST", "/v2/Services", &[&account, READ], "");
    assert_eq!(server.last(), 2);
}

#[test]
fn who_waits_for_requests_gets_the_next_at_once() {
    let server = &Server::start("waits", &[]);
    let run = server.get("/console/requests", &[]).json()["run"].clone();
    let known = format!("/console/requests?{}.0", run.as_str().unwrap());
    std::thread::scope(|scope| {
        let began = Instant::now();
        let waiting = scope.spawn(|| server.get(&known, &[]).json());
        // If it is late, the answer is the same.
        std::thread::sleep(Duration::from_millis(200));
        server.get("/v2/Services", &[]);
        let told = waiting.join().unwrap();
        let requests = told["requests"].as_array().unwrap();
        assert_eq!((&told["last"], requests.len()), (&1.into(), 1));
        assert!(began.elapsed() < Duration::from_secs(15));
    });
    // Who knows as many of another run knows nothing of this one.
    let told = server.get("/console/requests?1795878358002156401.1", &[]).json();
    assert_eq!(told["requests"][0]["number"], 1);
}

#[test]
fn a_key_is_known_from_the_creation_of_a_factor_to_the_end_of_that() {
    let server = Server::start("keys", &[]);
    let identity = factors();
    let entity = identity.strip_suffix("/Factors").unwrap();
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    for end in ["", entity, &service] {
        let form =
            "FactorType=totp&FriendlyName=A%3Ab+%26+c&Config.CodeLength=3&Binding.Secret=GEZDGNBVGY3TQOJQ";
        let factor = server.post(&factors(), form).json();
        let sid = factor["sid"].as_str().unwrap();
        let path = format!("{}/{sid}", factors());
        let uri = factor["binding"]["uri"].as_str().unwrap();
        server.shows_code_of(sid, uri);
        let drawn = server.get(&format!("/console/qr.svg?{sid}"), &[]);
        let pixels = &server.get(&format!("/console/codes?{sid}"), &[]).json()[sid]["pixels"];
        let size = format!("width=\"{pixels}\" height=\"{pixels}\"");
        assert!(
            drawn.body.contains("<svg ") && drawn.body.contains(&size),
            "{}",
            drawn.body
        );
        // Of an unverified Factor this can be changed, and then its codes are others.
        server.post(
            &path,
            "Config.TimeStep=45&Config.Alg=sha512&Config.CodeLength=8&FriendlyName=Z",
        );
        let changed = uri.replace(
            "algorithm=SHA1&digits=3&period=30",
            "algorithm=SHA512&digits=8&period=45",
        );
        server.shows_code_of(sid, &changed);
        let end = if end.is_empty() { &path } else { end };
        assert_eq!(server.send("DELETE", end, &[&authorization()], "").status, 204);
        assert_eq!(server.get(&format!("/console/codes?{sid}"), &[]).body, "{}");
        assert_eq!(server.get(&format!("/console/qr.svg?{sid}"), &[]).status, 404);
    }
}

/// A local server of its own.
struct Server {
    process: Child,
    port: u16,
    directory: PathBuf,
}

/// An answer to it.
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Server {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("console-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut process = Command::new(example("local"))
            .args([
                "--port",
                "0",
                "--dynamodb-port",
                "0",
                "--kms-port",
                "0",
                "--no-qr",
            ])
            .args(arguments)
            .current_dir(&directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let lines = lines.by_ref().map(Result::unwrap);
        let told: Vec<String> = lines.take_while(|line| !line.starts_with("Ctrl-C")).collect();
        let api = told
            .iter()
            .find_map(|line| line.strip_prefix("The API "))
            .unwrap();
        let port = api.rsplit_once(':').unwrap().1.parse().unwrap();
        let page = format!("The console    http://127.0.0.1:{port}/");
        assert_eq!(told.contains(&page), !arguments.contains(&"--no-console"));
        Self {
            process,
            port,
            directory,
        }
    }

    fn get(&self, target: &str, headers: &[&str]) -> Answer {
        self.send("GET", target, headers, "")
    }

    /// As the account.
    fn post(&self, target: &str, form: &str) -> Answer {
        let form_type = "Content-Type: application/x-www-form-urlencoded";
        self.send("POST", target, &[&authorization(), form_type], form)
    }

    fn send(&self, method: &str, target: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut head = vec![
            format!("{method} {target} HTTP/1.1"),
            "Connection: close".to_owned(),
        ];
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            head.push("Host: 127.0.0.1".to_owned());
        }
        head.extend(headers.iter().map(|&header| header.to_owned()));
        head.push(format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let request = head.join("\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        let (headers, body) = (headers.to_lowercase(), body.to_owned());
        Answer {
            status,
            headers,
            body,
        }
    }

    /// How many requests were logged.
    fn last(&self) -> i64 {
        self.get("/console/requests", &[]).json()["last"]
            .as_i64()
            .unwrap()
    }

    /// The console has this key of a Factor, and the code that it makes now.
    fn shows_code_of(&self, sid: &str, uri: &str) {
        let totp = Totp::from_url_unchecked(uri).unwrap();
        let shown = self.get(&format!("/console/codes?YF0,{sid}"), &[]).json();
        let now = now();
        assert_eq!(shown[sid]["uri"], uri);
        // It may be read as it ends.
        let codes = [now - 1, now].map(|second| totp.generate(second).to_string());
        let code = shown[sid]["code"].as_str().unwrap();
        assert!(
            codes.iter().any(|right| right == code),
            "{code} is none of {codes:?}"
        );
        assert_eq!(shown.as_object().unwrap().len(), 1);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

fn authorization() -> String {
    format!("Authorization: {}", local::authorization())
}

/// Where the Factors of the local Entity are.
fn factors() -> String {
    format!(
        "/v2/Services/{}/Entities/{}/Factors",
        local::SERVICE_SID,
        local::IDENTITY
    )
}

fn now() -> u64 {
    OffsetDateTime::now_utc().unix_timestamp().try_into().unwrap()
}

/// A code that isn't good for this key now, nor soon.
fn wrong_code(uri: &str) -> String {
    let totp = Totp::from_url_unchecked(uri).unwrap();
    let near: Vec<String> = (0..9)
        .map(|step| totp.generate(now() + 30 * step - 120).to_string())
        .collect();
    let mut codes = (0..).map(|code| format!("{code:08}"));
    codes.find(|code| !near.contains(code)).unwrap()
}
