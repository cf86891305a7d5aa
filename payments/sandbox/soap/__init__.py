"""SEQR's SOAP 1.1: WSDL files, messages, envelopes and result codes."""
