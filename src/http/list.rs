//! Lists, whatever is listed: a page of resources and the `meta` by which to find the others.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::parameters::{Page, PageRequest, PageToken};

/// A page of a list: `{"<key>": […], "meta": {…}}`.
pub(crate) struct List<T> {
    resources: Vec<T>,
    meta: Meta,
}

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

impl<T> List<T> {
    /// The page that was asked for, `url` being where the list is. `key_of` is what a list is in the order of, and
    /// `resource` shows an item.
    pub(crate) fn new<'a, I, K: AsRef<str>>(
        key: &'static str,
        url: &str,
        request: &PageRequest<K>,
        page: &'a Page<I>,
        key_of: impl Fn(&I) -> K,
        resource: impl FnMut(&'a I) -> T,
    ) -> Self {
        let page_url = |number: u32, token: Option<&PageToken<K>>| {
            let token = token.map_or_else(String::new, |token| format!("&PageToken={token}"));
            format!("{url}?PageSize={}&Page={number}{token}", request.size)
        };
        let first = page.items.first().filter(|_| page.has_previous);
        let last = page.items.last().filter(|_| page.has_next);
        let previous = first.map(|item| PageToken::Before(key_of(item)));
        let next = last.map(|item| PageToken::After(key_of(item)));
        Self {
            resources: page.items.iter().map(resource).collect(),
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

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_map(Some(2))?;
        list.serialize_entry(self.meta.key, &self.resources)?;
        list.serialize_entry("meta", &self.meta)?;
        list.end()
    }
}
