"""The claims by the sections of the documents, one file or a few for each: a_ risk, b_ schedules, c_ searches, ..."""
