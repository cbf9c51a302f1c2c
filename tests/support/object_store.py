"""An object store on loopback that speaks S3: moto, in a thread of this process."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer

BUCKET = "bucket"


@contextmanager
def s3() -> Iterator[str]:
    """The URL of an empty bucket; the environment says where it is and who asks."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"http://{host}:{port}",
                "AWS_ALLOW_HTTP": "true",
            }.items():
                patch.setenv(name, value)
            connection = http.client.HTTPConnection(host, port)
            connection.request("PUT", f"/{BUCKET}")
            assert connection.getresponse().status == 200
            connection.close()
            yield f"s3://{BUCKET}/place"
    finally:
        server.stop()
