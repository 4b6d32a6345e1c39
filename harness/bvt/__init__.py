"""The checks that run against a candidate. Adding a check is adding one function to the module of its phase.

A check's id is `<phase>.<function name without test_>`; its assertion's message is what a release manager reads.
"""
