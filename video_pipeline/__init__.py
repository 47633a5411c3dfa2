"""A studio for long ambient videos, built as a Dagster project.

The rooms, in dependency order (imports point down only):

    cli             the terminal, the outer door
    definitions     the Definitions object that workspace.yaml loads
    orchestration   Dagster: assets, checks, resources, sensors, schedules, op jobs
    api             REST and the studio page
    bootstrap       wires it all; the only room that knows every tool
    settings        what an operator can configure, read once
    steps           the flow of a job, one verb a file
    providers       where music, pictures and prompts come from, one vendor a file
    ffmpeg          everything that decodes, encodes or measures media
    store           Postgres, migrations, files
    outbound        requests to addresses that somebody named: webhooks, songs
    scanner         a program of the operator's that decides about uploads
    cores           worker processes
    ports           the protocols at which the flow and the tools meet
    domain          frozen values and rules, standard library only
"""
