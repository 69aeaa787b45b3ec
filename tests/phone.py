"""A phone with a push Factor: its key, and what it signs with it."""

import base64
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ES256 = ec.ECDSA(hashes.SHA256())
# The header of the answer that shows a Challenge to be signed, with the names of the members that count.
SIGNATURE_FIELDS = "Twilio-Verify-Signature-Fields"


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

    def answer(self, challenge, names, status):
        """The `AuthPayload` that answers a Challenge: a compact JWS (RFC 7515) over the members with these names."""
        members = {name: challenge[name] for name in names.split(",")} | {"status": status}
        parts = [base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, members)]
        signed = ".".join(parts)
        # R and S, and not the DER of both (RFC 7518, section 3.4).
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ES256))
        return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
