"""Programs that measure speed and print ratios; never part of the tests. See README.md here."""
