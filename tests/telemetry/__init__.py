from seqrshop.telemetry import opentelemetry_import

opentelemetry_import.permit()  # to read the spans that a process exports
