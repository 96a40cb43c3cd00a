"""AWS Signature Version 4, by botocore: AWS's own library, released with every change of theirs.

Signing alone would be forty lines; what is worth the dependency is the chain of credentials (environment, profiles, web
identity in Kubernetes, the machine's role), which renews itself. The request goes through our client, with its bounds.
"""

import logging
from collections.abc import Mapping
from typing import Any

from sinks.dispatch.targets.plans.exchange import Request

SERVICE = "sagemaker"


class Signer:
    """Signs requests for one region."""

    def __init__(self, region: str, profile: str) -> None:
        try:
            from botocore.session import Session
        except ImportError:
            raise ValueError(
                "botocore is not installed; install driftline with its extra: pip install '.[sagemaker]'"
            ) from None
        from botocore.exceptions import BotoCoreError

        logging.getLogger("botocore").setLevel(logging.INFO)  # below it writes whole requests, tokens included
        try:
            self._session: Any = Session(profile=profile or None)
            self._credentials: Any = self._session.get_credentials()
        except BotoCoreError as error:
            raise ValueError(f"sagemaker: {type(error).__name__}") from None
        if self._credentials is None:
            raise ValueError("sagemaker: no AWS credentials in the environment, a profile or the machine's role")
        self._region = region

    def headers(self, request: Request, base: str) -> Mapping[str, str]:
        """The headers that sign a request. May ask a service for credentials: call it in a thread."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        unsigned = AWSRequest(request.method, base + request.path, data=request.body, headers=dict(request.headers))
        try:
            SigV4Auth(self._credentials.get_frozen_credentials(), SERVICE, self._region).add_auth(unsigned)
        except BotoCoreError as error:
            raise ValueError(f"no AWS credentials: {type(error).__name__}") from None
        return {name.lower(): value for name, value in unsigned.headers.items() if name.lower() not in request.headers}
