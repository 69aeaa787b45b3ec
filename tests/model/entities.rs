//! What the operations on Entities answer and leave behind.

use serde_json::Value;

use crate::contract::{Contract, Entity, Place};
use crate::refusal::{Refusal, not_found};

impl Contract {
    pub fn create_entity(&mut self, place: Place) -> Result<Value, Refusal> {
        self.admit_account()?;
        self.service(place)?;
        if self.entities.contains_key(&place) {
            return Err(Refusal::new(409, 60301));
        }
        self.entities.insert(place, Entity::new(self.now));
        self.fetch_entity(place)
    }

    pub fn fetch_entity(&self, place: Place) -> Result<Value, Refusal> {
        self.admit_account()?;
        self.service(place)?;
        let entity = self.entities.get(&place).ok_or_else(not_found)?;
        Ok(self.show_entity(place, entity))
    }

    pub fn list_entities(&self, service: usize) -> Result<Vec<Value>, Refusal> {
        self.admit_account()?;
        self.service((service, ""))?;
        // In the order of their Identities, which a map is in already.
        let entities = self.entities.iter().filter(|(place, _)| place.0 == service);
        Ok(entities
            .map(|(place, entity)| self.show_entity(*place, entity))
            .collect())
    }

    pub fn delete_entity(&mut self, place: Place) -> Result<(), Refusal> {
        self.admit_account()?;
        self.service(place)?;
        self.entities.remove(&place).map(drop).ok_or_else(not_found)
    }
}
