"""Tests of the studio's page, as far as they need no API."""
