"""`bvt trend`: what the last runs came to, and since when what fails."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.output import Output
from harness.history.store import History
from harness.model.errors import ConfigurationError
from harness.model.run_options import POOL
from harness.reports.news import age_words
from harness.reports.words import one_line


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trend")(ends(trend))


def trend(
    profile: Annotated[str, typer.Option("--profile", "-p", help="Agent profile.", show_default=False)],
    history: Annotated[
        str,
        typer.Option(
            "--history",
            envvar="BVT_HISTORY",
            help="The history: a file, or postgresql://USER@HOST/DATABASE.",
            show_default=False,
        ),
    ],
    pool: Annotated[str, typer.Option(POOL.flag, help=POOL.help)] = POOL.default,
    most: Annotated[int, typer.Option("--runs", min=1, max=1000, help="Runs to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the last runs of a profile, newest first, and since when each current failure has been there."""
    kept = History(history)
    if not kept.exists():
        raise ConfigurationError("there is no history here.", file=history, hint="Fill it: bvt run --history")
    runs = kept.runs(profile, pool, most)
    ages = kept.ages(profile, pool, runs[0].run_id) if runs else ()
    if as_json:
        document = {
            "runs": [asdict(each) | {"created": each.created.isoformat()} for each in runs],
            "failing": [each.model_dump(mode="json") for each in ages],
        }
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    output = Output(soft_wrap=True)
    lines = [
        f"{each.created:%Y-%m-%d %H:%M} UTC  {each.verdict}  {each.version}  {each.run_id}" for each in runs
    ]
    lines += [f"  {each.cell} {each.check}: {age_words([each], each.check, [each.cell])}" for each in ages]
    for line in lines or [f"no run of profile {profile} in pool {pool} yet"]:
        output.print(one_line(line), markup=False, highlight=False)
