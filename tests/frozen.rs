//! What Lambda does between requests: it stops the process, for minutes, and meanwhile connections are dropped without a word.

mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use harness::dynamo::{http_client, sdk_config};
use harness::faults::{Fault, FaultProxy};
use harness::lambda::Environment;
use harness::local;
use serde_json::Value;
use support::{Answer, Function, NOW, factors_path, invoke_at, request};
use verify_factors::aws::{self, Clients, Connections};
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness};

/// Less than the function gives one attempt at a call, 1.5 s: it waited for no time limit, and a busy machine has some time too.
const NO_TIME_LIMIT: Duration = Duration::from_secs(1);

fn create() -> Value {
    request("POST", &factors_path(), &[], "FriendlyName=a&FactorType=totp")
}

/// A clock on the wall that is moved by hand.
#[derive(Clone, Debug, Default)]
struct Wall(Arc<AtomicU64>);

impl TimeSource for Wall {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_323_045 + self.0.load(Ordering::Relaxed))
    }
}

/// A function with both its services behind proxies.
struct Frozen {
    _function: Function,
    app: App,
    wall: Wall,
    dynamodb: FaultProxy,
    kms: FaultProxy,
}

impl Frozen {
    async fn start() -> Self {
        let function = Function::start().await;
        let dynamodb = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
        let kms = FaultProxy::start(&function.kms.endpoint).await.unwrap();
        let wall = Wall::default();
        let connections = Connections::new(http_client);
        let at = |endpoint: String| {
            let time = SharedTimeSource::new(wall.clone());
            sdk_config(&endpoint).into_builder().time_source(time).build()
        };
        let clients = Clients {
            dynamodb: aws::dynamodb(&at(dynamodb.endpoint()), &connections),
            kms: aws::kms(&at(kms.endpoint()), &connections),
        };
        let settings = Settings::from_env(|variable| match variable {
            "TABLE_NAME" => Some(function.dynamo.table_name.clone()),
            "SEALING_KEY_ARN" => Some(function.kms.key_arn.clone()),
            _ => local::variable(variable),
        });
        let app = App::build(settings.unwrap(), clients, Randomness::new(getrandom::fill));
        app.warm_up(NOW).await;
        Self {
            _function: function,
            app,
            wall,
            dynamodb,
            kms,
        }
    }

    /// The answer so many seconds after the start, and how long it took.
    async fn create_after(&self, seconds: u64) -> (Answer, Duration) {
        self.wall.0.store(seconds, Ordering::Relaxed);
        for proxy in [&self.dynamodb, &self.kms] {
            proxy.script(&[], Fault::None);
        }
        let started = Instant::now();
        let now = NOW + time::Duration::seconds(seconds.try_into().unwrap());
        let answer = invoke_at(&self.app, &create(), now).await;
        (answer, started.elapsed())
    }

    fn drop_connections(&self) {
        self.dynamodb.drop_connections();
        self.kms.drop_connections();
    }
}

#[tokio::test]
async fn after_minutes_without_a_request_no_connection_of_before_is_used() {
    let frozen = Frozen::start().await;
    let mut after = 0;
    // The data key is unwrapped anew where it is 5 minutes old, and the connection to KMS is as old as that.
    for (seconds, to_kms) in [(1, 0), (21, 0), (270, 0), (300, 1), (3600, 1)] {
        after += seconds;
        if seconds > 20 {
            frozen.drop_connections();
        }
        let (answer, took) = frozen.create_after(after).await;
        assert_eq!(answer.status, 201, "after {seconds} s: {}", answer.text);
        assert!(took < NO_TIME_LIMIT, "after {seconds} s: {took:?}");
        assert_eq!(frozen.kms.calls().len(), to_kms, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_busy_function_to_which_kms_was_idle_opens_another_connection_there() {
    let frozen = Frozen::start().await;
    frozen.kms.drop_connections();
    for after in (15..=315).step_by(15) {
        let (answer, took) = frozen.create_after(after).await;
        assert_eq!(answer.status, 201, "after {after} s");
        assert!(took < NO_TIME_LIMIT, "after {after} s: {took:?}");
    }
}

/// So the tests above can fail.
#[tokio::test]
async fn a_connection_that_was_dropped_within_20_seconds_is_waited_for() {
    let frozen = Frozen::start().await;
    frozen.drop_connections();
    let (answer, took) = frozen.create_after(10).await;
    assert_eq!(answer.status, 201, "it is tried again");
    assert!(took > NO_TIME_LIMIT, "{took:?}");
}

#[tokio::test]
async fn a_process_that_was_stopped_answers_at_once_when_it_goes_on() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let variables = local::environment(
        &function.dynamo.table_name,
        &proxy.endpoint(),
        &function.kms.endpoint,
    );
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_verify-factors"));
    let mut environment = Environment::start(binary, &variables).await.unwrap();
    assert!(environment.ready().await);
    let reply = environment.reply(&create()).await;
    assert_eq!(reply["statusCode"], 201, "{reply}");

    let signal = |name: &str| {
        let process = environment.process_id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &process])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("-STOP");
    proxy.drop_connections();
    tokio::time::sleep(Duration::from_secs(21)).await;
    signal("-CONT");
    let started = Instant::now();
    let reply = environment.reply(&create()).await;
    let took = started.elapsed();
    assert_eq!(reply["statusCode"], 201, "{reply}");
    assert!(took < NO_TIME_LIMIT, "{took:?}");
}
