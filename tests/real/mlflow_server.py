"""An MLflow server with an empty store, and what tests ask it."""

from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

from tests.real.programs import Server, server


def serving(folder: Path, address: str) -> AbstractContextManager[Server]:
    """Begun, not up yet."""
    port = str(urlsplit(address).port)
    command = ["mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///m.db", "--artifacts-destination", "./art"]
    return server(
        "mlflow",
        command,
        folder,
        address,
        MLFLOW_WEBHOOK_ALLOWED_SCHEMES="http,https",
        MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="true",
        MLFLOW_WEBHOOK_CACHE_TTL="1",  # s for which it remembers that there is no webhook; a minute by itself
    )
