"""Owns the studio over HTTP: the REST API and the page; hides FastAPI. Thin: every verb is a step or the books'.

Modules in dependency order: desk, problems, caller, once, models (forms), shapes (records as forms), showing, ordering,
then one router a subject (sessions, options, channels, jobs, storyboard, scenes, exports, thumbnails, files,
statistics, live and stream, webhooks, operations), page_files and page (what a browser loads), gate, app, serve.
"""
