"""Agent profiles held against the installer that they describe: disagreements, and first drafts."""
