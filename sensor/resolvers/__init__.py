"""One folder for each runtime, one line for each in `RESOLVERS`. They do not know each other."""
