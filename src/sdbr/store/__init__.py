"""What sdbr remembers in a workspace's hidden `.sdbr/`: paid pictures, sends, open runs."""
