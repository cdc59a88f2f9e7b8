"""The request and answer formats of Bedrock's Stability models."""
