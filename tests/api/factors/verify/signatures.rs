//! Signatures of a push Factor's device.

use serde_json::json;

use super::{Enrolled, ok, status};
use crate::support::logs;
use crate::support::phone::Phone;

#[tokio::test]
async fn a_signature_of_the_sid_by_its_key_verifies_a_push_factor_as_often_as_it_comes() {
    let phone = Phone::number(1);
    let enrolled = Enrolled::of(&phone.form()).await;
    let sid = enrolled.created["sid"].as_str().unwrap().to_owned();
    let send = async |form: &str| enrolled.function.request("POST", &enrolled.path, form).await;

    for form in [
        phone.payload(&sid.to_uppercase()),
        Phone::number(2).payload(&sid),
        "AuthPayload=123456".to_owned(),
        "AuthPayload=MEUCIQ".to_owned(),
    ] {
        let answer = send(&form).await;
        assert_eq!(answer.error(), (403, 60311), "{form}");
        let line = &logs::of(&answer)[0];
        assert_eq!(
            (&line["factor_type"], &line["outcome"]),
            (&json!("push"), &json!("bad_signature"))
        );
    }
    assert_eq!(enrolled.item().await["revision"], 1, "nobody guesses a signature");
    let verified = send(&phone.payload(&sid)).await;
    assert_eq!(status(&verified), ok("verified"));
    assert_eq!(status(&send(&phone.payload(&sid)).await), ok("verified"));
    assert_eq!(send(&Phone::number(2).payload(&sid)).await.error(), (403, 60311));
    let item = enrolled.item().await;
    assert_eq!((&item["revision"], item.get("expires")), (&json!(2), None));
}

#[tokio::test]
async fn a_plus_that_became_a_space_is_said_to_be_one() {
    let phone = Phone::number(1);
    let enrolled = Enrolled::of(&phone.form()).await;
    let answer = enrolled.send("MEUCIQD+abc/def==").await;
    assert_eq!(answer.error(), (400, 60306));
    assert_eq!(
        answer.text("message"),
        "Invalid parameter AuthPayload: has a space in its Base64; a + must be percent-encoded as %2B in a form"
    );
}
