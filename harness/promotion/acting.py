"""Who acts: somebody with a key, or somebody whom a server has recognised and signs for."""

from dataclasses import dataclass, replace

from securesystemslib.signer import Signer, SSlibKey

from harness.promotion.denial import Cause, Refused, deny
from harness.promotion.entries import Via
from harness.promotion.tiers import Tiers
from harness.signing.keys import TrustedKey


@dataclass(frozen=True)
class OnBehalf:
    """A server's key that signs for a person. `how`: by what the person was recognised, a token or a link, say."""

    signer: Signer
    name: str
    how: str
    link: str = ""
    """Id of the signed link that brought it here: it works once."""


Who = Signer | OnBehalf


def signer_of_who(who: Who) -> Signer:
    """Whose key signs."""
    return who.signer if isinstance(who, OnBehalf) else who


def without_link(who: Who) -> Who:
    """The same, for what else happens on the occasion."""
    return replace(who, link="") if isinstance(who, OnBehalf) else who


def name_and_via(tiers: Tiers, who: Who) -> tuple[str, Via | None]:
    """What the entry says of who acts. Raises `Refused` for a key that is nobody's."""
    public = signer_of_who(who).public_key
    name = tiers.name_of(TrustedKey.of(public).fingerprint) if isinstance(public, SSlibKey) else None
    if name is None:
        whose = "The server's key" if isinstance(who, OnBehalf) else "Your key"
        raise Refused(
            [deny(Cause.PERSON, f"{whose} is nobody's in tiers.yaml.", "Have it added: bvt ledger tiers.")]
        )
    if isinstance(who, OnBehalf):
        return who.name, Via(key=name, how=who.how, link=who.link)
    return name, None
