"""The run as a pure state machine: `(run, input) → (run, fact, effects, times)`.

No IO, no clock, no randomness: what time it is comes with each input, so that replaying the inputs gives
the same state, and a run can be taken over by another process at any point.
"""
