"""What an MSI's tables must not say: defects that are there before any machine, and that Wine may not show.

A new rule is one function with `@rule(…)` in the module of its subject; `catalogue.py` names every module.
"""
