"""Acme's models for sdbr."""
