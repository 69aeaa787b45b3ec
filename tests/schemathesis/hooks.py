"""What Schemathesis needs to know besides openapi.yaml."""

import base64
import hmac
import json
import re
import time
import uuid
import zlib
from pathlib import Path

import requests
import schemathesis
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies as st
from schemathesis.generation.meta import TestPhase

# P-256 (FIPS 186-4, D.1.2.3): y^2 = x^3 - 3x + B over the field of P.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

# DER in front of the point: SEQUENCE, the algorithm's identifier, BIT STRING (RFC 5480).
ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
UNCOMPRESSED = bytes.fromhex("3059") + ALGORITHM + bytes.fromhex("034200")
COMPRESSED = bytes.fromhex("3039") + ALGORITHM + bytes.fromhex("032200")


def public_key(x, odd, compressed):
    """The key at the first point whose x is not below this one."""
    while True:
        square = (pow(x, 3, P) - 3 * x + B) % P
        y = pow(square, (P + 1) // 4, P)
        if y * y % P == square:
            break
        x = (x + 1) % P
    if y % 2 != odd:
        y = P - y
    if compressed:
        der = COMPRESSED + bytes([2 + odd]) + x.to_bytes(32, "big")
    else:
        der = UNCOMPRESSED + bytes([4]) + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    return base64.b64encode(der).decode()


def json_text(members, ascii_only, indent):
    return json.dumps(members, ensure_ascii=ascii_only, indent=indent)


text = st.text(max_size=20)
members = st.dictionaries(text, text, max_size=5)

schemathesis.openapi.format(
    "p256-public-key",
    st.builds(public_key, st.integers(0, P - 1), st.integers(0, 1), st.booleans()),
)
schemathesis.openapi.format(
    "json-object-of-strings",
    st.builds(json_text, members, st.booleans(), st.sampled_from([None, 0])).filter(lambda value: len(value) <= 1024),
)


# The account and the Service that the local server begins with.
AUTH = ("AC0123456789abcdef0123456789abcdef", "local-auth-token")
SERVICE_SID = "VA0123456789abcdef0123456789abcdef"

SID = "VA[0-9a-fA-F]{32}"
IDENTITY = "[A-Za-z0-9-]{8,64}"
PUSH_PARAMETERS = ("Config.NotificationPlatform", "Config.NotificationToken", "Config.SdkVersion")
# There once a Factor was created, fetched, verified and deleted; `run` looks for it.
WALKED = Path("walked")

# The Services that there ever were; Identities that were created, that have a Factor, and that were deleted.
services, identities, with_factors, gone = {SERVICE_SID}, set(), set(), set()
# The Factors that there ever were, by SID: as they were shown last, `binding` with them, and what was seen of them on a walk.
factors = {}
# Keys of push Factors, by SID.
keys = {}

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


def code(factor):
    """The code that is right now (RFC 6238)."""
    secret, config = factor["binding"]["secret"], factor["config"]
    seed = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int(time.time()) // config["time_step"]
    digest = hmac.digest(seed, step.to_bytes(8, "big"), config["alg"])
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number)[-config["code_length"] :].zfill(config["code_length"])


def signature(factor):
    return base64.b64encode(keys[factor["sid"]].sign(factor["sid"].encode(), ec.ECDSA(hashes.SHA256()))).decode()


def half(body):
    """True for one half of all forms, and always for the same ones."""
    return zlib.crc32(repr(sorted(body.items())).encode()) % 2 == 0


def new_factor(case, is_push):
    """A Factor that has an Entity to itself."""
    url = f"{case.operation.schema.get_base_url()}/v2/Services/{SERVICE_SID}/Entities/{uuid.uuid4()}/Factors"
    form = {"FriendlyName": "Laptop", "FactorType": "totp"}
    if is_push:
        form = {
            "FriendlyName": "Phone",
            "FactorType": "push",
            "Binding.PublicKey": base64.b64encode(PUBLIC_KEY).decode(),
            "Config.AppId": "com.example.owlbank",
            "Config.NotificationPlatform": "none",
            "Config.SdkVersion": "1.0.0",
        }
    answer = requests.post(url, form, auth=AUTH, timeout=10)
    assert answer.status_code == 201, answer.text
    factor = answer.json()
    factors[factor["sid"]] = factor
    if is_push:
        keys[factor["sid"]] = KEY
    return factor


