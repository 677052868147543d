"""`python -m dubbing_pipeline` is `dub`."""

from dubbing_pipeline.cli import cli

cli(prog_name="dub")
