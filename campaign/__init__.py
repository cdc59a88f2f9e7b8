"""What sdbr does when all goes wrong: `python -m campaign` runs it, docs/reliability.md tells it.

Needs a checkout and its development tools; it is no part of the installed package.
"""
