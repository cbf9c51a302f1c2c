"""compare: ours beside what else one would build, in turns within one run.

A constant answer in bare ASGI and in Starlette, PostgreSQL, Redis, SQLite and pykka's own threads
behind one Starlette front, and PostgreSQL, Redis and SQLite behind our own front too. Each does the
same: the wallet of the MCC, else cash; a conditional debit; an id answered once; declines recorded;
no answer before all of that is on disk.

The process that answers HTTP is on the first processor core. The load is on the last, and with it
all that a contender has beside that process: a database's processes, our read models. So a peer
has what the load leaves of a second core. Whoever has no turn is stopped (SIGSTOP).
"""
