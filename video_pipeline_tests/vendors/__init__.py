"""Fake vendors on loopback that remember, charge and go wrong like the real ones.

In a test:

    with running() as fakes:                                   # a server on 127.0.0.1, all vendors on one port
        client = Client(fakes.base("leonardo"), key="any-key")  # any key but `wrong-key` makes an account
        account = fakes.account("leonardo", "any-key")
        account.next("reset_after", "submit")                   # the next submission: made, charged, answer lost
        account.next("error_json", "poll", status=502, times=2)
        account.behaviour.polls_until_ready = 3
        ...
        assert account.bill.total == Decimal("0.035")           # Decimal, US dollars
        assert len(account.bill.of("a lake at night")) == 1     # not paid twice
        assert account.count("submit") == 1
        fakes.clock.advance(3600)                               # links expire, and nobody sleeps

A plan of faults by seed, for all accounts or one: `Fakes(faults=Faults(seed=1, share=0.3))`, `account.faults = ...`.
Mubert's account is that of the access token, or of the licence token that gave it out.

For other processes: `python -m video_pipeline_tests.vendors` prints a line of JSON with the URL and the variables to
set, and `/_control/{vendor}/{key}` tells and changes an account (see `control`).

wire       requests, replies
faults     what can go wrong, the plan that chooses
accounts   tasks, bill, calls and behaviour of a key
media      files that decode
shelf      signed links to them
post       webhooks
stamps     times as text
shapes     types of what comes
writing    what language models say
vendor     what all vendors do alike
mubert ... openai   one vendor each
control    the accounts by HTTP
server     the server
"""

from video_pipeline_tests.vendors.accounts import Account, Behaviour, Bill, Charge
from video_pipeline_tests.vendors.faults import Call, Fault, Faults
from video_pipeline_tests.vendors.server import Fakes, running

__all__ = ["Account", "Behaviour", "Bill", "Call", "Charge", "Fakes", "Fault", "Faults", "running"]
