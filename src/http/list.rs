//! Lists, whatever is listed: a page of resources and the `meta` by which to find the others.

use std::ops::Range;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

use crate::parameters::{Page, PageRequest, PageToken};

/// A page of a list: `{"<key>": […], "meta": {…}}`.
pub(crate) struct List {
    resources: Vec<Box<RawValue>>,
    meta: Meta,
}

/// Bytes of resources on a page, at the most, as they are in the function's reply: a text in JSON, of which Lambda takes 6 MB
/// ([quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)).
const PAGE_BYTES: usize = 5 * 1024 * 1024;

#[derive(serde::Serialize)]
struct Meta {
    page: u32,
    page_size: u16,
    first_page_url: String,
    previous_page_url: Option<String>,
    url: String,
    next_page_url: Option<String>,
    key: &'static str,
}

impl List {
    /// The page that was asked for, `url` being where the list is with its query string, up to where more parameters can follow. `key_of`
    /// is what a list is in the order of, and `resource` shows an item. It has fewer resources than were asked for where more would be
    /// too long for Lambda.
    pub(crate) fn new<'a, I, K: AsRef<str>, T: Serialize>(
        key: &'static str,
        url: &str,
        request: &PageRequest<K>,
        page: &'a Page<I>,
        key_of: impl Fn(&I) -> K,
        mut resource: impl FnMut(&'a I) -> T,
    ) -> Self {
        let backward = matches!(request.token, Some(PageToken::Before(_)));
        let mut resources: Vec<Box<RawValue>> = page.items.iter().map(|item| raw(&resource(item))).collect();
        let lengths: Vec<usize> = resources.iter().map(|json| length_in_reply(json.get())).collect();
        let shown = fitting(&lengths, backward);
        resources.truncate(shown.end);
        resources.drain(..shown.start);
        let has_previous = page.has_previous || shown.start > 0;
        let has_next = page.has_next || shown.end < page.items.len();

        let page_url = |number: u32, token: Option<&PageToken<K>>| {
            let token = token.map_or_else(String::new, |token| format!("&PageToken={token}"));
            format!("{url}PageSize={}&Page={number}{token}", request.size)
        };
        let items = page.items.get(shown).unwrap_or_default();
        let first = items.first().filter(|_| has_previous);
        let last = items.last().filter(|_| has_next);
        let previous = first.map(|item| PageToken::Before(key_of(item)));
        let next = last.map(|item| PageToken::After(key_of(item)));
        Self {
            resources,
            meta: Meta {
                page: request.number,
                page_size: request.size,
                first_page_url: page_url(0, None),
                previous_page_url: previous
                    .map(|token| page_url(request.number.saturating_sub(1), Some(&token))),
                url: page_url(request.number, request.token.as_ref()),
                next_page_url: next.map(|token| page_url(request.number.saturating_add(1), Some(&token))),
                key,
            },
        }
    }
}

/// A resource as JSON.
#[expect(
    clippy::expect_used,
    reason = "only maps with keys that aren't strings fail, and there are none"
)]
fn raw(resource: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(resource).expect("resources are plain structs")
}

/// Bytes that some JSON takes in the function's reply.
fn length_in_reply(json: &str) -> usize {
    // No other character of JSON is escaped in a text.
    let escaped = json.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    json.len() + escaped.count() + 1
}

/// As many of those with these lengths as fit, from the one end or the other, and at least one.
fn fitting(lengths: &[usize], backward: bool) -> Range<usize> {
    let mut left = PAGE_BYTES;
    let mut fits = |length: &&usize| {
        let is_in = **length <= left;
        left = left.saturating_sub(**length);
        is_in
    };
    let all = lengths.len();
    if backward {
        all - lengths.iter().rev().take_while(&mut fits).count().max(1).min(all)..all
    } else {
        0..lengths.iter().take_while(&mut fits).count().max(1).min(all)
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_map(Some(2))?;
        list.serialize_entry(self.meta.key, &self.resources)?;
        list.serialize_entry("meta", &self.meta)?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_it_is_too_long_for_lambda() {
        const MOST: usize = PAGE_BYTES;
        for (lengths, forward, backward) in [
            (&[][..], 0..0, 0..0),
            (&[1], 0..1, 0..1),
            (&[MOST - 2, 1, 1], 0..3, 0..3),
            (&[MOST - 1, 1, 1], 0..2, 1..3),
            (&[1, 1, MOST - 1], 0..2, 1..3),
            (&[MOST, MOST], 0..1, 1..2),
            // One is always shown; none is so long.
            (&[MOST + 1, 1], 0..1, 1..2),
            (&[1, MOST + 1], 0..1, 1..2),
        ] {
            assert_eq!(fitting(lengths, false), forward, "{lengths:?}");
            assert_eq!(fitting(lengths, true), backward, "{lengths:?} from the end");
        }
    }

    #[test]
    fn what_is_escaped_in_the_reply_is_counted() {
        for text in ["{}", r#"{"a":"b\"\\ é"}"#] {
            let reply = serde_json::to_string(text).unwrap();
            assert_eq!(length_in_reply(text), reply.len() - 2 + ",".len());
        }
    }
}
