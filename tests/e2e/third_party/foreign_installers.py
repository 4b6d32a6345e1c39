"""MSIs that others described: the examples of Debian's msitools (from tutorials of WiX) and CrowdSec's own installer.

Both come from this machine's Debian archive and are packed with wixl; of CrowdSec's description what wixl cannot do is
left out (dialogues, custom actions, the PATH entry), and its programs are small stand-ins.
"""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from harness.machines.debian_sources import debian_sources
from harness.state import StateDirectory

FETCH_S = 600
EXAMPLES = ("SampleFirst", "SampleMachine", "SampleUser", "test-arp")
CROWDSEC = "golang-github-crowdsecurity-crowdsec-dev"
WIX = "{http://schemas.microsoft.com/wix/2006/wi}"
LEFT_OUT = {
    "UI", "UIRef", "WixVariable", "SetProperty", "CustomAction", "CustomActionRef", "PropertyRef", "Custom",
    "PermissionEx", "Condition", "Environment",
}  # fmt: skip
OF_ANOTHER_FEATURE = {"CrowdsecNoStart", "Csconfig_no_lapi", "CrowdsecPatterns"}
GIVEN = {
    "$(var.Program_Files)": "ProgramFiles64Folder",
    "$(var.ProductName)": "CrowdSec",
    "$(var.Version)": "1.4.6",
}


def installers(program: Path) -> dict[str, Path]:
    """MSIs by name, made where they are not there yet. `program`: what stands in for CrowdSec's programs."""
    place = StateDirectory.default().part("third-party", "installers")
    made = {name: place / f"{name}.msi" for name in (*EXAMPLES, "crowdsec")}
    if not all(path.is_file() for path in made.values()):
        shutil.rmtree(place, ignore_errors=True)
        work = place / "work"
        work.mkdir(parents=True)
        examples = next(_source("msitools", work).glob("tests/data/wixl"))
        for name in EXAMPLES:
            _pack(examples / f"{name}.wxs", made[name])
        _pack(_crowdsec(work, program), made["crowdsec"])
    return made


def _source(package: str, work: Path) -> Path:
    """The unpacked source of a Debian package, by the archive that this machine uses."""
    lines = (line for line in Path("/etc/os-release").read_text().splitlines() if "VERSION_CODENAME" in line)
    codename = next(lines).partition("=")[2].strip('"')
    sources, lists = work / "sources.sources", work / "lists"
    sources.write_text(debian_sources(codename).replace("Types: deb\n", "Types: deb-src\n"))
    (lists / "partial").mkdir(parents=True)
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": lists,
        "APT::Sandbox::User": "root",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    _run(["apt-get", *options, "-q", "update"], work)
    _run(["apt-get", *options, "-q", "source", "--download-only", package], work)
    unpacked = work / package
    unpacked.mkdir()
    (archive,) = work.glob(f"{package}_*.orig.tar.*")
    _run(["tar", "--strip-components=1", "-xf", str(archive), "-C", str(unpacked)], work)
    return unpacked


def _crowdsec(work: Path, program: Path) -> Path:
    """CrowdSec's description, as wixl understands it, with a file in each place that it names."""
    _run(["apt-get", "-q", "-oAPT::Sandbox::User=root", "download", CROWDSEC], work)
    (package,) = work.glob(f"{CROWDSEC}_*.deb")
    _run(["dpkg-deb", "-x", str(package), "package"], work)
    (described,) = (work / "package").rglob("windows/installer/product.wxs")
    text = described.read_text()
    for name, value in GIVEN.items():
        text = text.replace(name, value)
    product = ET.fromstring(text)
    _prune(product)
    for major in product.iter(f"{WIX}MajorUpgrade"):
        major.attrib.pop("Schedule", None)
    for file in product.iter(f"{WIX}File"):
        source = Path("files", file.attrib["Source"].replace("\\", "/"))  # wixl finds relative ones alone
        path = work / source
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".exe":
            shutil.copy(program, path)
        else:
            path.write_text("as delivered\n")
        file.set("Source", str(source))
    ET.register_namespace("", WIX.strip("{}"))
    found = work / "crowdsec.wxs"
    found.write_text(ET.tostring(product, encoding="unicode"))
    return found


def _prune(element: ET.Element) -> None:
    for child in list(element):
        if child.tag.removeprefix(WIX) in LEFT_OUT or child.get("Id") in OF_ANOTHER_FEATURE:
            element.remove(child)
        else:
            _prune(child)


def _pack(description: Path, msi: Path) -> None:
    _run(["wixl", "--arch", "x64", "--output", str(msi), description.name], description.parent)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        timeout=FETCH_S,
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
    )
