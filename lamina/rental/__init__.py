"""The rented GPU: started when work is due, stopped when it is idle, and what it costs.

`hooks` says how it is started and stopped, `keeper` decides, `ledger` remembers. What is rented,
and how much may be spent, is a part of the settings (`lamina/rental_terms.py`).
"""
