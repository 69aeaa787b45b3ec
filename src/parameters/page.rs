//! Pages of lists, whatever is listed: which one is asked for, and what is on it. `K` is the key in whose order a list is.

use std::fmt;
use std::ops::RangeInclusive;

use super::text::integer;
use super::{Fields, Rule};

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Resources on a page.
    pub size: u16,
    /// The page's number, which is the client's own affair.
    pub number: u32,
    /// Where the page begins; `None` for the first.
    pub token: Option<PageToken<K>>,
    /// Which end of the list is the first.
    pub order: Order,
}

/// The order of a list (API page, `Order`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The least key first.
    #[default]
    Ascending,
    /// The greatest key first.
    Descending,
}

impl Order {
    /// Reads an order by its API name, in any case.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub fn parse(name: &str) -> Result<Self, Rule> {
        match name.to_ascii_lowercase().as_str() {
            "asc" => Ok(Self::Ascending),
            "desc" => Ok(Self::Descending),
            _ => Err(Rule::OneOf(&["asc", "desc"])),
        }
    }

    /// The name in the API: `asc`, `desc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

impl<K> PageRequest<K> {
    /// Resources on a page (API page, `PageSize`).
    const SIZE: RangeInclusive<u16> = 1..=1000;
    /// Resources on a page where the request says nothing.
    const DEFAULT_SIZE: u16 = 50;

    /// Reads the parameters of a list whose keys are read by `key`.
    pub fn parse(query: &mut Fields<'_>, key: impl Fn(&str) -> Result<K, Rule>) -> Option<Self> {
        let size = query.optional("PageSize", |text| integer(text, &Self::SIZE));
        // A number that the last page counts up to stays there, and is still in the range.
        let number = query.optional("Page", |text| integer(text, &(0..=u32::MAX)));
        // A device SDK has it with a small p.
        let [token, small] =
            ["PageToken", "pageToken"].map(|name| query.optional(name, |text| PageToken::parse(text, &key)));
        let token = match (token?, small?) {
            (Some(_), Some(_)) => query.elsewhere("PageToken", Err(Rule::GivenOnce)),
            (token, small) => Some(token.or(small)),
        };
        Some(Self {
            size: size?.unwrap_or(Self::DEFAULT_SIZE),
            number: number?.unwrap_or_default(),
            token: token?,
            order: Order::default(),
        })
    }

    /// The same page of a list in this order.
    #[must_use]
    pub(crate) fn in_order(self, order: Order) -> Self {
        Self { order, ..self }
    }
}

/// A place in a list: `PA` and a key for what comes after it, `PB` and a key for what comes before. It holds all that
/// finding the place takes, so it outlives any process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageToken<K> {
    /// What comes after this key.
    After(K),
    /// What comes before this key.
    Before(K),
}

impl<K> PageToken<K> {
    const RULE: Rule = Rule::own("must be a token from a next_page_url or previous_page_url");

    fn parse(text: &str, key: impl FnOnce(&str) -> Result<K, Rule>) -> Result<Self, Rule> {
        let parsed = match text.split_at_checked(2) {
            Some(("PA", text)) => key(text).map(Self::After),
            Some(("PB", text)) => key(text).map(Self::Before),
            _ => Err(Self::RULE),
        };
        parsed.map_err(|_| Self::RULE)
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &K {
        let (Self::After(key) | Self::Before(key)) = self;
        key
    }
}

impl<K: AsRef<str>> fmt::Display for PageToken<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(key) => write!(f, "PA{}", key.as_ref()),
            Self::Before(key) => write!(f, "PB{}", key.as_ref()),
        }
    }
}

/// A page of a list.
pub(crate) struct Page<T> {
    /// What is on it, in the order of the keys.
    pub(crate) items: Vec<T>,
    /// Whether there is something before the first one here.
    pub(crate) has_previous: bool,
    /// Whether there is something after the last one here.
    pub(crate) has_next: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::InvalidParameter;
    use crate::sid::ServiceSid;

    fn page(text: &str) -> Result<PageRequest<ServiceSid>, Vec<InvalidParameter>> {
        let mut query = Fields::decode(text.as_bytes());
        let page = PageRequest::parse(&mut query, ServiceSid::parse);
        query.finish(page)
    }

    fn refused(text: &str) -> Vec<InvalidParameter> {
        page(text).unwrap_err()
    }

    #[test]
    fn a_page_has_1_to_1000_resources_by_default_50() {
        let first = PageRequest {
            size: 50,
            number: 0,
            token: None,
            order: Order::Ascending,
        };
        assert_eq!(page(""), Ok(first));
        for size in [1, 2, 999, 1000] {
            assert_eq!(page(&format!("PageSize={size}")).unwrap().size, size);
        }
        for size in ["0", "1001", "-1", "x", "65537"] {
            assert_eq!(
                refused(&format!("PageSize={size}")),
                [Rule::Integer { min: 1, max: 1000 }.broken_by("PageSize")]
            );
        }
    }

    #[test]
    fn a_page_token_is_read_as_it_is_written_and_made_up_ones_are_refused() {
        let sid = ServiceSid::from_bytes([7; 16]);
        for token in [PageToken::After(sid), PageToken::Before(sid)] {
            assert_eq!(page(&format!("PageToken={token}")).unwrap().token, Some(token));
        }
        assert_eq!(
            page(&format!("pageToken=PA{sid}")).unwrap().token,
            Some(PageToken::After(sid))
        );
        assert_eq!(
            refused(&format!("pageToken=PA{sid}&PageToken=PA{sid}")),
            [Rule::GivenOnce.broken_by("PageToken")]
        );
        assert_eq!(
            refused("pageToken=x"),
            [PageToken::<ServiceSid>::RULE.broken_by("pageToken")]
        );
        for token in [
            "x",
            "PA",
            "PC",
            "é",
            "PAVA",
            &format!("PX{sid}"),
            &format!("PA{sid}0"),
            &format!("pa{sid}"),
        ] {
            assert_eq!(
                refused(&format!("PageToken={token}")),
                [PageToken::<ServiceSid>::RULE.broken_by("PageToken")],
                "{token}"
            );
        }
        assert_eq!(
            refused("Page=-1&PageToken=x&PageSize=0").len(),
            3,
            "each invalid parameter is named"
        );
    }
}
