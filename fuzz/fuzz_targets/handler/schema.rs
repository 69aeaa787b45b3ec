//! Schemas of `openapi.yaml`, and whether a value is as one of them says.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).expect("openapi.yaml is YAML")
});

pub struct Schema {
    schema: &'static Value,
    validator: Validator,
}

impl Schema {
    /// Reads a schema, for as long as the program runs. One that many answers refer to is read once, as it takes long.
    pub fn of(schema: &'static Value) -> &'static Self {
        static READ: Mutex<BTreeMap<usize, &Schema>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(std::ptr::from_ref(schema).addr())
            .or_insert_with(|| Box::leak(Box::new(Self::read(schema))))
    }

    pub fn named(name: &str) -> &'static Self {
        Self::of(&DOCUMENT["components"]["schemas"][name])
    }

    fn read(schema: &'static Value) -> Self {
        assert!(schema.is_object(), "{schema} is no schema");
        let mut root = schema.clone();
        // Where its references lead.
        root["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            // The other engine catches panics, which are crashes to libFuzzer.
            .with_pattern_options(PatternOptions::regex())
            .build(&root)
            .unwrap_or_else(|error| panic!("{error}: {schema}"));
        Self { schema, validator }
    }

    pub fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Panics unless the value is as described.
    pub fn check(&self, value: &Value) {
        if let Err(error) = self.validator.validate(value) {
            panic!(
                "{} at {:?}: {value}",
                error.masked(),
                error.instance_path().as_str()
            );
        }
    }

    /// Panics unless the members of every object are in the order in which they are required.
    pub fn check_order(&self, value: &Value) {
        assert!(in_order(self.schema, value), "the order of members: {value}");
    }

    /// Checks a text, which stands for a number where that is described.
    pub fn check_text(&self, text: &str) {
        if resolved(self.schema)["type"] == "integer" {
            self.check(&text.parse::<u64>().map_or(Value::Null, Value::from));
        } else {
            self.check(&json!(text));
        }
    }
}

fn in_order(schema: &'static Value, value: &Value) -> bool {
    let mut alternatives = alternatives(schema);
    match value {
        Value::Object(members) => {
            alternatives.retain(|schema| schema.get("properties").is_some());
            let in_order_of = |schema: &'static Value| {
                let required = texts(&schema["required"]);
                let known = members.keys().filter(|name| required.contains(&name.as_str()));
                let properties = &schema["properties"];
                known.eq(&required)
                    && members
                        .iter()
                        .all(|(name, member)| in_order(&properties[name], member))
            };
            alternatives.is_empty() || alternatives.into_iter().any(in_order_of)
        }
        Value::Array(items) => alternatives
            .into_iter()
            .any(|schema| items.iter().all(|item| in_order(&schema["items"], item))),
        _ => true,
    }
}

/// The schemas of which a value has to be as one says.
pub fn alternatives(schema: &'static Value) -> Vec<&'static Value> {
    let schema = resolved(schema);
    match schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        Some(schemas) => schemas.iter().flat_map(alternatives).collect(),
        None => vec![schema],
    }
}

/// What a reference leads to; anything else is itself.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => resolved(
            DOCUMENT
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        ),
        None => value,
    }
}

/// The texts of a list, in which nothing else is; none if there is no list.
pub fn texts(list: &'static Value) -> Vec<&'static str> {
    let list = list.as_array().into_iter().flatten();
    list.map(|text| text.as_str().expect("a text")).collect()
}
