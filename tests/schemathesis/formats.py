"""Strings that openapi.yaml describes by a format of its own."""

import base64
import json

import schemathesis
from hypothesis import strategies as st

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
indents = st.sampled_from([None, 0])
# It names further members, which are dropped, too.
fields = st.builds(
    lambda more, label, value: more | {"label": label, "value": value},
    members,
    st.text(max_size=36),
    st.text(max_size=128),
)

schemathesis.openapi.format(
    "p256-public-key",
    st.builds(public_key, st.integers(0, P - 1), st.integers(0, 1), st.booleans()),
)
schemathesis.openapi.format(
    "json-object-of-strings",
    st.builds(json_text, members, st.booleans(), indents).filter(lambda value: len(value) <= 1024),
)
schemathesis.openapi.format("challenge-field", st.builds(json_text, fields, st.booleans(), indents))
