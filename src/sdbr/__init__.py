"""Pictures and video with Stability AI's models on Amazon Bedrock, from a terminal."""

__version__ = "0.1.0"