def fit(body, factor, is_walk):
    """Has valid parameters fit the Factor that they are for, which a schema can't: it doesn't know the Factor."""
    if factor["factor_type"] == "push":
        config = factor["config"]
        if not (body.get("Config.NotificationToken") or config["notification_token"]):
            body.pop("Config.NotificationPlatform", None)
        if body.get("AuthPayload") and factor["sid"] in keys and half(body):
            body["AuthPayload"] = signature(factor)
        return
    # Half of the codes are right; and on a walk, whatever comes first to a Factor verifies it.
    is_code = re.fullmatch("[0-9]{3,8}", str(body.get("AuthPayload")))
    is_first = is_walk and factor["status"] == "unverified"
    if half(body) if is_code else is_first or body.get("AuthPayload"):
        body["AuthPayload"] = code(factor)
    if factor["status"] == "verified" or body.get("AuthPayload"):
        for parameter in ("Config.Alg", "Config.TimeStep", "Config.CodeLength"):
            body.pop(parameter, None)


def before_factor_call(case):
    path = case.path_parameters
    is_form = isinstance(case.body, dict)
    is_found = all(
        re.fullmatch(pattern, str(path.get(name)))
        for name, pattern in [("ServiceSid", SID), ("Identity", IDENTITY), ("FactorSid", "YF[0-9a-fA-F]{32}")]
    )
    is_walk = case.meta.phase.name == TestPhase.STATEFUL
    # A made-up Factor is a 404. And a walk can begin here.
    if is_found and path["FactorSid"] not in factors:
        factor = new_factor(case, is_form and any(parameter in case.body for parameter in PUSH_PARAMETERS))
        path["ServiceSid"], path["Identity"], path["FactorSid"] = SERVICE_SID, factor["identity"], factor["sid"]
    factor = factors.get(path.get("FactorSid"))
    if factor and case.operation.method == "post" and is_form and case.meta.generation.mode.is_positive:
        fit(case.body, factor, is_walk)


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters
    service_sid, identity = str(path.get("ServiceSid")), str(path.get("Identity"))
    method, template = case.operation.method, case.operation.path
    if template.endswith("/{ServiceSid}") and method == "delete" and service_sid == SERVICE_SID:
        # It is found in lists, and is needed.
        path["ServiceSid"] = "VA" + uuid.uuid4().hex
    if template.endswith("/{FactorSid}"):
        before_factor_call(case)
        return
    # What is in a made-up Service is a 404.
    if "/Entities" in template and service_sid not in services and re.fullmatch(SID, service_sid):
        path["ServiceSid"] = SERVICE_SID
    if template.endswith("/Entities") and method == "post" and case.meta.phase.name == TestPhase.STATEFUL:
        # Other phases see the 409. This one gives up where the same request is answered one way and then another.
        if isinstance(case.body, dict) and case.body.get("Identity") in identities:
            case.body["Identity"] = str(uuid.uuid4())
    if not template.endswith("/Factors") or not re.fullmatch(IDENTITY, identity):
        return
    # An Entity that was deleted has an empty list, and is there again with its next Factor. Schemathesis would take both for
    # what was deleted.
    if identity in gone:
        identity = path["Identity"] = str(uuid.uuid4())
    if method == "post":
        # What else there is for an Entity can be in the way: too many Factors, or the same Idempotency-Key. So each
        # request has one to itself, that of its own Identity if no other had that.
        if identity in with_factors:
            identity = path["Identity"] = str(uuid.uuid4())
        with_factors.add(identity)


@schemathesis.hook
def after_call(context, case, response):
    method, template, status = case.operation.method, case.operation.path, response.status_code
    if template.endswith("/{Identity}") and (method, status) == ("delete", 204):
        gone.add(case.path_parameters["Identity"])
    if template.endswith("/Services") and status == 201:
        services.add(response.json()["sid"])
    if template.endswith("/Entities") and status == 201:
        identities.add(response.json()["identity"])
    if template.endswith("/Factors") and status == 201:
        factor = response.json()
        factors[factor["sid"]] = factor
    factor = factors.get((case.path_parameters or {}).get("FactorSid"))
    if not factor or not template.endswith("/{FactorSid}"):
        return
    seen = factor.setdefault("seen", set()) if case.meta.phase.name == TestPhase.STATEFUL else set()
    if status == 200:
        factor |= response.json()
        seen.add("fetched" if method == "get" else factor["status"])
    if (method, status) == ("delete", 204) and seen >= {"fetched", "verified"}:
        WALKED.touch()
