"""Tests of the render engine: pure rules, and ground truth measured on the files that come out."""
