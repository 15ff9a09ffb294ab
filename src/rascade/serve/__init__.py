"""The workbench: the verbs of Rascade in a browser, on this machine.

`app` puts the routes together, `guard` lets in who may come in, `live` answers a moved slider,
`jobs` keeps the queue in SQLite, `supervisor` and `worker` run what is queued in a process of its
own, `pages` and `api` are the routes. Nothing is computed here that the Python face does not
compute. It may use everything but the command line, which alone stands above it. A new page is a
template and a route of `pages`; a new answer is a route of `api`.
"""
