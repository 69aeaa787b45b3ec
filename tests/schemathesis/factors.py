"""The Factors that there ever were, and what verifies them."""

import base64
import hmac
import re
import time
import uuid
import zlib

import requests
from phone import Phone
from schemathesis.generation.meta import TestPhase

# The account and the Service that the local server begins with.
AUTH = ("AC0123456789abcdef0123456789abcdef", "local-auth-token")
SERVICE_SID = "VA0123456789abcdef0123456789abcdef"

SID = "VA[0-9a-fA-F]{32}"
IDENTITY = "[A-Za-z0-9-]{8,64}"
PUSH_PARAMETERS = ("Config.NotificationPlatform", "Config.NotificationToken", "Config.SdkVersion")

# By SID: as they were shown last, `binding` with them, and what was seen of them on a walk.
factors = {}
# The SIDs of those that were deleted.
deleted = set()
# The phones of push Factors, by SID.
phones = {}

PHONE = Phone()


def code(factor, steps=0):
    """The code of as many time steps later (RFC 6238)."""
    secret, config = factor["binding"]["secret"], factor["config"]
    seed = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int(time.time()) // config["time_step"] + steps
    digest = hmac.digest(seed, step.to_bytes(8, "big"), config["alg"])
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number)[-config["code_length"] :].zfill(config["code_length"])


def half(body):
    """True for one half of all forms, and always for the same ones."""
    return zlib.crc32(repr(sorted(body.items())).encode()) % 2 == 0


def is_walk(case):
    return case.meta.phase.name == TestPhase.STATEFUL


def is_valid_form(case):
    return isinstance(case.body, dict) and case.meta.generation.mode.is_positive


def is_found(case, **parameters):
    """Whether the path is one that the function has, these parameters of it included."""
    patterns = {"ServiceSid": SID, "Identity": IDENTITY} | parameters
    path = case.path_parameters
    return all(re.fullmatch(pattern, str(path.get(name))) for name, pattern in patterns.items())


def is_code(value):
    return re.fullmatch("[0-9]{3,8}", str(value)) is not None


def posted(case, path, form):
    """What comes of a request beside the one that is tried."""
    answer = requests.post(case.operation.schema.get_base_url() + path, form, auth=AUTH, timeout=10)
    assert answer.status_code in (200, 201), answer.text
    return answer


def new_factor(case, is_push):
    """A Factor that has an Entity to itself."""
    form = {"FriendlyName": "Laptop", "FactorType": "totp", "Config.Skew": 2}
    if is_push:
        form = {
            "FriendlyName": "Phone",
            "FactorType": "push",
            "Binding.PublicKey": PHONE.public_key,
            "Config.AppId": "com.example.owlbank",
            "Config.NotificationPlatform": "none",
            "Config.SdkVersion": "1.0.0",
        }
    factor = posted(case, f"/v2/Services/{SERVICE_SID}/Entities/{uuid.uuid4()}/Factors", form).json()
    factors[factor["sid"]] = factor
    if is_push:
        phones[factor["sid"]] = PHONE
    return factor


def verified(case, factor):
    """The Factor once it is verified, by a code that leaves later ones to log in with."""
    is_push = factor["factor_type"] == "push"
    proof = phones[factor["sid"]].sign(factor["sid"]) if is_push else code(factor, -1)
    path = f"/v2/Services/{SERVICE_SID}/Entities/{factor['identity']}/Factors/{factor['sid']}"
    factor |= posted(case, path, {"AuthPayload": proof}).json()
    assert factor["status"] == "verified", factor
    return factor


def fit(body, factor, is_first):
    """Has valid parameters fit the Factor that they are for, which a schema can't: it doesn't know the Factor."""
    if factor["factor_type"] == "push":
        config = factor["config"]
        if not (body.get("Config.NotificationToken") or config["notification_token"]):
            body.pop("Config.NotificationPlatform", None)
        if factor["sid"] in phones and (is_first or body.get("AuthPayload") and half(body)):
            body["AuthPayload"] = phones[factor["sid"]].sign(factor["sid"])
        return
    # Half of the codes are right; and on a walk, whatever comes first to a Factor verifies it.
    if half(body) if is_code(body.get("AuthPayload")) else is_first or body.get("AuthPayload"):
        body["AuthPayload"] = code(factor)
    if factor["status"] == "verified" or body.get("AuthPayload"):
        for parameter in ("Config.Alg", "Config.TimeStep", "Config.CodeLength"):
            body.pop(parameter, None)


def before_call(case):
    path = case.path_parameters
    # A made-up Factor is a 404. And a walk can begin here.
    if is_found(case, FactorSid="YF[0-9a-fA-F]{32}") and path["FactorSid"] not in factors:
        is_push = isinstance(case.body, dict) and any(parameter in case.body for parameter in PUSH_PARAMETERS)
        factor = new_factor(case, is_push)
        path["ServiceSid"], path["Identity"], path["FactorSid"] = SERVICE_SID, factor["identity"], factor["sid"]
    factor = factors.get(path.get("FactorSid"))
    if factor and case.operation.method == "post" and is_valid_form(case):
        fit(case.body, factor, is_walk(case) and factor["status"] == "unverified")


def after_call(case, response):
    """Whether a walk ended that saw a Factor from its creation to its end."""
    method, status = case.operation.method, response.status_code
    factor = factors.get((case.path_parameters or {}).get("FactorSid"))
    if not factor:
        return False
    if (method, status) == ("delete", 204):
        deleted.add(factor["sid"])
    seen = factor.setdefault("seen", set()) if is_walk(case) else set()
    if status == 200:
        factor |= response.json()
        seen.add("fetched" if method == "get" else factor["status"])
    return (method, status) == ("delete", 204) and seen >= {"fetched", "verified"}
