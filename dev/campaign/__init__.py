"""What sdbr does when all goes wrong: `python -m dev.campaign`, told in docs/reliability.md.

Needs a checkout and its development tools; it is no part of the installed package.
"""
