"""What sdbr is measured against: boto3 alone, as its tutorials write it.

python dev/benchmarks/bare.py COUNT WORKERS FOLDER
"""

from __future__ import annotations

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

MODEL = "stability.stable-image-core-v1:1"


def main(count: int, workers: int, folder: Path) -> None:
    client = boto3.client("bedrock-runtime", config=Config(max_pool_connections=workers))

    def draw(seed: int) -> None:
        body = json.dumps({"prompt": "a lighthouse at dusk", "seed": seed})
        answer = client.invoke_model(modelId=MODEL, body=body)
        picture = json.loads(answer["body"].read())["images"][0]
        (folder / f"{seed}.png").write_bytes(base64.b64decode(picture))

    if workers == 1:
        for seed in range(1, count + 1):
            draw(seed)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(draw, range(1, count + 1)):
            pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
