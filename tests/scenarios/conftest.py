"""One running product for all scenarios, faults and browser tests: real services on real engines."""
