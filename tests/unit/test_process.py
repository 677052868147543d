"""Programs run under limits, hand on what they say, and leave nothing behind."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from dubbing_pipeline.errors import (
    Cancelled,
    DubbingError,
    EngineMissing,
    OutOfSpace,
    ProgramFailed,
    ProgramOverLimit,
)
from dubbing_pipeline.utils.confinement import child_environment
from dubbing_pipeline.utils.process import (
    Conversation,
    Limits,
    dies_with_parent,
    network_isolation,
    run,
)
from lib.processes import ends_within, python
from lib.tools import lack

LIMITS = Limits(wall_s=20)

TREE = "sleep 300 & echo $! $$; wait"
"""A program with a child: it prints both numbers."""

HOLDER = """
import sys
from dubbing_pipeline.utils.process import Limits, run
run(["sh", "-c", "echo $$; exec sleep 300"], limits=Limits(wall_s=300),
    on_line=lambda line: print(line, flush=True))
"""


def shell(text: str, limits: Limits = LIMITS) -> bytes:
    return run(["sh", "-c", text], limits=limits).stdout


def failure_of(text: str, limits: Limits) -> DubbingError:
    with pytest.raises(DubbingError) as caught:
        shell(text, limits)
    return caught.value


def test_a_program_gives_what_it_prints() -> None:
    done = run(["sh", "-c", "echo out; echo err >&2"], limits=LIMITS)
    assert (done.stdout, done.stderr) == (b"out\n", "err")


def test_more_input_than_a_pipe_holds_comes_back_whole() -> None:
    data = bytes(range(256)) * 20_000
    assert run(["cat"], limits=LIMITS, stdin=data).stdout == data


def test_a_program_that_reads_no_input_does_not_fail() -> None:
    assert run(["true"], limits=LIMITS, stdin=b"x" * 1_000_000).stdout == b""


def test_lines_are_handed_on_one_by_one_with_the_last_unended_one() -> None:
    lines: list[str] = []
    done = run(["printf", "a\\r\\nb\\n\\nc"], limits=LIMITS, on_line=lines.append)
    assert (lines, done.stdout) == (["a", "b", "", "c"], b"")


def test_a_program_sees_only_the_allowed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBBING_PIPELINE_LLM_KEY", "secret")
    seen = dict(line.split("=", 1) for line in shell("env").decode().splitlines())
    assert set(seen) <= {*child_environment(), "PWD", "OLDPWD", "SHLVL", "_"}
    assert seen["LC_ALL"] == "C.UTF-8"


def test_a_name_added_to_the_environment_reaches_the_program() -> None:
    done = run(["sh", "-c", "echo $COLOUR"], limits=LIMITS, environment={"COLOUR": "blue"})
    assert done.stdout == b"blue\n"


def test_a_program_works_in_the_folder_it_is_given(tmp_path: Path) -> None:
    assert run(["pwd"], limits=LIMITS, cwd=tmp_path).stdout.decode().strip() == str(tmp_path)


def test_a_descriptor_passed_on_can_be_read_under_its_number(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("hello")
    with file.open() as opened:
        argv = ["cat", f"/proc/self/fd/{opened.fileno()}"]
        assert run(argv, limits=LIMITS, pass_fds=[opened.fileno()]).stdout == b"hello"


def test_a_missing_program_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(EngineMissing) as caught:
        run(["no-such-program"], limits=LIMITS)
    assert caught.value.code == "utils.program_missing"
    assert caught.value.params == {"program": "no-such-program", "fix": "./scripts/setup"}


def test_a_failure_keeps_the_end_of_the_error_output() -> None:
    error = failure_of("yes noise | head -c 100000 >&2; echo the end >&2; exit 3", LIMITS)
    assert isinstance(error, ProgramFailed)
    assert error.params["status"] == 3
    assert str(error.params["detail"]).endswith("the end")
    assert len(str(error.params["detail"])) <= 8192


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("sleep 300", Limits(wall_s=0.3), "utils.program_over_wall"),
        ("while :; do :; done", Limits(wall_s=20, cpu_s=1), "utils.program_over_cpu"),
        ("yes", Limits(wall_s=20, output_bytes=1000), "utils.program_over_output"),
    ],
)
def test_a_program_over_a_limit_is_stopped(text: str, limits: Limits, code: str) -> None:
    error = failure_of(text, limits)
    assert isinstance(error, ProgramOverLimit)
    assert error.code == code


def test_a_file_over_the_limit_is_cut_short_and_said(tmp_path: Path) -> None:
    limits = Limits(wall_s=20, file_bytes=10_000)
    error = failure_of(f"exec head -c 100000 /dev/zero > '{tmp_path}/big'", limits)
    assert error.code == "utils.program_over_file_size"
    assert (tmp_path / "big").stat().st_size <= 10_000


def test_memory_over_the_limit_is_said() -> None:
    limits = Limits(wall_s=20, memory_bytes=256 << 20)
    with pytest.raises(ProgramOverLimit) as caught:
        run([sys.executable, "-c", "bytearray(1 << 30)"], limits=limits)
    assert caught.value.code == "utils.program_over_memory"


def test_a_full_disk_is_said() -> None:
    assert isinstance(failure_of("cat /etc/passwd > /dev/full", LIMITS), OutOfSpace)


def test_a_line_without_end_is_stopped() -> None:
    limits = Limits(wall_s=20, output_bytes=1000)
    with pytest.raises(ProgramOverLimit):
        run(["cat", "/dev/zero"], limits=limits, on_line=lambda _line: None)


def test_no_socket_outside_can_be_reached() -> None:
    if network_isolation() != "kernel":
        lack("this kernel or container allows no network namespaces")
    code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = [sys.executable, "-c", code, str(server.getsockname()[1])]
        assert run(argv, limits=Limits(wall_s=20, deny_network=False)).stdout == b""
        with pytest.raises(ProgramFailed) as caught:
            run(argv, limits=LIMITS)
    assert "unreachable" in str(caught.value.params["detail"])


class Watched:
    """Collects the numbers a program prints, and cancels once it has them."""

    def __init__(self) -> None:
        self.pids: list[int] = []

    def read(self, line: str) -> None:
        self.pids = [int(word) for word in line.split()]

    def cancel(self) -> None:
        if self.pids:
            raise Cancelled("runner.cancelled")


def test_cancel_kills_the_program_and_its_children() -> None:
    watched = Watched()
    with pytest.raises(Cancelled):
        run(["sh", "-c", TREE], limits=LIMITS, on_line=watched.read, tick=watched.cancel)
    assert len(watched.pids) == 2
    assert all(ends_within(pid, 2) for pid in watched.pids)


def test_a_time_out_kills_the_program_and_its_children() -> None:
    watched = Watched()
    with pytest.raises(ProgramOverLimit):
        run(["sh", "-c", TREE], limits=Limits(wall_s=0.5), on_line=watched.read)
    assert len(watched.pids) == 2
    assert all(ends_within(pid, 2) for pid in watched.pids)


def test_an_error_of_the_reader_kills_the_program() -> None:
    watched = Watched()

    def read(line: str) -> None:
        watched.read(line)
        raise ProgramFailed("test.bad_line", line=line)

    with pytest.raises(ProgramFailed):
        run(["sh", "-c", TREE], limits=LIMITS, on_line=read)
    assert all(ends_within(pid, 2) for pid in watched.pids)


def test_a_child_that_outlives_its_program_is_killed_with_the_group() -> None:
    watched = Watched()
    run(["sh", "-c", "sleep 300 & echo $!"], limits=LIMITS, on_line=watched.read)
    assert ends_within(watched.pids[0], 2)


@pytest.mark.parametrize("whole_group", [False, True])
def test_killing_us_outright_ends_the_program(*, whole_group: bool) -> None:
    if not dies_with_parent():
        lack("setpriv is not installed")
    with python(HOLDER) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        if whole_group:
            os.killpg(holder.pid, signal.SIGKILL)
        else:
            holder.kill()
        assert ends_within(pid, 2)


def test_a_conversation_answers_line_by_line() -> None:
    with Conversation(["cat"], limits=LIMITS) as program:
        assert [program.ask("hé"), program.ask("two")] == ["hé", "two"]


def test_a_conversation_that_goes_silent_is_over_its_limit() -> None:
    with (
        Conversation(["sleep", "300"], limits=Limits(wall_s=0.3)) as program,
        pytest.raises(ProgramOverLimit),
    ):
        program.ask("hello")


def test_a_conversation_that_ends_says_why() -> None:
    argv = ["sh", "-c", "read line; echo broken >&2; exit 4"]
    with (
        Conversation(argv, limits=LIMITS) as program,
        pytest.raises(ProgramFailed) as caught,
    ):
        program.ask("hello")
    assert (caught.value.params["status"], caught.value.params["detail"]) == (4, "broken")


def test_a_conversation_leaves_no_process() -> None:
    with Conversation(["sh", "-c", "echo $$; exec cat"], limits=LIMITS) as program:
        pid = int(program.ask("x"))
    assert ends_within(pid, 2)
