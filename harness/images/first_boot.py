"""The first-boot script from a recipe (`vm_images/_windows/first-boot.ps1.j2`)."""

from typing import Any

import jinja2

from harness.guest.command_line import quote
from harness.images.account import Account, EndpointCertificate
from harness.images.answer_file import LETTERS
from harness.images.recipe import Driver, WindowsRecipe, template_directory
from harness.images.surface import AnswerChange, Step, StepChange, SurfaceChange, WsManChange, native

TEMPLATE = "first-boot.ps1.j2"
LIMIT_S, INSTALLER_LIMIT_S = 300, 900
"""How long one program may take; one that installs (drivers, the guest agent) may take longer."""
LSA_PROGRAM = "forget-secret.cs"
"""C# that deletes an LSA secret (access 0x20: POLICY_CREATE_SECRET); PowerShell 2.0 compiles it with .NET's compiler."""
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
"""All of them end a single-quoted string in PowerShell (Microsoft, "about_Quoting_Rules", and its tokenizer)."""


def powershell_text(text: str) -> str:
    """A single-quoted PowerShell string. Raises `ValueError` for a line break or NUL, which no value here needs."""
    if any(character in "\r\n\0" for character in text):
        raise ValueError(f"a value of the script holds a line break: {text!r}")
    return "'" + "".join(c * 2 if c in SINGLE_QUOTES else c for c in text) + "'"


def first_boot_script(
    recipe: WindowsRecipe,
    account: Account,
    certificate: EndpointCertificate,
    build_id: str,
    *,
    probe_root: bool = True,
) -> bytes:
    """The script: UTF-8 with a byte order mark, which PowerShell 2.0 needs to know it as such, and CRLF.

    `probe_root`: the media hold a root certificate of the probe's signer, which Windows does not know.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_directory()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - PowerShell, not HTML: every value goes through `ps`
    )
    environment.filters["ps"] = powershell_text
    text = environment.get_template(TEMPLATE).render(
        recipe={
            "name": recipe.name,
            "drivers": [_driver(driver) for driver in recipe.drivers],
            "agent": recipe.guest_agent.replace("/", "\\"),
        },
        steps=[_step(number, change) for number, change in enumerate(script_changes(recipe), start=1)],
        build_id=build_id,
        letters=LETTERS,
        password_argument=quote(account.password.get_secret_value()),
        limit_s=LIMIT_S,
        installer_limit_s=INSTALLER_LIMIT_S,
        forget_secret=" ".join((template_directory() / LSA_PROGRAM).read_text().split()),
        thumbprint=certificate.thumbprint,
        probe_root=probe_root,
    )
    return b"\xef\xbb\xbf" + text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def script_changes(recipe: WindowsRecipe) -> list[SurfaceChange]:
    """The changes that the script makes; the others are made by the answer file."""
    return [change for change in recipe.surface_changes if not made_by_answer_file(change)]


def made_by_answer_file(change: SurfaceChange) -> bool:
    """True for what Setup does before the first logon."""
    value = change.value
    account = isinstance(value, StepChange) and value.step is Step.ACCOUNT
    return change.early or account or isinstance(value, AnswerChange)


def _step(number: int, change: SurfaceChange) -> dict[str, Any]:
    value = change.value
    wsman = value if isinstance(value, WsManChange) else None
    return {
        "id": f"{number:02d}-{value.step.value if isinstance(value, StepChange) else value.kind}",
        "what": " ".join(change.what.split()),
        "native": native(change),
        "wsman": wsman,
        "wsman_data": str(wsman.data).lower() if wsman is not None else "",
        "built_in": value.step.value if isinstance(value, StepChange) else "",
    }


def _driver(driver: Driver) -> dict[str, str]:
    inf = str(driver.file).replace("/", "\\")
    return {"inf": inf, "catalogue": inf.removesuffix(".inf") + ".cat"}
