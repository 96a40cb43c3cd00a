"""Standard Webhooks: a message that its receiver can check.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac


def signed(identity: str, body: bytes, secret: str, seconds: int) -> dict[str, str]:
    """The three headers. The id is the trigger's: a receiver that remembers ids acts once."""
    content = b".".join((identity.encode(), str(seconds).encode(), body))
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def _key(secret: str) -> bytes:
    """The bytes behind `whsec_`; any other secret is its own key."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise ValueError("the secret: after whsec_ base64 is expected") from None
    return secret.encode()
