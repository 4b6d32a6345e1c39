"""The answer media: what is on them, how they are built, and proof that they hold exactly that."""

import hashlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.images.account import Account, EndpointCertificate
from harness.images.answer_file import answer_file
from harness.images.answer_rules import problems
from harness.images.first_boot import first_boot_script
from harness.images.probe_signer import ProbeSigner
from harness.images.recipe import Edition, WindowsRecipe
from harness.machines.libvirt.host.programs import run
from harness.model.errors import ConfigurationError, InfrastructureError

LABEL = "BVTANSWER"
DEADLINE_S = 120.0


def media_tree(
    recipe: WindowsRecipe,
    edition: Edition,
    account: Account,
    certificate: EndpointCertificate,
    build_id: str,
    index: int,
    signer: ProbeSigner,
) -> dict[str, bytes]:
    """Path on the media to content. Raises `ConfigurationError` for an answer file that would not do."""
    answer = answer_file(recipe, edition, account, index)
    wrong = problems(answer, recipe)
    if wrong:
        raise ConfigurationError(
            f"the answer file of image {recipe.name} is not complete: {'; '.join(wrong)}."
        )
    root = signer.root
    script = first_boot_script(recipe, account, certificate, build_id, probe_root=root is not None)
    return {
        "autounattend.xml": answer,
        "bvt/first-boot.ps1": script,
        "bvt/winrm.pfx": certificate.pfx,
        "bvt/probe-publisher.cer": signer.publisher,
        **({"bvt/probe-root.cer": root} if root is not None else {}),
    }


def build_media(tree: Mapping[str, bytes], target: Path) -> dict[str, str]:
    """Write the ISO, read it back, compare every file; its digests. Raises `InfrastructureError`."""
    with tempfile.TemporaryDirectory(prefix="bvt-media-") as directory:
        root = Path(directory)
        for name, content in tree.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        command: list[str | Path] = ["xorriso", "-as", "mkisofs", "-quiet", "-V", LABEL, "-J", "-joliet-long"]
        run(
            [*command, "-r", "-o", target, root], what="The answer media were not made", deadline_s=DEADLINE_S
        )
    target.chmod(0o600)
    check_media(target, tree)
    return {name: hashlib.sha256(content).hexdigest() for name, content in tree.items()}


def check_media(iso: Path, expected: Mapping[str, bytes]) -> None:
    """Compare every file on the media. Raises `InfrastructureError` naming each that is missing, extra or different."""
    with tempfile.TemporaryDirectory(prefix="bvt-media-") as directory:
        root = Path(directory, "files")
        run(
            ["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/", root],
            what=f"The answer media {iso} cannot be read back",
            deadline_s=DEADLINE_S,
        )
        found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    wrong = [f"{name} is missing" for name in expected if name not in found]
    wrong += [f"{name} does not belong there" for name in found if name not in expected]
    wrong += [f"{name} is different" for name, data in expected.items() if found.get(name, data) != data]
    if wrong:
        raise InfrastructureError(f"The answer media {iso} are not what was written: {'; '.join(wrong)}.")


def files_on(iso: Path) -> set[str]:
    """The paths of all files on an ISO 9660 image, in lower case. Raises `InfrastructureError`."""
    listing = run(
        ["xorriso", "-indev", iso, "-find", "/", "-type", "f", "-exec", "echo", "--"],
        what=f"{iso} cannot be read",
        deadline_s=DEADLINE_S,
    )
    return {match[1].lower() for match in re.finditer(r"^'/(.*)'$", listing, re.MULTILINE)}
