"""The official Python client against a running function, with only its base URL changed.

Usage: twilio_python.py http://127.0.0.1:9000
"""

import contextlib
import json
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyotp
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

sys.path.append(str(Path(__file__).parents[1]))
from phone import SIGNATURE_FIELDS, Phone

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "local-auth-token"
IDENTITY = "ff483d1ff591898a9942916050d2ca3f"

client = Client(ACCOUNT_SID, AUTH_TOKEN)
client.verify.base_url = sys.argv[1]
verify = client.verify.v2


@contextlib.contextmanager
def refused(status, code):
    """Expects a refusal, which is there to be looked at afterwards."""
    refusal = []
    try:
        yield refusal
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), error
        refusal.append(error)
    assert refusal, f"it was done, and not refused with {status} {code}"


def wrong_codes(app):
    """Codes that are wrong now and a while before and after."""
    near = {app.at(int(time.time()) + steps * app.interval) for steps in range(-3, 4)}
    return (code for code in map("{:06}".format, range(1_000_000)) if code not in near)


def totp_from_first_to_last(entity):
    totp = entity.new_factors.create(friendly_name="John's Phone ü", factor_type="totp", metadata={"os": "Android"})
    assert (totp.status, totp.metadata) == ("unverified", {"os": "Android"})
    app = pyotp.parse_uri(totp.binding["uri"])
    assert (app.issuer, app.name, app.interval) == ("Owl & Co", "John's Phone ü", 45)
    assert app.secret == totp.binding["secret"]

    wrong = next(wrong_codes(app))
    factor = entity.factors(totp.sid)
    assert factor.update(auth_payload=wrong).status == "unverified"
    right = app.now()
    assert factor.update(auth_payload=right).status == "verified"
    # A retry, and what a login would send.
    assert factor.update(auth_payload=right).status == "verified"
    with refused(403, 60311):
        factor.update(auth_payload=wrong)

    fetched = factor.fetch()
    assert (fetched.sid, fetched.status, fetched.identity) == (totp.sid, "verified", IDENTITY)
    assert fetched.entity_sid == totp.entity_sid and fetched.url == totp.url
    assert fetched.date_updated >= fetched.date_created
    assert fetched.config == {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 45}, fetched.config
    assert not hasattr(fetched, "binding")
    renamed = factor.update(friendly_name="John's old phone", config_skew=0)
    assert (renamed.friendly_name, renamed.config["skew"], renamed.status) == ("John's old phone", 0, "verified")
    with refused(400, 60306):
        factor.update(config_time_step=30)
    # The steps after the present one count too, so that nobody has to wait for the next code.
    assert factor.update(config_skew=2).config["skew"] == 2
    logins_with_a_code(entity, totp.sid, app, right)
    return totp.sid


def logins_with_a_code(entity, factor_sid, app, used):
    later = lambda steps: app.at(int(time.time()) + steps * app.interval)
    # The code that verified the Factor is good no more.
    login = entity.challenges.create(factor_sid=factor_sid, auth_payload=used)
    assert (login.status, login.factor_type, login.factor_sid) == ("pending", "totp", factor_sid)
    assert (login.date_responded, login.details, login.responded_reason) == (None, None, "none")
    assert login.expiration_date == login.date_created + timedelta(minutes=5)
    wrong = wrong_codes(app)
    assert entity.challenges(login.sid).update(auth_payload=next(wrong)).status == "pending"
    answered = entity.challenges(login.sid).update(auth_payload=later(1), metadata={"browser": "Firefox"})
    assert (answered.status, answered.metadata) == ("approved", {"browser": "Firefox"})
    assert answered.date_responded >= answered.date_created
    with refused(403, 60322):
        entity.challenges(login.sid).update(auth_payload=later(2))
    assert entity.challenges(login.sid).fetch().status == "approved"

    until = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(minutes=10)
    at_once = entity.challenges.create(
        factor_sid=factor_sid, auth_payload=later(2), expiration_date=until, hidden_details={"ip": "192.0.2.1"}
    )
    assert (at_once.status, at_once.hidden_details) == ("approved", {"ip": "192.0.2.1"})
    assert at_once.expiration_date == until and at_once.date_responded == at_once.date_created

    guessed = entity.challenges.create(factor_sid=factor_sid)
    for _ in range(5):
        assert entity.challenges(guessed.sid).update(auth_payload=next(wrong)).status == "pending"
    with refused(429, 60308):
        entity.challenges(guessed.sid).update(auth_payload=next(wrong))
    sids = lambda **filters: [challenge.sid for challenge in entity.challenges.list(page_size=1, **filters)]
    assert sids(factor_sid=factor_sid) == [login.sid, at_once.sid, guessed.sid]
    assert sids(status="approved", order="desc") == [at_once.sid, login.sid]
    assert (sids(status="pending"), sids(status="denied")) == ([guessed.sid], [])


def wrong_codes_come_to_an_end(entity):
    totp = entity.new_factors.create(friendly_name="Tablet", factor_type="totp", binding_secret="A" * 32)
    app = pyotp.parse_uri(totp.binding["uri"])
    factor = entity.factors(totp.sid)
    with refused(403, 60318):
        entity.challenges.create(factor_sid=totp.sid, auth_payload=app.now())
    for _, code in zip(range(5), wrong_codes(app)):
        assert factor.update(auth_payload=code).status == "unverified"
    with refused(429, 60310):
        factor.update(auth_payload=app.now())
    assert factor.delete() is True


