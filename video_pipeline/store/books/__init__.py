"""Owns the books about jobs: each verb one transaction; hides SQL.

codec      rows as records, values as JSON
announce   an event's messages to webhooks, in its own transaction
base       transactions, finding a job, the history
channels   whom videos are made for
entries    lines of the ledger
licences   under which right things were made
fences     one live attempt a job
jobs       ordering, finding, counting
moves      changes of status, approvals
works      storyboards and what is made from them
edits      changes of a delivered storyboard
rewording  other words for what a failed job lacks
orders     work on demand
inventory  the files that there should be, and when the books were put back
"""
