"""Bad input of every kind, made by a seed: `python -m dev.campaign fuzz`."""
