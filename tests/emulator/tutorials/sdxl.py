"""A script for SDXL 1.0 as tutorials show it: text_prompts in, artifacts out."""

import base64
import json
import random
from pathlib import Path

import boto3

client = boto3.client(service_name="bedrock-runtime", region_name="us-east-1")

body = json.dumps(
    {
        "text_prompts": [
            {"text": "a lighthouse at dusk, oil painting", "weight": 1.0},
            {"text": "people, text", "weight": -1.0},
        ],
        "cfg_scale": 10,
        "clip_guidance_preset": "FAST_BLUE",
        "sampler": "K_DPMPP_2S_ANCESTRAL",
        "seed": random.choice([0, 4294967295]),
        "steps": 50,
        "samples": 1,
        "style_preset": "photographic",
        "width": 1216,
        "height": 832,
        "extras": {},
    }
)
response = client.invoke_model(
    body=body,
    modelId="stability.stable-diffusion-xl-v1",
    accept="application/json",
    contentType="application/json",
)
told = json.loads(response.get("body").read())
if told["result"] != "success" or told["artifacts"][0]["finishReason"] != "SUCCESS":
    raise RuntimeError(told)
Path("picture.png").write_bytes(base64.b64decode(told["artifacts"][0]["base64"]))
