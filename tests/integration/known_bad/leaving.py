"""Known-bad candidates that reboot badly, or do not leave: what is seen at reboots, the uninstall, and later."""

from tests.integration.known_bad.cells import CHECKED_IN, CLEAN_REBOOTED, INSTALLED, REBOOTED
from tests.integration.known_bad.known import KnownBad

OF_LEAVING: dict[str, KnownBad] = {
    "one-start-only": KnownBad(
        defects=frozenset({"does-not-restart", "uninstall-fails"}),
        phases=REBOOTED,
        caught={
            "install.service_restart": "Service BvtRefAgent did not become RUNNING",
            "reboot.services": "runs again after the reboot. Found: service BvtRefAgent does not: it is stopped",
            "reboot.same_endpoint": "the agent checks in within .* of the reboot. Found: it did not",
            "uninstall.exit_code": "the uninstaller ends with success. Found: it ended with 16",
        },
    ),
    # Without a phase that reboots, and with nothing else that would show it.
    "sleepwalker": KnownBad(
        defects=frozenset({"reboots-by-itself"}),
        phases=CHECKED_IN,
        caught={"residue.boots": "rebooted 1 times without being asked"},
    ),
    "boot-loop": KnownBad(
        defects=frozenset({"reboots-again"}),
        phases=REBOOTED,
        caught={"reboot.once": "rebooted 1 times without being asked"},
    ),
    "never-leaves": KnownBad(
        defects=frozenset({"uninstall-hangs"}),
        phases=CLEAN_REBOOTED,
        caught={
            "uninstall.exit_code": r"the uninstaller ends within 20 s\. Found: it did not end, and was ended"
        },
        profile={"installer.timeout_s": 20},
    ),
    "revenant": KnownBad(
        defects=frozenset({"comes-back"}),
        phases=CLEAN_REBOOTED,
        caught={
            "reboot-clean.processes": r"after the uninstall and a reboot no process .*Found: running: .*refagent\.exe",
            "reboot-clean.services": "service bvtrefagent",
            "reboot-clean.files": r"referenceagent\\refagent\.exe",
            "reboot-clean.registry": r"hklm\\software\\bvt",
            "reboot-clean.sentinel_files": r"unrelated files are still there\. Found: gone: .*bvt-sentinel\.txt",
        },
    ),
    "afterthought": KnownBad(
        defects=frozenset({"writes-log-late", "cleans-up-late"}),
        phases=INSTALLED,
        # The clean-up ends within the declared time, and what is written back later is seen all the same: twenty
        # seconds after the uninstall, as far from the first look as from the last, so that a busy machine does no harm.
        profile={"settle_s": 40},
        caught={"residue.stays_gone": r"it came back: .*c:\\programdata\\bvt\\referenceagent\\late\.log"},
    ),
    "parting-shot": KnownBad(
        defects=frozenset({"reboots-when-gone"}),
        phases=CLEAN_REBOOTED,
        # It asks again and again, so that on a busy machine one of its requests may meet the boot after that.
        caught={"reboot-clean.once": "booted [34] times|rebooted [12] times without being asked"},
    ),
}
