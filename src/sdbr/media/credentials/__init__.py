"""Content Credentials (C2PA 2.x): a signature over a file that says how it was made, and of what.

c2pa and cryptography are imported only here, and only by a run that signs or a file that is signed.
"""
