"""A still brought to life: plan the frames, draw them, put them in time, write."""
