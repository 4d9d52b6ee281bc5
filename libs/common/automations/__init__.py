"""The product's vocabulary, shared by every service.

Only what crosses a service's border lives here: the wire (`contracts`), the automation document
(`definition`), the condition language (`conditions`), text (`templates`), and the ground that every
service stands on (`messaging`, `postgres`, `observability`, `service`).
"""
