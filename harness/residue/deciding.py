r"""Places that decide over other programs, or over how safe the machine is: what is new there is no product's own. Pure.

A product adds much that is its own business: services, classes, rules for its own programs. What stands here is read by
the system for everybody, so that who adds to it changes what others had, even where it is undone in the end.
"""

import ntpath
import re
from collections.abc import Collection

from harness.config.wide_places import is_everybodys
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.residue.change import Change

_SOFTWARE = r"(?:hklm|hkcu|hku\\[^\\]+)\\software\\(?:wow6432node\\)?"
_MICROSOFT = rf"{_SOFTWARE}microsoft\\"
_WINDOWS = rf"{_MICROSOFT}windows\\(?:currentversion\\)?"
_NT = rf"{_MICROSOFT}windows nt\\currentversion\\"
_CONTROL = r"hklm\\system\\currentcontrolset\\control\\"
_USERS = r"(?:hkcu|hku\\(?:\.default|s-1-5-(?:18|19|20|21-[\d-]+)))\\"
"""Accounts that were there before any product; one of the product's own comes with keys of its own."""
_SERVICES = r"hklm\\system\\currentcontrolset\\services\\"

PLACES = (
    r"c:\\windows\\system32\\drivers\\etc(?:\\|$)",
    r"c:\\windows\\(?:system32|syswow64)\\grouppolicy(?:users)?(?:\\|$)",
    r"c:\\windows\\(?:system32|syswow64)\\windowspowershell\\v1\.0\\[^\\]*profile\.ps1$",
    r"c:\\windows\\setup\\scripts(?:\\|$)",
    # What is allowed: policies, consent, who may log on and how, what is scanned, what scripts may do.
    # Of a vendor's own policies its own programs are the only readers.
    rf"{_SOFTWARE}policies\\(?:microsoft|google|chromium|mozilla|bravesoftware|adobe)(?:\\|$)",
    rf"{_WINDOWS}policies(?:\\|$)",
    rf"{_NT}winlogon\\",
    rf"{_CONTROL}(?:lsa|securityproviders|terminal server|timezoneinformation)(?:\\|$)",
    # How the system starts, waits, protects itself and ends.
    rf"{_CONTROL}(?:bootverificationprogram|ci|crashcontrol|deviceguard|filesystem|power|prioritycontrol|productoptions"
    r"|computername|remote assistance|keyboard layout|storagedevicepolicies|graphicsdrivers"
    # Of the sessions that trace from the boot on, Windows' own: a product may add one of its own.
    r"|wmi\\(?:globallogger|autologger\\(?:eventlog-[a-z]+|defender[a-z]+logger))"
    r"|nls\\codepage|networkprovider\\(?:hw)?order|print\\(?:monitors|providers))\\",
    rf"{_CONTROL}session manager\\(?:memory management|kernel|executive|subsystems|i/o system|quota system)\\",
    rf"{_SERVICES}w32time\\",
    r"hklm\\system\\setup\\[^\\]+$",
    rf"{_SERVICES}(?:perfos|perfdisk|perfnet|perfproc)\\performance\\|{_SERVICES}nlasvc\\parameters\\internet\\",
    rf"{_WINDOWS}winevt\\channels\\(?:microsoft-windows-|(?:application|security|system|setup|windows powershell)\\)",
    rf"{_WINDOWS}windowsupdate\\auto update\\(?:auoptions|noautoupdate)$",
    rf"{_NT}(?:systemrestore|appcompatflags\\layers|drivers32|multimedia\\systemprofile)\\",
    rf"{_MICROSOFT}cryptography\\(?:wintrust\\|machineguid$)",
    rf"{_MICROSOFT}windows defender\\(?!exclusions(?:\\|$))",
    rf"{_MICROSOFT}powershell\\\d+\\shellids\\",
    rf"{_MICROSOFT}windows script host\\settings\\",
    rf"{_SERVICES}sharedaccess\\parameters\\firewallpolicy\\[^\\]+profile\\[^\\]+$",
    rf"{_SERVICES}lanmanserver\\(?:parameters|shares)\\",
    # Whom everybody trusts.
    rf"{_MICROSOFT}(?:system|enterprise)certificates\\(?:root|authroot|trustedpublisher|trustedpeople|disallowed)"
    r"\\certificates(?:\\|$)",
    # How names are found, and which way everybody's traffic goes.
    rf"{_WINDOWS}internet settings\\(?:proxyenable|proxyserver|autoconfigurl|connections|winhttp|zones|lockdown_zones"
    r"|secureprotocols|certificaterevocation|zonemap\\(?:domains|escdomains|ranges))(?:\\|$)",
    rf"{_SERVICES}tcpip6?\\parameters\\(?!persistentroutes$)[^\\]+$",
    rf"{_SERVICES}tcpip6?\\parameters\\persistentroutes\\(?:0\.0\.0\.0,0\.0\.0\.0,|::/0)|{_SERVICES}portproxy(?:\\|$)",
    rf"{_SERVICES}tcpip6?\\parameters\\interfaces\\[^\\]+\\(?:nameserver|domain)$",
    rf"{_SERVICES}(?:dnscache|winsock2)\\parameters\\",
    # What is run or loaded in others' places.
    rf"{_MICROSOFT}netsh\\",
    rf"{_USERS}software\\classes\\(?:\*|[a-z]{{3}}file|directory|drive|folder|ms-settings|\.(?:exe|bat|cmd|com"
    r"|msi|ps1|vbs|js|lnk))(?:\\|$)",
    rf"{_USERS}environment\\(?:userinitmprlogonscript|cor_|coreclr_|comspec|pathext|psmodulepath)",
    # What each user sees and is asked.
    rf"{_USERS}control panel\\",
    rf"{_WINDOWS}explorer\\(?:advanced|user shell folders|shell folders)\\[^\\]+$",
    rf"{_NT}image file execution options\\[^\\]+\\(?:debugger|globalflag|verifierdlls)$",
    rf"{_NT}silentprocessexit\\",
    rf"{_NT}aedebug\\",
    rf"{_MICROSOFT}command processor\\autorun$",
    rf"{_CONTROL}session manager\\(?:appcertdlls|knowndlls)\\",
    rf"{_WINDOWS}windows error reporting\\(?:disabled|dontshowui|localdumps\\[^\\]+)$",
    rf"{_MICROSOFT}\.netframework\\v[\d.]+\\(?:schusestrongcrypto|systemdefaulttlsversions)$",
)
VALUES = (
    rf"{_CONTROL}[^\\]+$",
    rf"{_CONTROL}(?:session manager|windows|safeboot)\\[^\\]+$",
    rf"{_SERVICES}eventlog\\(?:application|security|system)\\[^\\]+$",
    rf"{_NT}(?:schedule|terminal server)\\[^\\]+$",
    rf"{_MICROSOFT}(?:ole|rpc|wbem\\cimom)\\[^\\]+$",
    rf"{_NT}windows\\[^\\]+$",
    rf"{_MICROSOFT}(?:fusion|\.netframework|security center)\\[^\\]+$",
)
"""The same for values right in these keys; keys are made there for much that is a product's own."""
DECIDES = re.compile("|".join(PLACES))
VALUE_DECIDES = re.compile("|".join(VALUES))
OF_A_PROGRAM = re.compile(rf"{_NT}(?:image file execution options|silentprocessexit)\\([^\\]+)")
LAYERS_OF = re.compile(rf"{_NT}appcompatflags\\layers\\(.+)$")
LOCAL_DUMPS_OF = re.compile(rf"{_WINDOWS}windows error reporting\\localdumps\\[^\\]+\.exe$")
EXCLUSION = re.compile(
    rf"{_MICROSOFT}windows defender\\exclusions\\(paths|processes|extensions|ipaddresses)\\(.+)$"
)
FIREWALL_RULE = re.compile(
    rf"{_SERVICES}sharedaccess\\parameters\\firewallpolicy\\(?:.+\\)?firewallrules\\[^\\]+$"
)
NARROWS = ("app", "svc", "lport", "lport2_10", "ra4", "ra6", "rmauth", "luown", "appid")
"""Fields of a rule by which it is not for everybody and everything ("FW_RULE structure", [MS-FASP] 2.2.37)."""
OF_PING = ("1", "58")
"""ICMP and ICMPv6: no port, and no program that answers."""
ALL_PORTS = frozenset({"*", "0-65535", "1-65535"})
OF_A_SERVICE = re.compile(rf"({_SERVICES}[^\\]+)(?:\\parameters)?\\[^\\]+$")


