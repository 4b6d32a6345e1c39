"""What the guest probe answers, as typed data, by subject. docs/formats/probe.md explains every command.

`None` means the system has no answer there, which is a fact of its own: Wine, for one, stores no failure
actions. Times are aware datetimes in UTC.
"""
