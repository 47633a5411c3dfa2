"""Tests of the benchmark: its arithmetic, its commands, its measuring, and one tiny real run."""
