"""Owns webhooks and what they are still to be told; hides SQL.

webhooks  addresses
outbox    deliveries
"""
