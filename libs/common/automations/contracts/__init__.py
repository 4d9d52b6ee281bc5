"""The wire: what services say to each other on Kafka, as frozen values.

Every message is JSON. A reader ignores fields it does not know, so a field may be added with a
default; a field is never renamed, retyped or removed while a message that carries it may still be
kept. The stored schemas in `schemas/` prove it (`tests/contract`). Contracts know no definition: an
automation document travels as plain JSON.
"""