def push_from_first_to_last(entity):
    phone = Phone()
    push = entity.new_factors.create(
        friendly_name="John's Phone",
        factor_type="push",
        binding_alg="ES256",
        binding_public_key=phone.public_key,
        config_app_id="com.example.myapp",
        config_notification_platform="fcm",
        config_notification_token="x" * 32,
        config_sdk_version="1.0.0",
    )
    assert push.binding == {"alg": "ES256", "public_key": phone.public_key}, push.binding
    assert push.config["credential_sid"] == "CR" + push.sid[2:], push.config

    factor = entity.factors(push.sid)
    with refused(403, 60311):
        factor.update(auth_payload=phone.sign("another text"))
    assert factor.update(auth_payload=phone.sign(push.sid)).status == "verified"
    moved = factor.update(config_notification_token="y" * 32, config_sdk_version="1.1.0")
    assert (moved.config["notification_token"], moved.config["sdk_version"]) == ("y" * 32, "1.1.0"), moved.config
    assert moved.config["credential_sid"] == push.config["credential_sid"], moved.config
    for status in ("approved", "denied"):
        login_with_a_push(entity, push.sid, phone, status)
    return push.sid


def login_with_a_push(entity, factor_sid, phone, status):
    with refused(400, 20001):
        entity.challenges.create(factor_sid=factor_sid)
    fields = [{"label": "Browser", "value": "Firefox on Linux"}, {"label": "Place", "value": "Zürich"}]
    login = entity.challenges.create(
        factor_sid=factor_sid,
        details_message="Do you log in to Owl & Co?",
        details_fields=fields,
        hidden_details={"ip": "192.0.2.1"},
    )
    assert (login.status, login.factor_type) == ("pending", "push")
    assert login.details["message"] == "Do you log in to Owl & Co?" and login.details["fields"] == fields, login.details

    # The phone has it as it was sent, which the client parses.
    shown = client.request("GET", login.url)
    challenge, names = json.loads(shown.text), shown.headers[SIGNATURE_FIELDS]
    other = entity.challenges(login.sid)
    for refusable in (
        Phone().answer(challenge, names, status),
        phone.answer(challenge | {"hidden_details": None}, names, status),
        phone.answer(challenge, names, "expired"),
        "123456",
    ):
        with refused(403, 60324):
            other.update(auth_payload=refusable)
    answer = phone.answer(challenge, names, status)
    assert other.update(auth_payload=answer).status == status
    # A retry, and what it would have said instead.
    assert other.update(auth_payload=answer).status == status
    with refused(403, 60322):
        other.update(auth_payload=phone.answer(challenge, names, {"approved": "denied", "denied": "approved"}[status]))
    fetched = other.fetch()
    assert (fetched.status, fetched.details) == (status, login.details)
    listed = entity.challenges.list(factor_sid=factor_sid, status=status)
    assert [challenge.sid for challenge in listed] == [login.sid], listed


def an_access_token_is_handed_out(tokens):
    with refused(400, 60305):
        tokens.create(identity=IDENTITY, factor_type="totp")
    token = tokens.create(identity=IDENTITY, factor_type="push", factor_friendly_name="John's Phone", ttl=300)
    assert (token.entity_identity, token.factor_type, token.ttl) == (IDENTITY, "push", 300), token
    fetched = verify.services(token.service_sid).access_tokens(token.sid).fetch()
    assert (fetched.token, fetched.date_created) == (token.token, token.date_created)


service = verify.services.create(friendly_name="Nest", totp_issuer="Owl & Co", totp_time_step=45)
assert service.totp == {"issuer": "Owl & Co", "time_step": 45, "code_length": 6, "skew": 1}, service.totp
entities = verify.services(service.sid).entities
entity = entities(IDENTITY)

with refused(400, 20001) as refusal:
    entity.new_factors.create(friendly_name="", factor_type="totp", config_skew=3)
wrong = [parameter["parameter"] for parameter in refusal[0].details["parameters"]]
assert wrong == ["FriendlyName", "Config.Skew"], wrong
with refused(404, 20404):
    entity.fetch()

sids = [totp_from_first_to_last(entity), push_from_first_to_last(entity)]
wrong_codes_come_to_an_end(entity)
an_access_token_is_handed_out(verify.services(service.sid).access_tokens)
listed = [factor.sid for factor in entity.factors.list(page_size=1)]
assert listed == sorted(sids), listed
waiting = entity.challenges.create(factor_sid=sids[0])
challenges = entity.challenges.list()
for sid in sids:
    assert entity.factors(sid).delete() is True
    with refused(404, 20404):
        entity.factors(sid).fetch()
assert entity.factors.list() == []
# They can still be read, and not be answered.
assert [challenge.sid for challenge in entity.challenges.list()] == [challenge.sid for challenge in challenges]
with refused(404, 20404):
    entity.challenges(waiting.sid).update(auth_payload="123456")

assert entity.fetch().identity == IDENTITY
with refused(409, 60301):
    entities.create(identity=IDENTITY)
created = entities.create(identity="another-one")
assert (created.identity, created.service_sid) == ("another-one", service.sid)
assert [other.identity for other in entities.list(page_size=1)] == ["another-one", IDENTITY]
assert entities("another-one").delete() is True
with refused(404, 20404):
    entities("another-one").fetch()

created = {verify.services.create(friendly_name=f"Service {number}").sid for number in range(7)}
listed = [service.sid for service in verify.services.list(page_size=3)]
assert created | {service.sid} <= set(listed) and len(listed) == len(set(listed)), listed

assert verify.services(service.sid).update(totp_skew=2).totp["skew"] == 2
assert verify.services(service.sid).delete() is True
with refused(404, 20404):
    verify.services(service.sid).fetch()
print("The official Python client works.")
