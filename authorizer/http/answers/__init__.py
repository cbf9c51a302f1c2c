"""What answers hold, for the OpenAPI document.

Answers are written as plain dictionaries, because money on the wire is exact decimal text; these
types only describe them. They are TypedDicts because a member without a value is left out, not
null, which a pydantic model can't say. The tests hold both together: every answer that they get is
checked against the document.
"""
