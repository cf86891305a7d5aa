"""A stand-in for SEQR and its phone app, as a process of its own: python -m payments.sandbox.

It shares no code with the gateway that is tested against it: a common misreading would hide in
both.

One request's way: `soap` reads it, `schema` validates it, `operations` acts on the `state`, and the
answer leaves through `soap` again, unless one of the `faults` strikes: then `spoiled_answers` lets
go out what the shop sees instead. `control` moves the world from a test, `phone` from a customer's
hand, `developer` from a developer's.
"""
