"""Automations: what people write, its versions and states, and how the stream hears of them."""
