"""Measures the product: `make bench`, or one part alone with `python -m benchmarks pipeline`."""
