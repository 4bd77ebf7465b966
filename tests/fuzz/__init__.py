"""Parsers under a fuzzer that sees which of their branches its bytes reach."""
