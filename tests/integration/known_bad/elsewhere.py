"""Defects that no known-bad candidate has, and why."""

ELSEWHERE: dict[str, str] = {
    "crashes-after-install": "the service's crash is seen by install.service_stays, as version-stops-service shows",
    "is-not-stopped": "Wine's installer deletes the files of a running program, so nothing stays to be seen",
    "rejects-silently": "accepts-invalid-config trips the same check in the same words",
    "no-isolation": "ignores-config-push trips the same check",
    "stops-slowly": "no defect: the good twin `busy` has it",
    "no-user-events": "Wine keeps no users",
    "no-group-events": "Wine keeps no groups",
    "no-permission-events": "Wine keeps no access lists",
    "no-firewall-rule-events": "Wine has no firewall",
    "leaves-data-when-failed": "Wine's installer runs no rollback action, so the good agent leaves it, too",
    "cuts-network": "needs a virtual machine",
    "cannot-be-removed": "a warning of the rules: some products are to stay",
    "interactive-service": "Wine starts no such service; a rule finds it in the tables",
    "narrow-component": "a warning of the rules: the values of some products are to lie there",
    "sweeps-all-files": "a warning of the rules: many products are to overwrite what they bring",
}
"""Defects of the reference agent that the table does not have → why."""
