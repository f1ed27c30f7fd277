"""The container recipe: read as Docker reads it, and run as far as that goes without one."""

import json
import re
import shlex
import signal
import subprocess
import sys

import httpx
import pytest
from dockerfile_parse import DockerfileParser

from sandbox.cli import _parser
from tests.examples.recipes import CI, PORT, free_port, judged, read
from tests.examples.strangers import strangers

PATIENCE = 60


def instructions():
    with (CI / "Dockerfile").open("rb") as file:
        return [(each["instruction"], each["value"]) for each in DockerfileParser(fileobj=file).structure]


def instruction(name):
    (value,) = [value for each, value in instructions() if each == name]
    return value


def entry(port=PORT):
    return json.loads(instruction("ENTRYPOINT").replace(f'"{PORT}"', f'"{port}"'))


def health(port=PORT):
    return json.loads(re.search(r"CMD (\[.*\])$", instruction("HEALTHCHECK"))[1].replace(f":{PORT}", f":{port}"))


def test_the_image_is_small_and_its_command_is_one_that_there_is():
    names = [name for name, _ in instructions() if name != "COMMENT"]
    assert names[0] == "FROM"
    assert instruction("FROM") == "python:3.11-slim"
    assert instruction("EXPOSE") == PORT
    command, *flags = entry()
    given = _parser().parse_args(flags)
    assert (command, given.host, given.port) == ("sandbox", "0.0.0.0", int(PORT))


def test_the_image_runs_without_root_and_holds_no_token():
    user = instruction("USER")
    assert re.search(rf"useradd .*--uid [1-9]\d+ {user}\b", instruction("RUN"))
    names = [name for name, _ in instructions()]
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert not {"ENV", "ARG", "ADD", "COPY"} & set(names)


def test_the_compose_file_keeps_the_schema_and_a_broken_one_does_not(tmp_path):
    assert judged("compose-spec", CI / "compose.yaml") == (0, "ok -- validation done\n")
    broken = tmp_path / "compose.yaml"
    broken.write_text((CI / "compose.yaml").read_text().replace("depends_on:", "depend_on:"))
    code, said = judged("compose-spec", broken)
    assert (code, "depend_on" in said) == (1, True)


def test_the_services_of_the_compose_file_find_one_another():
    services = read("compose.yaml")["services"]
    server, client = services["sandbox"], services["tests"]
    given = _parser().parse_args([*entry()[1:], *server["command"]])
    host, port = (
        httpx.URL(client["environment"]["SANDBOX_URL"]).host,
        httpx.URL(client["environment"]["SANDBOX_URL"]).port,
    )
    assert host in services
    assert host in given.allow_host
    assert port == given.port
    assert client["depends_on"] == {"sandbox": {"condition": "service_healthy"}}
    assert server["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert server["environment"]["SANDBOX_ADMIN_TOKEN"].startswith("${SANDBOX_ADMIN_TOKEN:?")
    (folder, inside, _) = client["volumes"][0].split(":")
    assert (CI / folder / "client.test.mjs").is_file()
    assert client["working_dir"] == inside


def test_the_image_does_not_start_without_a_token():
    done = subprocess.run(entry(0), env=strangers(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert "--admin-token" in done.stderr


def test_the_image_starts_with_a_token_is_healthy_and_stops_when_docker_says_so():
    port = free_port()
    flags = read("compose.yaml")["services"]["sandbox"]["command"]
    env = strangers(SANDBOX_ADMIN_TOKEN="a-token-of-the-environment")
    with subprocess.Popen([*entry(port), *flags], env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            printed = [server.stdout.readline() for _ in range(4)]
            asked = subprocess.run([sys.executable, *health(port)[1:]], env=env, capture_output=True, timeout=PATIENCE)
            key = {"Authorization": "Bearer ak_test_enterprise_container", "Host": f"sandbox:{port}"}
            steered = httpx.get(f"http://127.0.0.1:{port}/__admin/clock", headers=key, timeout=PATIENCE)
        finally:
            server.send_signal(signal.SIGTERM)
            rest, _ = server.communicate(timeout=PATIENCE)
    assert printed[0] == f"aikraft: http://0.0.0.0:{port}/v1\n"
    assert (asked.returncode, steered.status_code, rest) == (0, 200, "")


def test_the_health_check_fails_where_nobody_answers():
    asked = subprocess.run([sys.executable, *health(free_port())[1:]], capture_output=True, timeout=PATIENCE)
    assert asked.returncode == 1


@pytest.mark.parametrize("line", re.findall(r"^# (\w+=\S.*)$", (CI / "compose.yaml").read_text(), re.MULTILINE))
def test_the_call_that_the_compose_file_shows_is_one_for_a_shell(line):
    assert subprocess.run(["bash", "-n", "-c", line], timeout=PATIENCE).returncode == 0
    assert "docker" in shlex.split(line)
