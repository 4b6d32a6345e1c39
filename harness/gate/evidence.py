"""Whether a cell's evidence is what its report sealed."""

from pathlib import Path, PurePosixPath

from harness.files import sha256_of
from harness.model.report import CellReport, Evidence


def evidence_problem(directory: Path, report: CellReport) -> str:
    """The first piece of evidence that is not what the report says, in words; empty if all are."""
    for piece in report.evidence:
        problem = _problem(directory, piece)
        if problem:
            return problem
    return ""


def _problem(directory: Path, piece: Evidence) -> str:
    relative = PurePosixPath(piece.path)
    if relative.is_absolute() or ".." in relative.parts or "\\" in piece.path or "\0" in piece.path:
        return f"The report names evidence outside its folder: {piece.path!r}."
    path = directory / relative
    if not path.resolve().is_relative_to(directory.resolve()):
        return f"The evidence {piece.path!r} leads outside its folder."
    if not path.is_file():
        return f"The evidence {piece.path!r} is missing."
    if path.stat().st_size != piece.size or sha256_of(path) != piece.sha256:
        return f"The evidence {piece.path!r} was changed after the report was sealed."
    return ""
