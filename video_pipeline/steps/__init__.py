"""Owns the flow, one verb a module; hides in which order and with which tools the verbs are called."""
