//! What is made of the log: the template's metrics, with their alarms and dashboard, and the queries in the docs.

use std::collections::BTreeSet;

use harness::faults::{Fault, FaultProxy};
use harness::kms::KeyState;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use time::{Duration, OffsetDateTime};
use verify_factors::App;

use crate::support::{
    Answer, Function, NOW, challenges_path, code_at, event, factors_path, invoke_at, logs, request,
    service_item, wrong_code_at,
};

const TEMPLATE: &str = include_str!("../../../template.yaml");
const OPERATE: &str = include_str!("../../../docs/operate.md");
const LOGGING: &str = include_str!("../../../src/logging.rs");
const REFUSAL: &str = include_str!("../../../src/refusal.rs");

/// The namespace of the metrics, where the stack has this name.
const STACK: &str = "stack";

/// The properties of the template's resources of a type.
fn resources(kind: &str) -> Vec<Yaml> {
    let template: Yaml = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    resources
        .filter(|resource| resource["Type"] == kind)
        .map(|resource| resource["Properties"].clone())
        .collect()
}

/// The metrics, each with the pattern of what counts in it.
fn filters() -> Vec<(String, String)> {
    let text = |value: &Yaml| value.as_str().unwrap().to_owned();
    let filters = resources("AWS::Logs::MetricFilter");
    filters
        .iter()
        .map(|filter| {
            let metric = &filter["MetricTransformations"][0];
            (text(&metric["MetricName"]), text(&filter["FilterPattern"]))
        })
        .collect()
}

/// Whether a pattern is one of a line, by as much of CloudWatch's syntax as the template has.
fn is_of(pattern: &str, line: &Value) -> bool {
    let conditions = pattern.trim_start_matches("{ ").trim_end_matches(" }");
    conditions.split(" && ").all(|condition| {
        let (field, rest) = condition.split_once(' ').unwrap();
        let found = &line[field.strip_prefix("$.").unwrap()];
        if rest == "NOT EXISTS" {
            return found.is_null();
        }
        let (operator, value) = rest.split_once(' ').unwrap();
        if let Ok(number) = value.parse::<u64>() {
            let found = found.as_u64();
            return match operator {
                "=" => found == Some(number),
                ">=" => found >= Some(number),
                _ => panic!("{condition}"),
            };
        }
        let (value, found) = (value.trim_matches('"'), found.as_str());
        let is = match value.strip_suffix('*') {
            Some(start) => found.is_some_and(|found| found.starts_with(start)),
            None => found == Some(value),
        };
        match operator {
            "=" => is,
            "!=" => !is,
            _ => panic!("{condition}"),
        }
    })
}

/// The metrics in which a line counts.
fn metrics_of(line: &Value) -> Vec<String> {
    let filters = filters().into_iter();
    let counting = filters.filter(|(_, pattern)| is_of(pattern, line));
    counting.map(|(metric, _)| metric).collect()
}

/// The metrics in which the line of a request counts.
fn counted(answer: &Answer) -> Vec<String> {
    let lines = logs::of(answer);
    let line = lines.iter().find(|line| line["message"] == "request");
    metrics_of(line.unwrap())
}

#[tokio::test]
async fn what_comes_of_codes_counts_where_the_template_says() {
    let function = Function::start().await;
    // Of so short codes the next is the same now and then, so none but the present one is good.
    let form = "FriendlyName=App&FactorType=totp&Config.CodeLength=3&Config.Skew=0";
    let factor = function.create_factor(form).await.json();
    let sid = factor["sid"].as_str().unwrap();
    let at = NOW + Duration::minutes(20);
    let post = async |path: &str, form: &str, at: OffsetDateTime| {
        invoke_at(&function.app, &request("POST", path, &[], form), at).await
    };
    let right = |at| format!("AuthPayload={}", code_at(&factor, at));
    let wrong = format!("AuthPayload={}", wrong_code_at(&factor, at));
    let create = async |form: &str| {
        let form = format!("FactorSid={sid}&{form}");
        post(&challenges_path(), &form, at).await
    };

    let verified = post(&format!("{}/{sid}", factors_path()), &right(NOW), NOW).await;
    assert_eq!(verified.text("status"), "verified");
    assert!(counted(&verified).is_empty());
    assert_eq!(counted(&create(&right(at)).await), ["LoginsApproved"]);
    assert_eq!(counted(&create(&right(at)).await), ["ReplayedCodes"]);
    // With nine more there are ten in a row, after which one with so short codes is disabled.
    for wrong_codes in [5, 4] {
        let created = create("").await;
        assert!(counted(&created).is_empty());
        let challenge = format!("{}/{}", challenges_path(), created.text("sid"));
        for _ in 0..wrong_codes {
            assert_eq!(counted(&post(&challenge, &wrong, at).await), ["WrongCodes"]);
        }
    }
    for form in [right(at + Duration::minutes(1)), String::new()] {
        let refused = create(&form).await;
        assert_eq!(refused.error(), (429, 60308));
        assert_eq!(counted(&refused), ["DisabledFactors"], "{form}");
    }
}

