//! Room: what gives its place back on an Entity that has as many Factors as it can.

use super::{Factor, FactorType};
use crate::time::Timestamp;

/// How room is made on an Entity for Factors of a type.
#[derive(Debug)]
pub(super) struct Room<'a> {
    /// Those that are gone by the clock and still there, as many as can go at once.
    pub(super) gone: Vec<&'a Factor>,
    /// How many are there after that.
    pub(super) there: usize,
}

impl<'a> Room<'a> {
    /// How room is made among `factors`, all that are in the table at `now`, for `at_most` so many at once; `None` if there is none to
    /// be made.
    pub(super) fn among(
        factors: &'a [Factor],
        factor_type: FactorType,
        at_most: usize,
        now: Timestamp,
    ) -> Option<Self> {
        let of_type = || {
            factors
                .iter()
                .filter(|factor| factor.factor_type() == factor_type)
        };
        let gone = of_type().filter(|factor| factor.is_expired(now));
        let gone: Vec<&Factor> = gone.take(at_most).collect();
        let there = of_type().count() - gone.len();
        (there < usize::from(factor_type.counted().limit)).then_some(Self { gone, there })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::factor::tests::{creation, totp_factor};

    /// Factors of which the first so many expire in an hour.
    fn factors(expiring: usize, staying: usize) -> Vec<Factor> {
        let stays = totp_factor("", creation()).0;
        let expires = Factor {
            unverified_until: Some(creation().now.after(3600)),
            ..stays.clone()
        };
        let expiring = std::iter::repeat_n(expires, expiring);
        expiring.chain(std::iter::repeat_n(stays, staying)).collect()
    }

    #[test]
    fn what_is_expired_gives_its_place_back_up_to_a_transaction_at_a_time() {
        let now = creation().now.after(3600);
        for (expiring, staying, expected) in [
            (0, 100, None),
            (1, 99, Some((1, 99))),
            (1, 100, None),
            (2, 99, Some((2, 99))),
            (99, 1, Some((99, 1))),
            (100, 0, Some((99, 1))),
            // What DynamoDB deleted is counted and not there.
            (0, 7, Some((0, 7))),
        ] {
            let factors = factors(expiring, staying);
            let room = Room::among(&factors, FactorType::Totp, 99, now);
            let room = room.map(|room| (room.gone.len(), room.there));
            assert_eq!(room, expected, "{expiring} and {staying}");
            let before = Room::among(&factors, FactorType::Totp, 99, creation().now.after(3599));
            assert!(before.is_none_or(|room| room.gone.is_empty()));
        }
    }

    #[test]
    fn factors_of_the_other_type_are_not_counted() {
        let factors = factors(0, 100);
        assert!(
            Room::among(&factors, FactorType::Push, 99, creation().now).is_some_and(|room| room.there == 0)
        );
    }
}
