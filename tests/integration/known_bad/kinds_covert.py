"""The catch table's lines for what decides over others, what is packed, and what is taken for an answer."""

from tests.integration.known_bad.named import (
    BACKEND,
    DELIVERY,
    HEALTH,
    INSTALL,
    OTHERS,
    SECRET,
    TABLES,
    Named,
    of,
)

KINDS_COVERT: tuple[Named, ...] = (
    *of(
        OTHERS,
        ("lengthens-shutdown", "install.foreign_registry", r"waittokillservicetimeout"),
        ("turns-mitigations-off", "install.foreign_registry", r"featuresettingsoverride"),
        ("runs-before-windows", "install.foreign_registry", r"session manager\\bootexecute"),
        ("mutes-a-channel", "install.foreign_registry", r"sysmon/operational\\enabled"),
        ("opens-dcom", "install.foreign_registry", r"ole\\legacyauthenticationlevel"),
        ("loads-into-netsh", "install.foreign_registry", r"microsoft\\netsh\\bvt"),
        ("takes-over-programs", "install.foreign_registry", r"exefile\\shell\\open\\command"),
        ("opens-the-firewall", "install.foreign_registry", r"firewallrules\\bvtagent"),
        ("meddles-at-upgrade", "upgrade.foreign_registry"),
        ("meddles-at-repair", "repair.foreign_registry"),
        ("opens-its-folder", "uninstall.commands", r"it lets every user write"),
        ("turns-scans-off", "uninstall.commands", r"it turns Defender off"),
        ("opens-in-use", "uninstall.foreign_registry", r"firewallrules\\bvtagentlater"),
    ),
    *of(
        INSTALL,
        ("listens-by-udp", "install.loopback_ports"),
        ("starts-from-public", "uninstall.open_folders", r"named by .*\\run\\bvttray"),
        ("task-from-temp", "uninstall.open_folders", r"named by .*\\tasks\\bvtupdate"),
    ),
    *of(
        HEALTH,
        ("storm-of-programs", "uninstall.programs"),
        ("rewrites-its-state", "uninstall.writes"),
    ),
    *of(
        LEFT,
        ("leaves-user-variable", "residue.environment_left"),
        ("leaves-temporary-files", "residue.machine_files"),
    ),
    *of(DELIVERY, ("loses-one-in-ten", "functions.programs_at_once")),
    *of(
        SECRET,
        ("secret-in-packed-log", "uninstall.secret_in_files"),
        ("secret-in-bundle", "uninstall.secret_in_diagnosis"),
        ("secret-in-passing", "uninstall.secret_on_command_line"),
    ),
    *of(
        TABLES,
        ("command-opens-its-folder", "install.msi_actions", r"OpenFolder: it lets every user write"),
        ("command-opens-the-firewall", "install.msi_actions", r"OpenDoor: the firewall lets everybody in"),
        ("command-turns-scans-off", "install.msi_actions", r"NoScans: it turns Defender off"),
        ("fetches-a-program", "install.msi_actions", r"Fetch: it runs"),
        ("nested-installation", "install.msi_actions", r"Nest: it runs"),
        ("never-awaited", "install.msi_actions", r"Alone: nobody waits"),
        ("reboots-when-it-fails", "install.msi_services"),
        ("user-control", "install.msi_properties", r"EnableUserControl"),
        ("password-in-property", "install.msi_properties", r"PROXYPASSWORD"),
    ),
    *of(
        BACKEND,
        ("takes-no-for-final", "check-in.enrols_again"),
        ("takes-forbidden-for-final", "check-in.enrols_again"),
        ("enrols-at-one-pace", "check-in.enrolment_pace"),
        ("silent-after-stranger", "check-in.comes_back"),
    ),
)
