//! Lists, walked to the end and back.

use serde_json::Value;

use crate::compare::{Same, same, same_json, text};
use crate::contract::Place;
use crate::parameters::Form;
use crate::refusal::Refusal;
use crate::run::Run;
use crate::shown::BASE_URL;
use crate::support::Answer;

/// What a list is of.
#[derive(Clone)]
pub enum Listing {
    Factors(Place),
    /// With these filters.
    Challenges(Place, Form),
}

/// A list that was begun: its next page, the last SID before that, and the size of a page.
#[derive(Clone)]
pub struct Begun {
    listing: Listing,
    next: String,
    last: String,
    descending: bool,
    size: usize,
}

impl Run<'_> {
    pub async fn list_factors(&mut self, place: Place, size: usize) -> Same {
        let path = self.contract.factors_path(place);
        let expected = self.contract.list_factors(place);
        let begun = self.list(&path, "factors", size, expected).await?;
        self.goes_on(Listing::Factors(place), begun, false, size);
        Ok(())
    }

    /// Leaves a list to go on with later, where it has a next page.
    pub fn goes_on(
        &mut self,
        listing: Listing,
        begun: Option<(String, String)>,
        descending: bool,
        size: usize,
    ) {
        if let Some((next, last)) = begun {
            self.begun = Some(Begun {
                listing,
                next,
                last,
                descending,
                size,
            });
        }
    }

    pub async fn list_entities(&mut self, service: usize, size: usize) -> Same {
        let path = format!("{}/Entities", self.contract.service_path(service));
        let expected = self.contract.list_entities(service);
        self.list(&path, "entities", size, expected).await.map(drop)
    }

    /// Lists all forward, then all back; the first page's next one, and the SID before that.
    pub async fn list(
        &mut self,
        path: &str,
        key: &str,
        size: usize,
        expected: Result<Vec<Value>, Refusal>,
    ) -> Result<Option<(String, String)>, String> {
        let and = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{and}PageSize={size}");
        let answer = self.call("GET", &first, None, "").await;
        let expected = match expected {
            Ok(expected) => expected,
            Err(refusal) => return self.compare(&answer, Err::<(), _>(refusal), 200).map(|()| None),
        };
        let mut chunks: Vec<&[Value]> = expected.chunks(size).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let (mut page, mut begun) = (answer, None);
        for (number, chunk) in chunks.iter().enumerate() {
            let links = is_page(&page, key, number, size, chunk, chunks.len())?;
            if let Some(next) = links.next {
                if number == 0 {
                    begun = chunk
                        .last()
                        .map(|last| (next.clone(), text(&last["sid"]).to_owned()));
                }
                page = self.call("GET", &next, None, "").await;
            }
        }
        for (number, chunk) in chunks.iter().enumerate().rev().skip(1) {
            let links = is_page(&page, key, number + 1, size, chunks[number + 1], chunks.len())?;
            let previous = links.previous.unwrap_or_default();
            page = self.call("GET", &previous, None, "").await;
            is_page(&page, key, number, size, chunk, chunks.len())
                .map_err(|error| format!("going back: {error}"))?;
        }
        Ok(begun)
    }

    /// The next page of a list that was begun has what comes after its first page now.
    pub async fn go_on_listing(&mut self) -> Same {
        let Some(Begun {
            listing,
            next,
            last,
            descending,
            size,
        }) = self.begun.clone()
        else {
            return Ok(());
        };
        let answer = self.call("GET", &next, None, "").await;
        let (key, expected) = match listing {
            Listing::Factors(place) => ("factors", self.contract.list_factors(place)),
            Listing::Challenges(place, query) => ("challenges", self.contract.list_challenges(place, &query)),
        };
        let mut expected = match expected {
            Ok(expected) => expected,
            Err(refusal) => return self.compare(&answer, Err::<(), _>(refusal), 200),
        };
        expected.retain(|resource| {
            let sid = text(&resource["sid"]);
            sid != last && (sid > last.as_str()) != descending
        });
        let more = expected.len() > size;
        expected.truncate(size);
        same("status", answer.status, 200)?;
        let page = answer.json();
        same_json(key, &page[key], &Value::Array(expected))?;
        same(
            "whether there are more",
            page["meta"]["next_page_url"].is_string(),
            more,
        )
    }
}

/// Where a page leads to.
struct Links {
    next: Option<String>,
    previous: Option<String>,
}

/// An answer is this page of so many.
fn is_page(
    answer: &Answer,
    key: &str,
    number: usize,
    size: usize,
    resources: &[Value],
    pages: usize,
) -> Result<Links, String> {
    same("status", answer.status, 200)?;
    let page = answer.json();
    let meta = &page["meta"];
    same_json(key, &page[key], &Value::from(resources.to_vec()))?;
    same("key", text(&meta["key"]), key)?;
    same("page", meta["page"].as_u64(), Some(number as u64))?;
    same("page_size", meta["page_size"].as_u64(), Some(size as u64))?;
    let link = |name: &str| Some(meta[name].as_str()?.strip_prefix(BASE_URL)?.to_owned());
    let (next, previous) = (link("next_page_url"), link("previous_page_url"));
    same("whether there is a next page", next.is_some(), number + 1 < pages)?;
    same("whether there is a previous page", previous.is_some(), number > 0)?;
    Ok(Links { next, previous })
}
