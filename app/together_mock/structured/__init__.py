"""Structured output: texts that a JSON Schema or a regular expression asks for.

The fake model proposes and a grammar disposes, as in constrained decoding; another library judges.
"""

from together_mock.structured.documents import check_schema, json_text, regex_text

__all__ = ["check_schema", "json_text", "regex_text"]
