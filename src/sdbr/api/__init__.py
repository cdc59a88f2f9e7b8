"""The Python API: what `import sdbr` gives, loaded when it is first used."""
