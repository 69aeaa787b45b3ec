"""The official Python client against a running function, with only its base URL changed.

Usage: twilio_python.py http://127.0.0.1:9000
"""

import sys

import pyotp
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

BASE_URL = sys.argv[1]
ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "local-auth-token"
IDENTITY = "ff483d1ff591898a9942916050d2ca3f"
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBR"
    "J0J/6xW47FD5vA=="
)


class Local(TwilioHttpClient):
    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://verify.twilio.com", BASE_URL), *args, **kwargs)


verify = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Local()).verify.v2

service = verify.services.create(friendly_name="Nest", totp_issuer="Owl & Co", totp_time_step=45)
assert service.totp == {"issuer": "Owl & Co", "time_step": 45, "code_length": 6, "skew": 1}, service.totp
factors = verify.services(service.sid).entities(IDENTITY).new_factors

totp = factors.create(friendly_name="John's Phone ü", factor_type="totp", metadata={"os": "Android"})
assert (totp.status, totp.metadata) == ("unverified", {"os": "Android"})
read = pyotp.parse_uri(totp.binding["uri"])
assert (read.issuer, read.name, read.interval) == ("Owl & Co", "John's Phone ü", 45)
assert read.secret == totp.binding["secret"] and len(read.now()) == 6

push = factors.create(
    friendly_name="John's Phone",
    factor_type="push",
    binding_alg="ES256",
    binding_public_key=PUBLIC_KEY,
    config_app_id="com.example.myapp",
    config_notification_platform="fcm",
    config_notification_token="x" * 32,
    config_sdk_version="1.0.0",
)
assert push.binding == {"alg": "ES256", "public_key": PUBLIC_KEY}, push.binding
assert push.config["credential_sid"] == "CR" + push.sid[2:], push.config

try:
    factors.create(friendly_name="", factor_type="totp", config_skew=3)
    raise AssertionError("an invalid Factor was created")
except TwilioRestException as refused:
    assert (refused.status, refused.code) == (400, 20001), refused
    wrong = [parameter["parameter"] for parameter in refused.details["parameters"]]
    assert wrong == ["FriendlyName", "Config.Skew"], wrong

created = {verify.services.create(friendly_name=f"Service {number}").sid for number in range(7)}
listed = [service.sid for service in verify.services.list(page_size=3)]
assert created | {service.sid} <= set(listed) and len(listed) == len(set(listed)), listed

assert verify.services(service.sid).update(totp_skew=2).totp["skew"] == 2
assert verify.services(service.sid).delete() is True
try:
    verify.services(service.sid).fetch()
    raise AssertionError("a deleted Service is still there")
except TwilioRestException as refused:
    assert (refused.status, refused.code) == (404, 20404), refused
print("The official Python client works.")
