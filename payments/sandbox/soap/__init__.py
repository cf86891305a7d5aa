"""SOAP 1.1 as the sandbox speaks it: schema, messages, envelopes, result codes."""
