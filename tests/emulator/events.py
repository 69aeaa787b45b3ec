"""A built function under the emulator, asked with events as API Gateway makes them.

Usage: events.py BOOTSTRAP ENV_FILE

It sends every file in events/ and checks each answer. ENV_FILE has the function's variables; the DynamoDB they name has
to be running. The Entity that the events are about is deleted before and after. What no file can have is put in: codes and
signatures that are right now, and the SIDs of what was just made.
"""

import base64
import json
import sys
import time
import urllib.parse
from pathlib import Path

import emulator
import pyotp

sys.path.append(str(Path(__file__).parents[1]))
from phone import SIGNATURE_FIELDS, Phone

BOOTSTRAP, ENV_FILE = sys.argv[1:]
EVENTS = Path(__file__).parents[2] / "events"


def pairs(event):
    body = event.get("body") or ""
    if event["isBase64Encoded"]:
        body = base64.b64decode(body).decode()
    return urllib.parse.parse_qsl(body)


def form(event):
    return dict(pairs(event))


def is_factor(event, body):
    sent = form(event)
    push = sent["FactorType"] == "push"
    assert body["factor_type"] == sent["FactorType"], body
    assert body["friendly_name"] == sent["FriendlyName"], body
    assert body["status"] == "unverified", body
    assert set(body["binding"]) == ({"alg", "public_key"} if push else {"secret", "uri"}), body
    if push:
        assert body["config"]["notification_token"] == sent.get("Config.NotificationToken"), body
        assert body["config"]["credential_sid"] == "CR" + body["sid"][2:], body
    if "Binding.Secret" in sent:
        assert body["binding"]["secret"] == sent["Binding.Secret"].replace(" ", "").upper(), body


def is_refusal(_event, body):
    refused = [refusal["parameter"] for refusal in body["details"]["parameters"]]
    assert refused == ["FriendlyName", "Binding.Secret", "Config.TimeStep", "Config.Skew"], body


def is_service(event, body):
    assert body["sid"].startswith("VA"), body
    assert body["friendly_name"] == form(event)["FriendlyName"], body
    assert body["totp"]["time_step"] == 60, body


def is_known_factor(event, body):
    assert body["sid"] == event["rawPath"].rsplit("/", 1)[1], body
    assert body["factor_type"] == "totp" and "binding" not in body, body
    # As update-factor left it.
    assert (body["friendly_name"], body["config"]["skew"]) == ("John's New Laptop", 2), body


def is_unverified(event, body):
    is_known_factor(event, body)
    assert body["status"] == "unverified", body


def is_verified(event, body):
    is_known_factor(event, body)
    assert body["status"] == "verified", body


def is_list_of_factors(_event, body):
    factors = body["factors"]
    sids = [factor["sid"] for factor in factors]
    assert sids == sorted(sids) and len(sids) == len(CREATED), body
    assert all("binding" not in factor for factor in factors), body
    assert body["meta"]["key"] == "factors" and body["meta"]["page_size"] == 20, body


def is_approved_by_code(event, body):
    assert body["sid"].startswith("YC") and body["factor_sid"] == form(event)["FactorSid"], body
    assert (body["status"], body["factor_type"], body["details"]) == ("approved", "totp", None), body
    assert body["date_responded"] == body["date_created"], body


def is_question(event, body):
    fields = [json.loads(value) for name, value in pairs(event) if name == "Details.Fields"]
    assert (body["status"], body["factor_type"], body["date_responded"]) == ("pending", "push", None), body
    assert body["details"]["message"] == form(event)["Details.Message"], body
    assert body["details"]["fields"] == fields and len(fields) == 2, body
    assert body["hidden_details"] == json.loads(form(event)["HiddenDetails"]), body


def is_approved_by_phone(event, body):
    assert body["sid"] == event["rawPath"].rsplit("/", 1)[1], body
    assert (body["status"], body["factor_type"]) == ("approved", "push"), body


def is_list_of_challenges(_event, body):
    challenges = body["challenges"]
    assert [challenge["factor_type"] for challenge in challenges] == ["push", "totp"], body
    assert all(challenge["status"] == "approved" for challenge in challenges), body
    assert "Status=approved&Order=desc&PageSize=20" in body["meta"]["url"], body


def is_access_token(event, body):
    sent = form(event)
    assert body["sid"].startswith("YK") and body["url"].endswith("/AccessTokens/" + body["sid"]), body
    assert (body["entity_identity"], body["factor_type"]) == (sent["Identity"], "push"), body
    assert (body["factor_friendly_name"], body["ttl"]) == (sent["FactorFriendlyName"], int(sent["Ttl"])), body
    assert 0 < len(body["token"]) <= 1000 and body["token"].isprintable(), body


def is_known_access_token(event, body):
    assert body["sid"] == event["rawPath"].rsplit("/", 1)[1], body
    assert body["factor_friendly_name"] == "John's Phone" and body["token"], body


