"""What makes restyled video steady: pure functions over frames, height x width x 3 RGB bytes."""
