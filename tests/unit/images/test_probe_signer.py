"""Who signs the guest probe: what the environment names, or a certificate that is made once."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from harness.images.media_tree import media_tree
from harness.images.probe_signer import probe_signer
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory
from tests.unit.images.samples import ACCOUNT, BUILD_ID, certificate, recipe, signer

SECRET = "a team's secret"


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def code_certificate(
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: str = "A public authority",
    usage: ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
    days: int = 30,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named("The team"))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(key, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.fixture
def team(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The environment of a team with PEM files."""
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET.encode()))
    )
    (tmp_path / "chain.pem").write_bytes(code_certificate(key).public_bytes(Encoding.PEM))
    return {
        "BVT_PROBE_KEY": str(tmp_path / "key.pem"),
        "BVT_PROBE_CERTIFICATE": str(tmp_path / "chain.pem"),
        "BVT_PROBE_PASSPHRASE": SECRET,
    }


def test_a_signer_is_made_once_and_its_key_is_the_owners_alone(state: StateDirectory) -> None:
    first, second = probe_signer(state, {}), probe_signer(state, {})
    assert first.fingerprint == second.fingerprint
    assert first.root == first.publisher
    (path,) = (state.root / "tools" / "probe-signer").glob("*.pem")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("damaged")
    assert probe_signer(state, {}).fingerprint != first.fingerprint


def test_no_key_is_on_the_media_that_an_image_is_made_from() -> None:
    tree = media_tree(
        recipe("server-2022"),
        recipe("server-2022").edition(None),
        ACCOUNT,
        certificate(),
        BUILD_ID,
        1,
        signer(),
    )
    for name in ("bvt/probe-publisher.cer", "bvt/probe-root.cer"):
        assert (
            x509.load_der_x509_certificate(tree[name]).fingerprint(hashes.SHA256()).hex()
            == signer().fingerprint
        )
    assert not any(b"PRIVATE KEY" in content for content in tree.values())


def test_a_certificate_of_an_authority_needs_no_root_of_its_own(
    state: StateDirectory, team: dict[str, str]
) -> None:
    found = probe_signer(state, team)
    assert found.root is None
    assert SECRET not in repr(found)
    tree = media_tree(
        recipe("win7-sp1"), recipe("win7-sp1").edition(None), ACCOUNT, certificate(), BUILD_ID, 1, found
    )
    assert "bvt/probe-root.cer" not in tree
    assert b"addstore Root" not in tree["bvt/first-boot.ps1"]
    assert b"addstore TrustedPublisher" in tree["bvt/first-boot.ps1"]


def test_a_pfx_has_its_certificates_with_it(
    state: StateDirectory, tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    root = code_certificate(key, issuer="The team")
    for name, encryption in (("open.pfx", NoEncryption()), ("closed.p12", BestAvailableEncryption(b"x y"))):
        path = tmp_path / name
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"n", key, code_certificate(key), [root], encryption)
        )
        (tmp_path / "secret").write_text("x y\n")
        found = (
            probe_signer(
                state, {"BVT_PROBE_KEY": str(path), "BVT_PROBE_PASSPHRASE_FILE": str(tmp_path / "secret")}
            )
            if name == "closed.p12"
            else probe_signer(state, {"BVT_PROBE_KEY": str(path)})
        )
        assert found.options == ("-pkcs12", str(path))
        assert found.root == root.public_bytes(Encoding.DER)


def test_a_key_in_a_token_is_named_to_osslsigncode(state: StateDirectory, team: dict[str, str]) -> None:
    uri = "pkcs11:token=team;object=code"
    with pytest.raises(ConfigurationError, match="BVT_PROBE_PKCS11_MODULE"):
        probe_signer(state, team | {"BVT_PROBE_KEY": uri})
    module = team["BVT_PROBE_CERTIFICATE"]  # some file that is there
    found = probe_signer(state, team | {"BVT_PROBE_KEY": uri, "BVT_PROBE_PKCS11_MODULE": module})
    assert found.options == ("-pkcs11module", module, "-key", uri, "-certs", team["BVT_PROBE_CERTIFICATE"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"BVT_PROBE_PASSPHRASE": "wrong"}, "passphrase right"),
        ({"BVT_PROBE_PASSPHRASE": ""}, "passphrase right"),
        ({"BVT_PROBE_KEY": "/nowhere.pem"}, "no such file"),
        ({"BVT_PROBE_KEY": ""}, "a certificate, but no key"),
        ({"BVT_PROBE_CERTIFICATE": ""}, "needs its certificate"),
        ({"BVT_PROBE_CERTIFICATE": "/nowhere.pem"}, "BVT_PROBE_CERTIFICATE: there is no such file"),
        ({"BVT_PROBE_PASSPHRASE_FILE": "/nowhere"}, "BVT_PROBE_PASSPHRASE_FILE: there is no such file"),
    ],
)
def test_what_is_wrong_with_a_teams_signer_is_one_sentence(
    state: StateDirectory, team: dict[str, str], change: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        probe_signer(state, team | change)
    assert SECRET not in str(refused.value)


def test_a_certificate_that_does_not_fit_is_refused(
    state: StateDirectory, team: dict[str, str], key: ec.EllipticCurvePrivateKey
) -> None:
    path = Path(team["BVT_PROBE_CERTIFICATE"])
    other = code_certificate(ec.generate_private_key(ec.SECP256R1()))
    for wrong, said in (
        (other, "not that of the key"),
        (code_certificate(key, usage=ExtendedKeyUsageOID.SERVER_AUTH), "not for signing code"),
        (code_certificate(key, days=-1), "which is not today"),
    ):
        path.write_bytes(wrong.public_bytes(Encoding.PEM))
        with pytest.raises(ConfigurationError, match=said):
            probe_signer(state, team)
    path.write_bytes(b"no certificate")
    with pytest.raises(ConfigurationError, match="holds no PEM certificate"):
        probe_signer(state, team)
