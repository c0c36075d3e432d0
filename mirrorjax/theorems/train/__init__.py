"""What the training methods of this library do to small networks; `mask`, `flow`, `signin` say what to look for."""
