"""In which cells known-bad candidates are tried: phases of the short form, steps of the long one."""

INSTALLED = ("machine", "install", "uninstall", "residue")
CHECKED_IN = ("machine", "install", "check-in", "uninstall", "residue")
USED = ("machine", "install", "check-in", "functions", "uninstall", "residue")
REBOOTED = ("machine", "install", "reboot", "uninstall", "residue")
CLEAN_REBOOTED = ("machine", "install", "uninstall", "residue", "reboot-clean")
USED_AND_REBOOTED = ("machine", "install", "check-in", "functions", "reboot", "uninstall", "residue")

AFTER = "{uninstall: candidate}, {residue: }"
UPGRADED = (
    "{machine: }, {install: previous}, {check-in: }, "
    "{upgrade: candidate, keeps: [identity, configuration]}, " + AFTER
)
UPGRADED_AND_USED = (
    "{machine: }, {install: previous}, {check-in: }, {upgrade: candidate, keeps: [footprint]}, {check-in: }, "
    + AFTER
)
UPGRADED_IN_USE = (
    "{machine: }, {install: previous}, {check-in: }, {functions: }, "
    "{upgrade: candidate, keeps: [identity]}, " + AFTER
)
REPAIRED = (
    "{machine: }, {install: candidate}, {check-in: }, "
    "{repair: [file, registry, service], keeps: [identity, configuration]}, " + AFTER
)
REINSTALLED = "{machine: }, {install: candidate}, {reinstall: candidate}, " + AFTER
DOWNGRADED = "{machine: }, {install: candidate}, {downgrade: previous}, " + AFTER
