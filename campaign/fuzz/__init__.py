"""Bad input of every kind, made by a seed: `python -m campaign fuzz`."""
