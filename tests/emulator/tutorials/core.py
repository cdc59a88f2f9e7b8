"""A script for Stable Image Core as tutorials show it: prompt in, images out."""

import base64
import io
import json

import boto3
from PIL import Image

bedrock = boto3.client("bedrock-runtime", region_name="us-west-2")
response = bedrock.invoke_model(
    modelId="stability.stable-image-core-v1:0",
    body=json.dumps({"prompt": "a lighthouse at dusk", "aspect_ratio": "3:2", "seed": 4294967295}),
)
told = json.loads(response["body"].read().decode("utf-8"))
if told["finish_reasons"][0] is not None:
    raise RuntimeError(told)
Image.open(io.BytesIO(base64.b64decode(told["images"][0]))).save("picture.png")
