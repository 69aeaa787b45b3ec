"""A phone with a push Factor: its key, and what it signs with it."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ES256 = ec.ECDSA(hashes.SHA256())
# The header of the answer that shows a Challenge to be signed, with the names of the members that count.
SIGNATURE_FIELDS = "Twilio-Verify-Signature-Fields"
# Seconds that a JWT is good for, as the official SDKs have it.
JWT_TIME = 600


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Phone:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self):
        """As `Binding.PublicKey` has it."""
        key = self.key.public_key()
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, text):
        """The `AuthPayload` that verifies its Factor, if `text` is the Factor's SID."""
        return base64.b64encode(self.key.sign(text.encode(), ES256)).decode()

    def jwt(self, account_sid, credential_sid):
        """The password that it calls with, `credential_sid` being its Factor's, from now on."""
        now = int(time.time())
        header = {"cty": "twilio-pba;v=1", "kid": credential_sid, "typ": "JWT", "alg": "ES256"}
        return self.jws(header, {"sub": account_sid, "exp": now + JWT_TIME, "nbf": now})

    def answer(self, challenge, names, status):
        """The `AuthPayload` that answers a Challenge: its members with these names, signed."""
        members = {name: challenge[name] for name in names.split(",")} | {"status": status}
        return self.jws({"typ": "JWT", "alg": "ES256"}, members)

    def jws(self, header, payload, write=json.dumps):
        """A compact JWS (RFC 7515) of what is written so."""
        signed = ".".join(base64url(write(part).encode()) for part in (header, payload))
        # R and S, and not the DER of both (RFC 7518, section 3.4).
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ES256))
        return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
