"""The first draft of an agent profile, from what an MSI's tables say. Pure.

It names nothing that the tables do not say. What they cannot say is a comment that begins with TODO.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from harness.candidate.msi_contents import MsiContents, MsiService
from harness.candidate.msi_registry import MsiValue
from harness.model.base import Frozen
from harness.model.profile.installed import FileExpectation
from harness.model.profile.text import HIVES, REGISTRY_KEY
from harness.profiles.draft_folders import data_folders, home_folder, registry_roots
from harness.profiles.draft_frame import SHOWN, folder, head, later, printable, quoted

PROGRAMS = (".exe", ".dll", ".sys")
REQUIRED = "made here by another way than the MSI's tables; TODO: say how, or correct it"
HIDDEN = "its tables say so (ARPSYSTEMCOMPONENT); TODO: say why"
SECRETS = re.compile("SECRET|TOKEN|PASSWORD|PASSWD|KEY")
GUESSES = (
    (re.compile("PIN|SHA256|THUMB|FINGERPRINT"), "{server_cert_sha256}"),
    (SECRETS, "{enrol_secret}"),
    (re.compile("CERT|CA_?FILE"), "{ca_file}"),
    (re.compile("UR[LI]|ENDPOINT"), "{backend_url}"),
    (re.compile("PORT"), "{backend_port}"),
    (re.compile("HOST|SERVER|ADDRESS|BACKEND"), "{backend_host}:{backend_port}"),
)
"""What a property with such a name may stand for: a suggestion in a comment."""


class LeftOut(Frozen):
    """What the tables hold and a draft does not name as installed."""

    optional: dict[str, str] = Field(
        default_factory=dict, description="files and services that only some installations have → when"
    )
    permanent: tuple[str, ...] = Field(default=(), description="files that stay when the product goes")
    registry: tuple[MsiValue, ...] = Field(default=(), description="all that the tables hold")


def draft_of_msi(
    name: str, file: str, msi: MsiContents, *, aside: LeftOut | None = None, accepted: Sequence[str] = ()
) -> str:
    """The profile `name` for the MSI in `file`. `accepted`: what it names although the tables do not have it."""
    return "\n".join(_lines(name, file, msi, aside or LeftOut(), accepted)) + "\n"


def profile_name(product: str, version: str = "") -> str:
    """A name for the profile's file: `Acme Beat 7.2` is `acme-beat`."""
    bare = product.replace(version, "") if version else product
    slug = re.sub("[^a-z0-9]+", "-", bare.lower()).strip("-")
    slug = re.sub("^[^a-z]+", "", slug)
    return slug or "agent"


def _lines(name: str, file: str, msi: MsiContents, aside: LeftOut, accepted: Sequence[str]) -> Iterator[str]:
    yield from head(name, file, _of_any_version(msi, msi.product_name), msi.platform)
    if _holds_version(msi, msi.product_name):
        yield "# The product's name holds its version: {version} is the candidate's, whichever it is."
    yield from ("installer:", "  kind: msi")
    if msi.hidden and not msi.entry_names:
        yield f"  hidden_entry: {quoted(HIDDEN)}"
    yield from _properties(msi)
    yield from (
        "  timeout_s: 300",
        "  # The uninstall needs no word here: Windows Installer knows the product code.",
        "",
    )
    home = home_folder(msi)
    if not home:
        yield "# TODO: the tables do not say where it is installed."
    yield from (f"install_dir: {quoted(_of_any_version(msi, home or _somewhere(msi)))}", "")
    if msi.code:
        ran = ", ".join(msi.code[:SHOWN])
        yield f"# TODO: it also runs code while it is installed, which may make services and files of its own: {ran}."
    if aside.optional:
        yield "# TODO: what not every installation has is left out here; name it if yours does (properties, ADDLOCAL):"
        shown = list(aside.optional.items())
        yield from (f"#   {printable(path)}: {printable(why)}" for path, why in shown[:SHOWN])
        yield from ([f"#   and {len(shown) - SHOWN} more"] if len(shown) > SHOWN else [])
        yield ""
    yield from _list("data_dirs", [f"  - {quoted(_of_any_version(msi, path))}" for path in data_folders(msi)])
    for key, drivers in (("services", False), ("drivers", True)):
        made = [service for service in msi.services if service.driver is drivers]
        if made or not drivers:
            yield from _list(key, [line for service in made for line in _service(service, msi)])
    yield from _files(msi)
    yield from _list("registry", list(_values(msi)))
    whole = msi.model_copy(update={"registry": aside.registry or msi.registry})
    yield from _list(
        "registry_roots", [f"  - {quoted(_of_any_version(msi, key))}" for key in registry_roots(whole)]
    )
    if accepted:
        named = [f"  {quoted(_of_any_version(msi, each))}: {quoted(REQUIRED)}" for each in accepted]
        yield from _list("not_in_msi", named)
    yield later(aside.permanent).rstrip("\n")