#[tokio::test]
async fn every_fault_counts_in_one_metric() {
    let function = Function::start().await;
    let asked = async |app: &App| {
        let answer = invoke_at(app, &event("create-totp-factor.json"), NOW).await;
        (answer.status, counted(&answer))
    };
    let one = |status: u64, metric: &str| (status, vec![metric.to_owned()]);
    assert_eq!(asked(&function.app).await, (201, vec![]));
    for (fault, status, dynamodb, kms) in [
        (Fault::CutBefore, 503, "DynamoDbUnreachable", "KmsUnreachable"),
        (Fault::Throttling, 429, "Throttled", "Throttled"),
    ] {
        let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
        proxy.script(&[], fault);
        let app = function.instance_by_way_of(&proxy.endpoint());
        assert_eq!(asked(&app).await, one(status, dynamodb), "{fault:?}");
        let proxy = FaultProxy::start(&function.kms.endpoint).await.unwrap();
        proxy.script(&[], fault);
        let app = function.instance_by_way_of_kms(&proxy.endpoint());
        assert_eq!(asked(&app).await, one(status, kms), "{fault:?}");
    }
    if function.kms.is_embedded() {
        function.kms.set_state(KeyState::Disabled);
        let app = function.another_instance();
        assert_eq!(asked(&app).await, one(500, "KmsRefusals"));
        function.kms.set_state(KeyState::Enabled);
    }
    let mut broken = service_item(&[]);
    broken.remove("friendly_name");
    function.dynamo.put(broken).await;
    let app = function.another_instance();
    assert_eq!(asked(&app).await, one(500, "OtherFaults"));
    let delete = function.dynamo.client.delete_table();
    let delete = delete.table_name(&function.dynamo.table_name);
    delete.send().await.unwrap();
    let app = function.another_instance();
    assert_eq!(asked(&app).await, one(500, "DynamoDbRefusals"));
    // This takes six seconds.
    let cause = "the request took too long";
    assert!(REFUSAL.contains(cause));
    assert_eq!(metrics_of(&json!({"status": 503, "cause": cause})), ["OutOfTime"]);
}

#[test]
fn alarms_dashboard_and_docs_have_the_metrics_that_there_are() {
    let metrics: BTreeSet<String> = filters().into_iter().map(|(metric, _)| metric).collect();
    for metric in &metrics {
        assert!(OPERATE.contains(&format!("`{metric}`")), "{metric}");
    }
    let alarms = resources("AWS::CloudWatch::Alarm");
    for alarm in &alarms {
        // A namespace of AWS's is a text, and the other one a reference to the stack's name.
        if matches!(alarm["Namespace"], Yaml::Tagged(_)) {
            let metric = alarm["MetricName"].as_str().unwrap();
            assert!(metrics.contains(metric), "{metric}");
        }
    }

    let dashboards = resources("AWS::CloudWatch::Dashboard");
    let Yaml::Tagged(body) = &dashboards[0]["DashboardBody"] else {
        panic!("{dashboards:?}");
    };
    let body = body.value.as_str().unwrap().replace("${AWS::StackName}", STACK);
    // What else is put in is a text or a number, and either can be a number.
    let (before, rest) = body.split_once("${").unwrap();
    let rest = rest.split("${").map(|rest| rest.split_once('}').unwrap().1);
    let body = [before].into_iter().chain(rest).collect::<Vec<_>>().join("1");
    let body: Value = serde_json::from_str(&body).unwrap();
    let mut shown = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let properties = &widget["properties"];
        if let Some(listed) = properties["alarms"].as_array() {
            assert_eq!(listed.len(), alarms.len());
        }
        for metric in properties["metrics"].as_array().into_iter().flatten() {
            if metric[0] == STACK {
                shown.insert(metric[1].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(shown, metrics);
}

/// What is in queries besides fields: the language's words, what it has of Lambda's own lines, and names for captures.
const NO_FIELDS: [&str; 30] = [
    "and",
    "as",
    "asc",
    "bin",
    "by",
    "count",
    "count_distinct",
    "desc",
    "display",
    "earliest",
    "fields",
    "filter",
    "in",
    "ispresent",
    "latest",
    "limit",
    "max",
    "parse",
    "pct",
    "record",
    "metrics",
    "durationMs",
    "initDurationMs",
    "maxMemoryUsedMB",
    "sort",
    "stats",
    "strcontains",
    "sum",
    "type",
    "what",
];

#[test]
fn queries_ask_for_fields_that_are_logged() {
    let (_, fields) = LOGGING.split_once("tracing::$level!(").unwrap();
    let (fields, _) = fields.split_once("\"request\"").unwrap();
    let fields = fields.split(',').filter_map(|field| field.split('=').next());
    let logged: BTreeSet<&str> = fields.map(str::trim).chain(["level", "message"]).collect();
    assert!(logged.contains("entity_sid") && logged.contains("cause"));

    let blocks = OPERATE.split("```\n");
    let queries: Vec<&str> = blocks.filter(|block| block.starts_with("filter ")).collect();
    assert!(queries.len() > 5, "{queries:?}");
    for query in queries {
        // What is in quotation marks is a value, and what is between slashes a regular expression.
        let bare = |text: &str, mark| text.split(mark).step_by(2).collect::<Vec<_>>().join(" ");
        let bare = bare(&bare(query, '"'), '/');
        let words = bare.split(|c: char| !(c.is_ascii_alphanumeric() || "_@".contains(c)));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let named = words.windows(2).filter(|pair| pair[0] == "as");
        let named: Vec<&str> = named.map(|pair| pair[1]).collect();
        for word in words {
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            assert!(
                is_number
                    || word == "@timestamp"
                    || NO_FIELDS.contains(&word)
                    || named.contains(&word)
                    || logged.contains(word),
                "{word} in {query}"
            );
        }
    }
}