def decides(change: Change, profile: AgentProfile | None = None, new: Collection[str] = ()) -> bool:
    """Whether something that is new there decides over others. `new`: names of all that is new, keys among it.

    What names the agent's own program or folder decides over nobody else. Without a profile nothing is the agent's own.
    """
    name = change.name
    if (found := OF_A_PROGRAM.match(name)) and profile is not None and _is_own_program(found[1], profile):
        return False
    if found := EXCLUSION.match(name):
        return not (profile is not None and _excludes_own(found[1], found[2], profile))
    if (found := LAYERS_OF.match(name)) and profile is not None and profile.owns(found[1]):
        return False
    if change.value is not None and VALUE_DECIDES.match(name):
        return True
    if FIREWALL_RULE.match(name):
        return _lets_everybody_in(change.now)
    if DECIDES.match(name):
        return LOCAL_DUMPS_OF.match(name) is None
    return change.value is not None and _is_of_anothers_service(name, profile, new)


def _is_of_anothers_service(name: str, profile: AgentProfile | None, new: Collection[str]) -> bool:
    """Whether a value is set for a service that was there before, and that is not the agent's."""
    found = OF_A_SERVICE.match(name)
    if found is None or found[1] in new:
        return False
    own = (*profile.services, *profile.drivers) if profile is not None else ()
    return ntpath.basename(found[1]) not in {each.name.lower() for each in own}


