"""Whole products, as others build them: how each is built, described and run, and what is unusual about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.integration.unusual_good.companions import COMPANIONS, build_companions, write_companions
from tests.integration.unusual_good.packages import STEPS
from tests.integration.unusual_good.provident import (
    OF_REBOOTING,
    REBOOTING,
    build_rebooting,
    describe_rebooting,
)
from tests.integration.unusual_good.registered import REGISTERED, build_registered, write_registered
from tests.integration.unusual_good.replaced import REPLACED, build_replaced, write_replaced
from tests.integration.unusual_good.scripted import SCRIPTED, build_scripted, write_scripted


@dataclass(frozen=True)
class Product:
    """`build` makes the candidate in a folder, `describe` writes its profile."""

    unusual: tuple[str, ...]
    build: Callable[[Path], Path]
    describe: Callable[[Path], Path]
    phases: tuple[str, ...]
    form: str = "phases"


ALL = ("machine", "install", "check-in", "functions", "uninstall", "residue")
KEPT = tuple(
    step.replace("(candidate)}", "(candidate), keeps: [configuration]}") if "upgrade" in step else step
    for step in STEPS
)
UPGRADED = (*STEPS[:-2], "{reboot: , expect: installed(candidate)}", *STEPS[-2:])
PRODUCTS = {
    REGISTERED: Product(
        unusual=(
            "classes, file types, shell extensions, event logs, counters, a firewall rule, policies of its own",
            "WinINet, certificate stores, signatures, key containers and folders of the user are used",
            "a port that is open to other hosts, declared, and sockets of UDP",
            "its log speaks of ERROR in lines that are INFO",
            "a second service in the package that its profile does not name, which is deleted and not stopped",
            "what it wrote goes by a pattern, and by a folder that it wrote down (RemoveFolderEx)",
            "an empty text, a database of zeros, and a manual that shows where a private key belongs",
            "no backend at all",
        ),
        build=build_registered,
        describe=write_registered,
        phases=ALL,
    ),
    REBOOTING: Product(
        unusual=(
            "an upgrade that ends with 3010, declared, and after which the machine is rebooted",
            "an upgrade that gives the service another name",
        ),
        build=build_rebooting,
        describe=describe_rebooting,
        phases=OF_REBOOTING,
        form="steps",
    ),
    REPLACED: Product(
        unusual=(
            "an uninstall that deletes its data, unless UPGRADINGPRODUCTCODE says that it is replaced",
            "features that were chosen at the installation, and that an upgrade keeps without being told",
            "an upgrade that takes the old release away before anything else",
            "searches for a file, a component and a value, of which a launch condition is made",
        ),
        build=build_replaced,
        describe=write_replaced,
        phases=KEPT,
        form="steps",
    ),
    COMPANIONS: Product(
        unusual=(
            "a service that starts another as often as that stops",
            "a service that takes twenty seconds to start, after one that it needs",
            "an upgrade that takes the old release away when all of the new one is there",
            "a feature that is never installed, and one that is advertised",
            "for the whole machine where that may be (ALLUSERS=2), with an access list (MsiLockPermissionsEx)",
        ),
        build=build_companions,
        describe=write_companions,
        phases=UPGRADED,
        form="steps",
    ),
    SCRIPTED: Product(
        unusual=(
            "an installer that runs sc, netsh, icacls and taskkill, and appends to PATH by itself",
            "an MSI inside an EXE, hidden in Add/Remove Programs and kept in the package cache",
            "an entry without a version",
            "a folder and a service with letters beyond ASCII",
            "shortcuts and an entry in Run, which go with it",
            "an upgrade by the same set-up program over its earlier release, and a reboot",
        ),
        build=build_scripted,
        describe=write_scripted,
        phases=UPGRADED,
        form="steps",
    ),
}
