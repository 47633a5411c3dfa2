"""The benchmark behind `make bench-api`: the REST API under load, with the machine idle and beside a render.

Modules from the bottom to the top; each one uses only those above it in this list, and `tools.bench`:

    latency       percentiles and ratios; nothing but numbers
    books         ten thousand jobs in a database
    wire          HTTP/1.1 and event streams over asyncio, for one address
    load          a program that is two hundred readers at once
    installation  a studio of its own: database, users, keys, the server process
    renders       a program that makes videos until it is ended
    watch         what the server takes meanwhile: memory, threads, connections
    report        tables, JSON
"""