def is_entity(_event, body):
    assert body["sid"].startswith("YE") and body["url"].endswith(body["identity"]), body
    assert body["links"]["factors"] == body["url"] + "/Factors", body


def is_list_of_entities(_event, body):
    identities = [entity["identity"] for entity in body["entities"]]
    assert "ff483d1ff591898a9942916050d2ca3f" in identities and identities == sorted(identities), body


def is_nothing(_event, body):
    assert body is None, body


CREATED = {
    "create-factor-replay": (201, is_factor),
    "create-push-factor": (201, is_factor),
    "create-push-factor-without-notifications": (201, is_factor),
    "create-totp-factor": (201, is_factor),
    "create-totp-factor-rest-api": (201, is_factor),
    "create-totp-factor-with-migrated-seed": (201, is_factor),
}

# The one of the push Factor.
PHONE = Phone()

# In the order in which they are sent.
ANSWERS = {
    "preflight": (204, is_nothing),
    "create-service": (201, is_service),
    "create-entity": (201, is_entity),
    **CREATED,
    "create-factor-refused": (400, is_refusal),
    "update-factor": (200, is_unverified),
    "verify-totp-factor": (200, is_verified),
    "fetch-factor": (200, is_verified),
    "list-factors": (200, is_list_of_factors),
    "create-challenge": (201, is_approved_by_code),
    "create-push-challenge": (201, is_question),
    "answer-challenge": (200, is_approved_by_phone),
    "fetch-challenge": (200, is_approved_by_phone),
    "list-challenges": (200, is_list_of_challenges),
    "create-access-token": (201, is_access_token),
    "fetch-access-token": (200, is_known_access_token),
    "fetch-entity": (200, is_entity),
    "list-entities": (200, is_list_of_entities),
    "delete-factor": (204, is_nothing),
    "delete-entity": (204, is_nothing),
}


def read(name):
    return json.loads((EVENTS / f"{name}.json").read_text())


def check(send, name, event):
    status, is_right = ANSWERS[name]
    reply = send(event)
    assert reply.get("statusCode") == status, reply
    is_right(event, json.loads(reply["body"]) if reply.get("body") else None)
    print(f"{status} {name}")
    return reply


def with_fields(event, fields):
    """The event with other values of some fields of its form."""
    changed = [(name, fields.get(name, value)) for name, value in pairs(event)]
    return event | {"body": base64.b64encode(urllib.parse.urlencode(changed).encode()).decode()}


def at(event, sid):
    """The event at the path of this Factor, Challenge or Access Token."""
    return event | {"rawPath": event["rawPath"].rsplit("/", 1)[0] + "/" + sid}


def code(factor, steps=0):
    """The code of as many time steps later. Each is good once, and the next one has to be of a later step."""
    app = pyotp.parse_uri(factor["binding"]["uri"])
    return app.at(int(time.time()) + steps * app.interval)


def fitted(name, event, made):
    """The event with what no file can have, `made` being what the ones before it made."""
    if name == "create-push-factor":
        return with_fields(event, {"Binding.PublicKey": PHONE.public_key})
    if name == "verify-totp-factor":
        return with_fields(event, {"AuthPayload": code(made["create-factor-replay"], -1)})
    if name == "create-challenge":
        return with_fields(event, {"AuthPayload": code(made["create-factor-replay"])})
    if name == "create-push-challenge":
        return with_fields(event, {"FactorSid": made["create-push-factor"]["sid"]})
    if name == "answer-challenge":
        challenge = made["create-push-challenge"]
        answer = PHONE.answer(challenge, made["signature-fields"], "approved")
        return at(with_fields(event, {"AuthPayload": answer}), challenge["sid"])
    if name == "fetch-challenge":
        return at(event, made["create-push-challenge"]["sid"])
    if name == "fetch-access-token":
        return at(event, made["create-access-token"]["sid"])
    return event


names = {file.stem for file in EVENTS.glob("*.json")} - {"env"}
assert names == set(ANSWERS), f"events without an answer here, or the other way round: {names ^ set(ANSWERS)}"
with emulator.running(BOOTSTRAP, ENV_FILE) as send:
    # Of an earlier run, if there is one.
    before = send(read("delete-entity"))
    assert before.get("statusCode") in (204, 404), before
    made = {}
    for name in ANSWERS:
        event = fitted(name, read(name), made)
        reply = check(send, name, event)
        made[name] = json.loads(reply["body"]) if reply.get("body") else None
        if name == "create-factor-replay":
            again = check(send, name, event)
            assert again["headers"]["idempotent-replayed"] == "true", again
            assert again["body"] == reply["body"], (reply, again)
        if name == "create-push-factor":
            sid = made[name]["sid"]
            verify = with_fields(at(read("verify-totp-factor"), sid), {"AuthPayload": PHONE.sign(sid)})
            verified = send(verify)
            assert json.loads(verified["body"])["status"] == "verified", verified
        if name == "create-push-challenge":
            made["signature-fields"] = reply["headers"][SIGNATURE_FIELDS.lower()]
