"""What sdbr needs, checked without paying: this machine, the account, the models."""
