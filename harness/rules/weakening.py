"""What a command line does to what is everybody's, by its words alone. Pure.

What a product does for itself is none of it: a rule of the firewall for its own program or port, an exclusion of its own
folder, a log of its own, an access list that closes something.
"""

import re

from harness.rules.windows_services import OF_WINDOWS

_EVERYBODY = (
    r"(?:\*?s-1-1-0|\*?s-1-5-32-545|\*?s-1-5-11|\*?s-1-5-4|everyone|(?:builtin\\)?users"
    r"|(?:nt authority\\)?(?:authenticated users|interactive))"
)
_WRITES = r"(?:\([a-z,]*\))*\(?[a-z,]*\b(?:f|m|w|wd|ad|gw|ga|c)\b"
_EVERYBODYS = r"['\"]?[a-z]:\\?(?:(?:windows|users|program files|programdata)\\?)?\*?['\"]?(?:\s|$)"
_LOG = r"(?:application|security|system|setup|windows powershell|microsoft-windows-[^\s\"]+)"
_LOGS = rf"(?:\"{_LOG}\"|{_LOG}(?=\s|$))"
_TRUST = r"(?:root|authroot|trustedpublisher)\b"

PATTERNS: tuple[tuple[str, str], ...] = (
    (
        rf"\bi?cacls\b.*?/(?:grant(?::r)?|g)\s+\"?{_EVERYBODY}\"?\s*:\s*\"?{_WRITES}",
        "it lets every user write",
    ),
    (r"\badvfirewall\s+set\s+\w+\s+state\s+off\b", "it turns the firewall off"),
    (r"\bfirewall\s+set\s+opmode\b.*\bdisable", "it turns the firewall off"),
    (r"\bset-netfirewallprofile\b.*-enabled\s+(?:\$?false|0)\b", "it turns the firewall off"),
    (r"\badvfirewall\s+set\s+\w+\s+firewallpolicy\s+\"?allowinbound", "the firewall lets everybody in"),
    (r"\badvfirewall\s+(?:reset|import)\b", "it does away with others' rules of the firewall"),
    (r"\b(?:set|add)-mppreference\b.*-disable\w+\s+(?:\$?true|1)\b", "it turns Defender off"),
    (rf"\badd-mppreference\b.*-exclusionpath\s+{_EVERYBODYS}", "it leaves everybody's folders out of scans"),
    (r"\badd-mppreference\b.*-exclusionextension\b", "it leaves everybody's files out of scans"),
    (
        r"\bsdset\b.*\(a;[^;]*;(?:[a-z]{2})*?(?:dc|wd|wo|ga|gw)[^;)]*;[^;]*;[^;]*;(?:wd|bu|au|iu)\)",
        "every user may change it",
    ),
    (r"\bnet1?(?:\.exe)?\"?\s+user\b.*/add\b|\bnew-localuser\b", "it makes a user"),
    (
        r"\bnet1?(?:\.exe)?\"?\s+localgroup\s+\"?administrators\b.*/add\b|\badd-localgroupmember\b.*administrators\b",
        "it makes an administrator",
    ),
    (r"\bnet1?(?:\.exe)?\"?\s+share\b.*/grant:\"?everyone", "it shares a folder with everybody"),
    (r"\bset-executionpolicy\b.*\b(?:unrestricted|bypass)\b", "it lets every script run"),
    (r"\bbcdedit\b.*/(?:set|deletevalue|import)\b", "it changes how Windows starts"),
    (rf"\bwevtutil(?:\.exe)?\"?\s+(?:cl|clear-log|sl|set-log)\s+{_LOGS}", "it clears or changes a log"),
    (r"\bclear-eventlog\b", "it clears a log"),
    (r"\bauditpol\b.*/(?:clear|remove|restore)\b|\bauditpol\b.*:disable\b", "it ends what was audited"),
    (r"\bvssadmin\b.*\bdelete\b|\bshadowcopy\b.*\bdelete\b", "it deletes what was backed up"),
    (rf"\bcertutil\b.*-addstore\b.*?\b{_TRUST}", "it makes everybody trust a certificate"),
    (rf"\bimport-\w*certificate\b.*\\{_TRUST}", "it makes everybody trust a certificate"),
    (r"\bsecedit\b.*/configure\b|\blgpo(?:\.exe)?\b", "it changes policies of the machine"),
    (r"\bfsutil\b.*\bbehavior\s+set\b", "it changes how files are kept"),
    (
        r"\b(?:taskkill|tskill|stop-process)\b.*(?<![\w-])(?:explorer|lsass|winlogon|svchost|msmpeng)(?![\w-])",
        "it ends what is not its own",
    ),
    (
        r"\bsetx(?:\.exe)?\"?(?=.*\s/m\b)(?:\s+/\w+)*\s+\"?path[\"\s]",
        "it sets PATH, and cuts it off where it is long",
    ),
)
"""What a command line says, and what comes of it."""
_NAMED = r"(?:['\"]([^'\"]+)|([^\s'\";|&]+))"
"""A service's whole name: the first word of one that is longer may be one of Windows'."""
OF_A_SERVICE = (
    re.compile(rf"\bsc(?:\.exe)?\"?\s+(?:\\\\\S+\s+)?(?:stop|delete|config|failure|sdset)\s+{_NAMED}"),
    re.compile(rf"\bnet1?(?:\.exe)?\"?\s+stop\s+{_NAMED}"),
    re.compile(rf"\b(?:stop|set|remove)-service\s+(?:-\w+\s+)*{_NAMED}"),
)
NEW_RULES = (
    re.compile(r"\badvfirewall\s+firewall\s+add\s+rule\b"),
    re.compile(r"\bnew-netfirewallrule\b"),
)
LETS_IN = re.compile(
    r"dir=in\b.*action=allow\b|action=allow\b.*dir=in\b"
    r"|(?=.*-direction\s+inbound\b)(?=.*-action\s+allow\b)|(?=.*\bnew-netfirewallrule\b)(?!.*-(?:direction|action)\b)"
)
NARROWED = re.compile(
    r"\b(?:program|service|localport|remoteip)=\"?(?!any\b|0-65535)\S"
    r"|\bprotocol=\"?(?:icmp|58\b|1\b)|-protocol\s+['\"]?icmp"
    r"|-(?:program|service|localport|remoteaddress)\s+['\"]?(?!any\b|\*|0-65535)\S"
)


def weakened_by(command: str) -> str:
    """What this command does to everybody, in words; empty if it does nothing of the kind."""
    low = " ".join(command.lower().split())
    for pattern, what in PATTERNS:
        if re.search(pattern, low):
            return what
    for of_service in OF_A_SERVICE:
        found = of_service.search(low)
        if found is not None and (name := (found[1] or found[2])) in OF_WINDOWS:
            return f"it changes {name}, a service of Windows"
    if any(new.search(low) for new in NEW_RULES) and LETS_IN.search(low) and not NARROWED.search(low):
        return "the firewall lets everybody in, to every program and port"
    return ""