def _lets_everybody_in(rule: str) -> bool:
    """Whether a rule of the firewall allows whatever comes: from everywhere, to every program and port."""
    fields: dict[str, str] = {}
    for part in rule.split("|"):
        name, _, text = part.partition("=")
        fields[name.lower()] = text.lower()
    if (fields.get("action"), fields.get("dir")) != ("allow", "in") or fields.get("active") == "false":
        return False
    if fields.get("protocol") in OF_PING:
        return False
    return not any(
        fields.get(name, "") not in ({"", *ALL_PORTS} if name.startswith("lport") else {"", "*"})
        for name in NARROWS
    )


def _is_own_program(name: str, profile: AgentProfile) -> bool:
    paths = [each.image_path or "" for each in (*profile.services, *profile.drivers)]
    paths += [file.path for file in profile.files]
    return ntpath.basename(name).lower() in {ntpath.basename(path.strip('"')).lower() for path in paths}


def _excludes_own(kind: str, what: str, profile: AgentProfile) -> bool:
    """Whether a scanner is told to leave out the agent's own folder or program, or the vendor's folder above it."""
    if kind not in ("paths", "processes"):
        return False
    if profile.owns(what) or (kind == "processes" and _is_own_program(what, profile)):
        return True
    plain = what.rstrip("\\*")
    folders = (profile.install_dir, *profile.data_dirs)
    if plain.lower() in {folder.lower() for folder in folders}:
        return True
    return (
        any(is_below(folder, plain) for folder in folders)
        and len(plain) > len("c:\\")
        and not is_everybodys(plain)
    )
