"""A receiver of the wire for tests, try-outs and people without an account. No part of the agent.

`check` holds a request against the schema, `store` keeps it in SQLite, `questions` answers from
there, `answers` puts answers into text, `server` is all of it over HTTP.
"""
