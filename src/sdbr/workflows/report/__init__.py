"""A run or a folder of results as one HTML file that needs nothing else."""
