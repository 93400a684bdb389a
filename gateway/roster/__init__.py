"""Units, hamlets, teams and members as office staff keep them: CSV files, taken in and given out.

`files` says what columns there are, `cells` how a cell is read and written, `known` and `known_units` what the read
models already hold, `unit_rows`, `hamlet_rows`, `team_rows` and `member_rows` what a row asks for, `importing` what a
file asks for, `exporting` the way back, `pages` the HTTP edge. What a file asks for is checked against the gateway's
own read models and sent as commands; the registry judges each of them once more.
"""
