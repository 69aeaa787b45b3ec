//! What there is at the end of a history, in the answers and in the table.

use serde_json::Value;

use crate::compare::{Same, same, text};
use crate::contract::Place;
use crate::history::IDENTITIES;
use crate::parameters::Form;
use crate::run::Run;

/// How many of the Challenges that were listed are fetched, too.
const FETCHED: usize = 5;

impl Run<'_> {
    /// Everything is as the contract says, and so is what is stored.
    pub async fn at_the_end(&mut self) -> Same {
        for service in 0..self.contract.services.len() {
            self.list_entities(service, 1000).await?;
            for identity in IDENTITIES {
                self.list_factors((service, identity), 1000).await?;
                self.list_every_challenge((service, identity)).await?;
                // What is left of a Service that was deleted is nobody's affair.
                if self.contract.service((service, identity)).is_ok() {
                    self.is_stored((service, identity)).await?;
                }
            }
        }
        for (place, sid) in self.asked.iter().rev().take(FETCHED).cloned().collect::<Vec<_>>() {
            self.fetch_challenge(place, &sid).await?;
        }
        for (place, sid) in self.known.clone() {
            self.fetch(place, &sid).await?;
        }
        self.callers_at_the_end().await
    }

    /// All Challenges of an Entity, and those of each status.
    async fn list_every_challenge(&mut self, place: Place) -> Same {
        self.list_challenges(place, Form::new(), 1000).await?;
        let entity = self.contract.entities.get(&place);
        if entity.is_some_and(|entity| !entity.challenges.is_empty()) {
            for status in ["pending", "approved", "denied", "expired"] {
                let query = vec![("Status", status.to_owned())];
                self.list_challenges(place, query, 1000).await?;
            }
        }
        Ok(())
    }

    /// An Entity counts its Factors, and of one that isn't there nothing is left.
    async fn is_stored(&self, place: Place) -> Same {
        let service_sid = &self.contract.services[place.0].sid;
        let items = self
            .function
            .dynamo
            .partition(&format!("{service_sid}/{}", place.1))
            .await;
        let items: Vec<Value> = items.iter().map(crate::support::item_json).collect();
        let of = |prefix: &str| -> Vec<&Value> {
            items
                .iter()
                .filter(|item| text(&item["sk"]).starts_with(prefix))
                .collect()
        };
        if !self.contract.entities.contains_key(&place) {
            let left: Vec<String> = items.iter().map(Value::to_string).collect();
            return same(
                "what is left of an Entity that isn't there",
                left,
                Vec::<String>::new(),
            );
        }
        let stored = of("YE");
        same("stored Entities", stored.len(), 1)?;
        for (factor_type, attribute) in [("push", "push_factors"), ("totp", "totp_factors")] {
            let counted = self.contract.counted(place, factor_type) as u64;
            same(attribute, stored[0][attribute].as_u64().unwrap_or(0), counted)?;
        }
        Ok(())
    }
}
