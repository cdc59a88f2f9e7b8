"""How a result was made: written into its file, and read from any file."""
