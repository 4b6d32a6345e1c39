"""The defects a candidate can be built with, so that a gate can prove that it catches them.

A new defect is one line here. What it does is either C (`DEFECT_NAME` in `src/`) or an edit of the MSI (`package.py`).
"""

DEFECTS: dict[str, str] = {
    # install
    "service-does-not-start": "the service stops at once with an error, so the installation fails",
    "service-stops-soon": "the service starts and stops by itself once it is installed",
    "version-stops-service": "the service stops for good when the program is asked for its version",
    "second-uninstall-entry": "a second entry for the same product is in the Uninstall key",
    "unregistered": "Windows Installer's own entry in the Uninstall key is not written",
    "leaves-extracted-program": "a program stays in C:\\Windows\\Temp",
    "unsigned": "neither the MSI nor the executable is signed",
    "unsigned-file": "the MSI is signed, the executable in it is not",
    "missing-file": "a file that belongs to the product is not installed",
    "missing-registry-value": "a registry value that belongs to the product is not written",
    "wrong-file-version": "the executable's version resource is another version than the MSI",
    "wrong-version-command": "refagent --version prints another version",
    "wrong-start-type": "the service is installed to start on demand",
    "wrong-display-name": "the service's display name is another",
    "wrong-description": "the service's description is another",
    "wrong-dependency": "the service depends on a service that it does not need",
    "wrong-image-path": "the service is left to run a program in C:\\Windows\\Temp",
    "needs-reboot-to-install": "installing asks for a reboot",
    "leaves-crash-dump": "a dump appears where Windows puts them",
    "listens-on-all-interfaces": "the command port listens on 0.0.0.0 instead of loopback",
    "crashes-after-install": "the service crashes three seconds after it has started",
    "does-not-restart": "the service starts once and never again",
    "overwrites-path": "PATH holds the agent's directory and nothing else",
    "empties-path": "PATH is empty",
    "changes-comspec": "ComSpec is another program",
    "deletes-reg-exe": "the system's reg.exe is deleted",
    "replaces-reg-exe": "the system's reg.exe is another program",
    "breaks-rules": "the MSI's tables break a rule of each group, in ways that only Windows would show",
    # the machine outside of the agent's own places
    "deletes-system-file": "the system's notepad.exe is deleted",
    "changes-system-file": "a byte is appended to the system's winver.exe",
    "changes-hosts": "a name is added to the hosts file",
    "disables-service": "a service of the system is set to be disabled",
    "deletes-class": "a file type of the system is deleted from the registry",
    "sets-policy": "a policy turns automatic updates of Windows off",
    "trusts-a-root": "a root certificate is added to the machine's store",
    "leaves-system-files": "a library and a driver stay in System32",
    "leaves-script": "a script stays in C:\\Windows\\Temp",
    "leaves-root-certificate": "a root certificate stays in the machine's store",
    "leaves-firewall-rule": "a firewall rule stays",
    "leaves-class": "a COM class stays registered",
    "leaves-exclusions": "exclusions from error reporting and from Defender stay",
    "leaves-system-child": "the system's shell, started by the service, outlives the product",
    "writes-elsewhere-late": "a log is written into C:\\Windows twelve seconds after the uninstall",
    # check-in
    "never-checks-in": "the agent never talks to its backend",
    "wrong-version": "the agent reports another version to the backend than the MSI says",
    "wrong-identity": "the agent reports another machine's identity",
    "no-heartbeat": "after enrolling and one configuration the agent falls silent",
    "keeps-old-key": "told that the backend does not know it, the agent goes on with its old key",
    "gives-up": "after the first request that fails the agent falls silent",
    "malformed-log": "one request is not of the protocol",
    "enrols-at-each-start": "each start of the service forgets the node key and enrols",
    "new-identity": "each start of the service is another endpoint",
    "any-certificate": "a backend with any certificate is trusted",
    "retries-hot": "a failing backend is asked fifty times a second",
    "never-backs-off": "a failing backend is asked twice a second for ever",
    "falls-silent-later": "thirty seconds after its start the agent falls silent",
    # secrets
    "logs-secret": "the enrolment secret is in a line of the log, which goes to the backend as well",
    "secret-in-temp": "the node key lies in a file in C:\\Windows\\Temp, in UTF-16",
    "secret-in-registry": "the node key is in a further registry value, as hexadecimal digits",
    "secret-in-image-path": "the enrolment secret is an argument in the service's ImagePath",
    "secret-on-command-line": "a program is started with the enrolment secret on its command line",
    "secret-in-installer-log": "the enrolment secret is in a property that is not hidden, so the log has it",
    # health
    "takes-memory": "150 MB of memory are taken and never given back",
    "takes-threads": "eighty threads wait for nothing",
    "takes-processes": "six programs are started and run for two minutes",
    "takes-disk": "a file of 30 MB lies in ProgramData",
    "logs-errors": "the log tells of an error",
    "opens-port-late": "from its first configuration on a port is open on all interfaces",
    # functions
    "no-process-events": "started processes are not reported",
    "no-connection-events": "connections are not reported",
    "no-listening-port-events": "listening ports are not reported",
    "no-service-events": "services are not reported",
    "no-file-events": "changed files are not reported",
    "no-registry-events": "changed registry values are not reported",
    "no-scheduled-task-events": "scheduled tasks are not reported",
    "no-user-events": "users are not reported",
    "no-group-events": "groups are not reported",
    "no-permission-events": "permissions are not reported",
    "no-firewall-rule-events": "firewall rules are not reported",
    "events-twice": "every event is sent twice",
    "wrong-event-time": "events say that they were an hour later",
    "loses-events-in-outage": "what waits when a request fails is thrown away",
    "loses-bursts": "changed files are thrown away while 24 events wait",
    "mangles-names": "letters that are not ASCII become question marks",
    "ignores-live-query": "distributed queries are never answered",
    "ignores-config-push": "only the first configuration ever takes effect",
    "accepts-invalid-config": "an invalid configuration replaces the last good one",
    "rejects-silently": "an invalid configuration is rejected without a word to the backend",
    "no-isolation": "the host is never isolated",
    "no-release": "an isolated host is never released",
    # reboot
    "reboots-by-itself": "told that the backend does not know it, the agent reboots the machine before it enrols again",
    "reboots-again": "the third start of the service, which is the one at the first boot, reboots the machine",
    "blocks-reboot": "the service keeps every reboot that anybody asks for from happening",
    # upgrade, repair, reinstall, downgrade
    "does-not-replace": "an upgrade leaves the earlier version installed beside it",
    "drops-settings": "the agent deletes what customers set",
    "keeps-old-file": "a file of earlier versions is there again after an upgrade",
    "repairs-nothing": "a repair ends with success and mends nothing",
    "cannot-come-again": "once uninstalled the agent's service never starts again",
    "lets-older-mix": "an older installer does not see the product and installs itself over it",
    # uninstall
    "uninstall-hangs": "uninstalling never ends",
    "is-not-stopped": "uninstalling neither stops nor deletes the service",
    "stops-slowly": "the service takes three seconds to stop; its uninstall has to cope with that",
    "uninstall-fails": "uninstalling ends with an error",
    "needs-reboot-to-uninstall": "uninstalling asks for a reboot",
    "leaves-entry": "an entry stays in Add/Remove Programs",
    "leaves-pending-rename": "a file is left to be deleted at the next boot",
    "leaves-process": "a child process outlives the product",
    "leaves-service": "the service's entry stays",
    "leaves-folder": "an empty folder stays that only the agent knows",
    "leaves-file": "a file stays in ProgramData",
    "leaves-registry": "a registry key stays",
    "leaves-shared-registry": "a key and an autostart entry stay that are not the agent's own",
    "writes-log-late": "a log is written back twenty seconds after the uninstall",
    "leaves-variable": "an environment variable and an entry of PATH stay",
    "leaves-task": "a scheduled task's file stays",
    "tampers-sentinel": "uninstalling deletes unrelated files below C:\\bvt-sentinel",
    "tampers-sentinel-service": "uninstalling deletes the unrelated service BvtSentinel",
    "comes-back": "at the next boot after the uninstall the product is there again",
    "reboots-when-gone": "after the uninstall the next boot ends in another reboot",
    # virtual machines only; harmless under Wine
    "cuts-network": "the agent's firewall policy cuts the host off from everything",
}
"""Name → one-line meaning."""

TRAITS: dict[str, str] = {
    "backs-off-gently": "pauses grow by four fifths and no more while the backend fails",
    "cleans-up-late": "the data directory goes two seconds after the uninstall, for which a profile needs settle_s",
    "enrols-slowly": "the agent enrols only after five seconds",
    "has-a-task": "a scheduled task of its own is made, and taken away",
    "restarts-itself": "the service restarts itself once, after its first configuration",
    "names-its-secret": "the log tells how the enrolment secret begins, and how long it is",
    "works-elsewhere": "files in System32 and keys of the system's are written, and taken away but for a licence",
    "rotates-its-log": "the log is rotated every few lines",
}
"""What a good candidate may do, unusual as it is: name → one-line meaning."""


def macro(name: str) -> str:
    """The name of a defect or trait in C."""
    return ("TRAIT_" if name in TRAITS else "DEFECT_") + name.upper().replace("-", "_")


def check(chosen: frozenset[str]) -> None:
    """Raise `ValueError` for a name that is not in the table."""
    unknown = sorted(chosen - DEFECTS.keys() - TRAITS.keys())
    if unknown:
        raise ValueError(f"unknown defect {unknown[0]!r}; known are {', '.join(DEFECTS)}")
