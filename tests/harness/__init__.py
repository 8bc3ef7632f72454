"""How the tests are run: skips, the clock of CI, times per part, the toolbox fixture."""
