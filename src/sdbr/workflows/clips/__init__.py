"""A clip restyled: choose frames, plan, draw, write."""
