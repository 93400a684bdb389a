"""The public pages: start, report a difficulty, see what became of it. No script, no cookie, no third party.

`routes.routes(Pages(...))` gives the Starlette routes. Read `needs` (what the pages are given), `report` (the form),
`form` (its rules), `status` (code and PIN), `rendering` (templates and headers), `wording` (words for catalogue codes).
"""