def _holds_version(msi: MsiContents, text: str) -> bool:
    return bool(re.search(_as_a_whole(msi.version), text)) if "." in msi.version else False


def _of_any_version(msi: MsiContents, text: str) -> str:
    """The text with `{version}` where it holds the candidate's, so that the profile fits the next release too."""
    return re.sub(_as_a_whole(msi.version), "{version}", text) if _holds_version(msi, text) else text


def _as_a_whole(version: str) -> str:
    return rf"(?<![0-9.]){re.escape(version)}(?![0-9]|\.[0-9])"


def _somewhere(msi: MsiContents) -> str:
    return folder(msi.product_name)


def _list(key: str, entries: list[str]) -> list[str]:
    return [f"{key}:", *entries, ""] if entries else [f"{key}: []", ""]


def _properties(msi: MsiContents) -> Iterator[str]:
    if not msi.own_properties:
        yield "  # It has no public properties of its own."
        return
    yield "  # TODO: those by which the agent finds its backend; the values are guesses by their names."
    yield "  # properties:"
    for name, default in sorted(msi.own_properties.items()):
        guess = next((template for pattern, template in GUESSES if pattern.search(name)), "")
        notes = [f"default {default!r}"] if default else []
        notes += ["kept out of logs"] if name in msi.hidden_properties else []
        yield _comment(f'  #   {name}: "{guess}"', notes)


def _comment(line: str, notes: Iterable[str]) -> str:
    text = ", ".join(notes)
    return f"{line}  # {text}" if text else line


def _service(service: MsiService, msi: MsiContents) -> Iterator[str]:
    yield f"  - name: {quoted(service.name)}"
    for key, value in (
        ("display_name", service.display_name),
        ("description", service.description),
        ("account", service.account),
        ("image_path", service.program or ""),
    ):
        if value and "[" not in value:
            yield f"    {key}: {quoted(_of_any_version(msi, value))}"
    if service.start is not None:
        yield f"    start: {service.start.value}"
    if service.depends_on:
        yield f"    depends_on: [{', '.join(map(quoted, service.depends_on))}]"
    if service.start is None or service.start.value != "auto" or service.started is False:
        yield "    running: false  # TODO: true if it runs once it is installed"


def _files(msi: MsiContents) -> Iterator[str]:
    """Programs first; they are what an agent is."""
    paths = [path for path in msi.files if _is_path(path)]
    ranked = sorted(paths, key=lambda path: (not path.lower().endswith(PROGRAMS), paths.index(path)))
    entries = [
        f"  - {{path: {quoted(_of_any_version(msi, path))}{_version(path, msi)}}}" for path in ranked[:SHOWN]
    ]
    if any(path.lower().endswith(PROGRAMS) for path in ranked):
        yield "# TODO: `signed: true` for programs that are; those that are not go into unsigned_programs with a reason."
    if len(ranked) > SHOWN:
        entries.append(f"  # and {len(ranked) - SHOWN} more")
    yield from _list("files", entries)


def _version(path: str, msi: MsiContents) -> str:
    version = msi.file_versions.get(path, "")
    return ", version: true" if msi.version and _is_same(version, msi.version) else ""


def _is_same(version: str, product: str) -> bool:
    """Versions of files have four fields, those of products mostly three."""
    return version == product or version.startswith(f"{product}.")


def _is_path(path: str) -> bool:
    try:
        FileExpectation(path=path)
    except ValueError:
        return False
    return True


def _values(msi: MsiContents) -> Iterator[str]:
    values = {
        (value.key.lower(), value.name.lower()): value
        for value in msi.registry
        if value.name and value.key.startswith(HIVES[0]) and _is_key(value.key) and "[" not in value.name
    }
    for value in list(values.values())[:SHOWN]:
        key = quoted(_of_any_version(msi, value.key))
        yield f"  - {{key: {key}, name: {quoted(value.name)}{_equals(value, msi)}}}"
    if len(values) > SHOWN:
        yield f"  # and {len(values) - SHOWN} more"


def _is_key(key: str) -> bool:
    return bool(REGISTRY_KEY.fullmatch(key)) and not set('"%[') & set(key)


def _equals(value: MsiValue, msi: MsiContents) -> str:
    """What it must hold, where the table says it in full: no formatted text, no binary data."""
    text = value.value
    if text == msi.version and text:
        return ', equals: "{version}"'
    if re.fullmatch("#[0-9]+", text):
        return f", equals: {quoted(text[1:])}"
    if not text or text.startswith("#") or set("[]{}") & set(text) or not text.isprintable():
        return ""
    return f", equals: {quoted(text)}"
