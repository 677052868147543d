"""Facts of the machine that numbers depend on."""

import os
import platform

from samples.programs import ProgramBroke, run


def machine_line() -> str:
    """Describe the machine, without its name or the date, and how busy it was just now."""
    cores = len(os.sched_getaffinity(0))
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{cores} cores, {memory_gib:.0f} GiB of memory, no GPU used, {platform.machine()}, "
        f"Linux, CPython {platform.python_version()}, {_ffmpeg()}. "
        f"Load average of the last five minutes {os.getloadavg()[1]:.1f}: wall times of a machine "
        "that does nothing else are shorter the more this is above 2."
    )


def _ffmpeg() -> str:
    try:
        words = run(["ffmpeg", "-version"]).split()
    except ProgramBroke:
        return "no ffmpeg"
    return f"ffmpeg {words[2]}"
