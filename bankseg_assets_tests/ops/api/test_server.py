"""Tests of the scoring API over HTTP: answers, errors, new releases and privacy."""

import html
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bankseg_assets.release.releases import Refusal, note_refusal
from bankseg_assets.scoring.answers import NO_ACTION
from bankseg_assets.scoring.inputs import problem
from bankseg_assets.scoring.lists.actions import ACTIONS
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.app.odd_models import ONE_SEGMENT, REFUNDS, SPENDING
from bankseg_assets_tests.app.publishing import publish, release, write_model
from bankseg_assets_tests.ops.api.serving import Client, serving
from bankseg_assets_tests.scoring.lists.sample_lists import (
    FORM_INPUTS,
    FREQUENCY,
    GENDER,
    MONETARY,
    ONCE,
    ONCE_CONFIDENCE,
)
from ops.api import schema, server
from tools.load import api

ROOT = Path(__file__).parents[3]
CALL_THEM = [{"segment": 0, "action": "Call them"}]
CANARY = "CANARY730539118264"
EVIL = "http://evil.example"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Client]:
    """A server of a platform without a release."""
    with serving(tmp_path) as found:
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Client]:
    """A server with a model, for a single test."""
    publish(tmp_path, inputs=FORM_INPUTS)
    with serving(tmp_path) as found:
        yield found


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30  # a loaded machine took over 10 to start the command
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_score_returns_segment_probabilities_and_model(client: Client) -> None:
    found = client.post("/score", ONCE)
    assert found.status == 200
    assert found.json == {
        "id": None,
        "segment": 0,
        "segment_id": None,
        "name": "Small spenders",
        "probability": ONCE_CONFIDENCE,
        "sure": True,
        "action": None,
        "note": None,
        "probabilities": {
            "Small spenders": ONCE_CONFIDENCE,
            "Frequent spenders": 0.0,
            "Big spenders": 0.000509,
        },
        "model_version": "first",
        "snapshot_date": "2016-10-22",
    }


@pytest.mark.parametrize("customer", [{}, {"frequency": None, "monetary": None}])
def test_score_without_inputs_returns_the_prior(client: Client, customer: dict[str, None]) -> None:
    found = client.post("/score", customer).json
    assert (found["probability"], found["sure"]) == (0.5, False)
    assert list(found["probabilities"].values()) == [0.5, 0.3, 0.2]


def test_score_refuses_an_invalid_value(client: Client) -> None:
    found = client.post("/score", {"frequency": 0, "monetary": "12"})
    assert found.status == 422
    assert found.detail == (
        "Number of transactions must be from 1 to 500 transactions; found 0. "
        "Sum of the amounts must be from 0 to 2,000,000 INR; found '12'."
    )


def test_score_refuses_an_unknown_input(client: Client) -> None:
    found = client.post("/score", {"frequenzy": 1})
    assert (found.status, found.detail) == (
        422,
        "'frequenzy' is not an input of the model (is it frequency?); expected frequency, "
        "monetary.",
    )


@pytest.mark.parametrize("text", [b'{"frequency": NaN}', b'{"frequency": 1e999}'])
def test_score_refuses_nan_and_infinity(client: Client, text: bytes) -> None:
    found = client.post_bytes("/score", text)
    assert found.status == 422
    assert found.detail.startswith("Number of transactions must be from 1 to 500")


def test_batch_keeps_order_and_isolates_errors(
    client: Client,
) -> None:
    found = client.post("/score/batch", [ONCE, {"frequency": 0}, {}])
    assert found.status == 200
    answers = found.json.pop("answers")
    assert {key: found.json[key] for key in ("failed", "model_version", "snapshot_date")} == {
        "failed": 1,
        "model_version": "first",
        "snapshot_date": "2016-10-22",
    }
    assert [one.get("probability") for one in answers] == [ONCE_CONFIDENCE, None, 0.5]
    sentence = problem(FREQUENCY, 0)
    assert answers[1] == {
        "id": None,
        "index": 1,
        "error": sentence,
        "errors": [{"field": "frequency", "detail": sentence}],
    }


def test_batch_reports_each_field_of_each_item(client: Client) -> None:
    wrong = {"id": "B", "frequency": 0, "monetary": "12", "frequenzy": 1}
    found = client.post("/score/batch", [ONCE | {"id": 7}, wrong, 3, ONCE | {"id": [1]}]).json
    scored, invalid, no_object, no_id = found["answers"]
    assert found["failed"] == 3
    assert (scored["id"], scored["segment"]) == (7, 0)
    assert (invalid["id"], invalid["index"]) == ("B", 1)
    assert [one["field"] for one in invalid["errors"]] == ["frequency", "monetary", "frequenzy"]
    assert invalid["error"] == " ".join(one["detail"] for one in invalid["errors"])
    assert no_object["errors"] == [
        {"field": None, "detail": "Expected an object of known inputs; found 3."}
    ]
    assert (no_id["id"], no_id["errors"][0]["field"]) == (None, "id")


def test_score_returns_the_id(client: Client) -> None:
    assert client.post("/score", ONCE | {"id": "C-1"}).json["id"] == "C-1"
    assert client.post("/score", {"id": True}).json["errors"] == [
        {"field": "id", "detail": "id must be a text or a whole number; found true."}
    ]


def test_all_errors_have_one_shape(client: Client) -> None:
    found = [
        client.get("/nowhere"),
        client.get("/score"),
        client.post_bytes("/score", b" " * (server.MAX_BODY_BYTES + 1)),
        client.post("/score", {"frequency": 0}),
        client.post("/score", [1]),
        client.get("/health", Host="evil.example"),
    ]
    assert [one.status for one in found] == [404, 405, 413, 422, 422, 403]
    for one in found:
        assert set(one.json) == {"status", "detail", "errors"}
        assert one.json["status"] == one.status
        assert one.detail.endswith(".")
    assert found[3].json["errors"] == [{"field": "frequency", "detail": found[3].detail}]
    assert "/docs" in found[0].detail


@pytest.mark.parametrize("path", ["/health", "/model", "/docs", "/openapi.json"])
def test_head_is_answered_without_a_body(client: Client, path: str) -> None:
    found = client.head(path)
    assert (found.status, found.text) == (200, "")


def test_batch_of_an_empty_list_is_empty(client: Client) -> None:
    assert client.post("/score/batch", []).json["answers"] == []


def test_batch_is_limited_to_ten_thousand_customers(client: Client) -> None:
    assert len(client.post("/score/batch", [ONCE] * 10_000).json["answers"]) == 10_000
    found = client.post("/score/batch", [ONCE] * 10_001)
    assert found.status == 422
    assert "at most 10,000" in found.detail


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/score", b"[]"),
        ("/score", b"{"),
        ("/score", b""),
        ("/score", b"\xff"),
        ("/score/batch", b"{}"),
        ("/score/batch", b"[" * 100_000),
    ],
)
def test_invalid_json_is_answered_with_what_is_expected(
    client: Client, path: str, body: bytes
) -> None:
    found = client.post_bytes(path, body)
    assert found.status in (400, 422)
    assert "input" not in found.json  # the framework would repeat what was sent
    assert CANARY not in found.text


def test_property_of_a_text_input() -> None:
    found = schema.openapi(server.build_api(Path("nowhere")), [GENDER])
    assert found["components"]["schemas"]["Customer"]["properties"]["gender"] == {
        "type": ["string", "null"],
        "title": "Gender",
        "description": "As the bank has it.",
    }


def test_only_application_json_is_read(client: Client) -> None:
    """A form of another site can post text/plain without a preflight request."""
    found = client.post_bytes("/score", json.dumps(ONCE).encode(), kind="text/plain")
    assert found.status == 422
    assert "application/json" in found.detail


def test_body_over_the_limit_is_refused(client: Client) -> None:
    assert client.post_bytes("/score", b" " * (server.MAX_BODY_BYTES + 1)).status == 413
    assert client.post("/score", ONCE).status == 200


def test_model_is_described_without_sizes(client: Client) -> None:
    found = client.get("/model").json
    assert [one["measure"] for one in found["inputs"]] == ["frequency", "monetary"]
    assert found["inputs"][1] | {"help": ""} == {
        "measure": "monetary",
        "label": "Sum of the amounts",
        "unit": "INR",
        "help": "",
        "minimum": 0,
        "maximum": 2_000_000,
    }
    assert found["segments"][0]["name"] == "Small spenders"
    assert "customers" not in found["segments"][0]
    assert found["metrics"]["f1_weighted"] == 0.981


def test_openapi_lists_the_inputs_of_the_model(client: Client) -> None:
    found = client.get("/openapi.json").json
    assert set(found["paths"]) == {
        *("/health", "/model", "/score", "/score/batch", "/score/list"),
        *("/audiences", "/control-group", "/customers", "/customers/{customer_id}"),
        *("/forecast", "/campaigns", "/campaigns/plan", "/campaigns/{campaign_id}"),
        *(f"/campaigns/{{campaign_id}}/{end}" for end in ("results", "list", "end")),
    }
    customer = found["components"]["schemas"]["Customer"]
    assert customer["properties"]["monetary"] == {
        "type": ["number", "null"],
        "title": MONETARY.label,
        "description": "Over all these transactions. Unit: INR.",
        "minimum": 0,
        "maximum": 2_000_000,
    }
    score = found["paths"]["/score"]["post"]
    assert set(score["responses"]) == {"200", "422", "503"}
    refused = score["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
    assert refused.endswith("/Refusal")


def test_docs_describe_the_api_without_other_sites(client: Client) -> None:
    found = client.get("/docs")
    assert found.status == 200
    for expected in ("POST /score/batch", MONETARY.label, "0 to 2,000,000", "BatchAnswer"):
        assert expected in found.text
    assert "<script" not in found.text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", found.text)


def test_example_of_the_docs_can_be_sent(client: Client) -> None:
    example = re.search(r"-d '(\{.*?\})' ", html.unescape(client.get("/docs").text))
    assert example is not None
    assert client.post("/score", json.loads(example[1])).status == 200


@pytest.mark.parametrize("path", ["/redoc", "/"])
def test_documentation_pages_are_disabled(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_refused_first_model_is_explained(empty: Client) -> None:
    """The answer does not advise another run, which would be refused too."""
    note_refusal(
        empty.data_dir / "published", Refusal(run_id="run", at="now", reasons=("3 rows are lost.",))
    )
    found = empty.post("/score", {})
    assert found.status == 503
    assert "the first one was refused. 3 rows are lost." in found.detail
    assert "make materialize" not in found.detail


def test_score_with_one_segment_and_refunds(tmp_path: Path) -> None:
    publish(tmp_path, **ONE_SEGMENT)
    with serving(tmp_path) as client:
        assert client.get("/model").json["warnings"] == ONE_SEGMENT["warnings"]
        found = client.post("/score", {"recency": 1}).json
        assert (found["name"], found["probability"]) == ("All customers", 1.0)
        publish(tmp_path, **REFUNDS)
        refund = {"frequency": 1, "monetary": -250.5}
        assert eventually(lambda: client.post("/score", refund).status == 200)
        assert client.post("/score", {"monetary": -3e6}).status == 422


def test_api_serves_the_first_model_once_released(empty: Client) -> None:
    assert empty.get("/health").json["status"] == "no model"
    assert empty.get("/openapi.json").status == 200
    for found in (empty.get("/model"), empty.post("/score", {}), empty.post("/score/batch", [])):
        assert found.status == 503
        assert found.detail == "No model has been released yet. Run `make materialize`."
    publish(empty.data_dir, inputs=FORM_INPUTS)
    assert eventually(lambda: empty.get("/health").json["status"] == "ok")
    assert empty.post("/score", ONCE).status == 200


def test_api_switches_to_a_new_release(own: Client) -> None:
    publish(own.data_dir, inputs=FORM_INPUTS, version="second")
    assert eventually(lambda: own.post("/score", ONCE).json["model_version"] == "second")


def test_answer_has_the_recommended_action(own: Client) -> None:
    publish(own.data_dir, {ACTIONS: CALL_THEM}, inputs=FORM_INPUTS, version="second")
    assert eventually(lambda: own.post("/score", ONCE).json["model_version"] == "second")
    assert own.post("/score", ONCE).json["action"] == "Call them"
    found = own.post("/score/batch", [ONCE, {"frequency": 40}, {"frequency": 0}]).json["answers"]
    # The release has no recommendation for the second customer's segment.
    assert [one.get("action", "no key") for one in found] == ["Call them", None, "no key"]


def test_uncertain_answer_has_a_note_instead_of_an_action(own: Client) -> None:
    publish(own.data_dir, {ACTIONS: CALL_THEM}, inputs=FORM_INPUTS, version="second")
    assert eventually(lambda: own.post("/score", ONCE).json["action"] == "Call them")
    found = own.post("/score", {}).json
    assert (found["sure"], found["action"], found["note"]) == (False, None, NO_ACTION)
    (one,) = own.post("/score/batch", [{}]).json["answers"]
    assert (one["action"], one["note"]) == (None, NO_ACTION)


def test_unreadable_actions_do_not_prevent_scoring(own: Client) -> None:
    release_dir = publish(own.data_dir, {ACTIONS: CALL_THEM}, inputs=FORM_INPUTS, version="second")
    assert eventually(lambda: own.post("/score", ONCE).json["action"] == "Call them")
    for file in (release_dir.parents[1] / ACTIONS).rglob("*.parquet"):
        file.write_bytes(b"damaged")
    assert own.post("/score", ONCE).json["action"] == "Call them"  # read before
    with serving(own.data_dir) as restarted:
        found = restarted.post("/score", ONCE)
    assert (found.status, found.json["action"]) == (200, None)


def test_api_falls_back_on_the_last_good_model(own: Client) -> None:
    broken = write_model(own.data_dir, inputs=FORM_INPUTS, version="second")
    (broken / DOCUMENT_FILE).write_text("{", encoding="utf-8")
    release(own.data_dir, broken, sha256="0" * 64)
    assert eventually(lambda: "cannot be read" in own.get("/health").json["problem"])
    assert own.get("/health").json["status"] == "ok"
    assert own.post("/score", ONCE).json["model_version"] == "first"


def test_health_shows_warnings_and_refusal(own: Client) -> None:
    """Monitoring sees that a newer release was refused, and why."""
    found = own.get("/health").json
    assert (found["warnings"], found["refused"]) == ([], None)
    model = write_model(own.data_dir, inputs=FORM_INPUTS, version="second")
    sha256 = json.loads((model / DOCUMENT_FILE).read_text(encoding="utf-8"))["sha256"]
    release(own.data_dir, model, sha256, warnings=["No balances."])
    refused = Refusal(
        run_id="run", at="2026-01-01T00:00:00+00:00", reasons=("4,026 customers are lost.",)
    )
    note_refusal(own.data_dir / "published", refused)
    assert eventually(lambda: own.get("/health").json["refused"] is not None)
    found = own.get("/health").json
    assert found["warnings"] == ["No balances."]
    assert found["refused"] == {"at": refused.at, "reasons": list(refused.reasons)}
    assert found["status"] == "ok"


def test_follow_retries_after_an_error(
    own: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OSError(CANARY)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(server, "renew", fails)
        assert eventually(lambda: "releases cannot be read: OSError" in caplog.text)
    assert CANARY not in caplog.text
    publish(own.data_dir, inputs=FORM_INPUTS, version="second")
    assert eventually(lambda: own.get("/health").json["model_version"] == "second")


@pytest.mark.parametrize("path", ["/score", "/score/batch"])
def test_errors_are_logged_without_request_data(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    path: str,
) -> None:
    def fails(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(server, "answers", fails)
    with caplog.at_level(logging.DEBUG):
        found = client.post(path, [ONCE] if path.endswith("batch") else ONCE)
        assert eventually(lambda: "A request failed: ValueError in " in caplog.text)
    assert found.status == 500
    assert found.detail == "The server failed (ValueError). See the server's log."
    streams = capfd.readouterr()
    assert CANARY not in caplog.text + streams.out + streams.err + found.text


def test_requests_are_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get(f"/score?customer={CANARY}")
        client.get(f"/{CANARY}")
        client.post("/score", {"frequency": CANARY})
        client.post("/score", {CANARY: 1})
        client.post("/score/batch", [{CANARY: CANARY}])
        client.post_bytes("/score", f'{{"{CANARY}"'.encode())
    streams = capfd.readouterr()
    assert CANARY not in caplog.text + streams.out + streams.err


def test_only_allowed_hosts_are_answered(client: Client) -> None:
    assert client.get("/health", Host="scoring.bank").status == 200
    for host in ("evil.example", "10.0.0.1:8600", ""):
        assert client.post("/score", ONCE, Host=host).status == 403


def test_cross_site_requests_are_refused(client: Client) -> None:
    assert client.post("/score", ONCE, Origin=EVIL).status == 403
    assert client.post("/score", ONCE, Origin="null").status == 403
    assert client.get("/health", Origin=f"http://127.0.0.1:{client.port}").status == 200


def test_telemetry_stays_disabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    built = server.build_api(tmp_path)
    telemetry = built._telemetry
    assert not any(telemetry[key] for key in ("tracing", "metrics", "logs", "auto_configure"))


@pytest.mark.subprocess
def test_command_serves_until_a_signal(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environ = os.environ | {"BANKSEG_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "ops.api.server", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    ) as server:
        client = Client(port, tmp_path)

        def answers() -> bool:
            try:
                return client.get("/health").status == 200
            except OSError:
                return False

        try:
            assert eventually(answers)
            listening = _addresses(server.pid)
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=20)
        finally:
            server.kill()  # else a failure waits for it for ever
    assert listening == {("127.0.0.1", port)}


def test_command_reports_a_port_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert server.main(["--port", str(listener.getsockname()[1])]) == 2
    assert "in use" in capsys.readouterr().err
    monkeypatch.setenv("BANKSEG_API_PORT", "0")
    assert server.main([]) == 2
    assert "BANKSEG_API_PORT is 0; expected a port" in capsys.readouterr().err


@pytest.mark.slow
def test_load_script_counts_answers_and_refusals(
    own: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--port", str(own.port), "--rate", "100", "--seconds", "0.5", "--connections", "4"]
    # This model has two of the four inputs that are sent.
    assert api.main(common) == 1
    publish(
        own.data_dir,
        inputs=[*FORM_INPUTS, *({**FORM_INPUTS[1], "measure": m} for m in OTHERS)],
    )
    assert eventually(lambda: len(own.get("/model").json["inputs"]) == 4)
    capsys.readouterr()
    assert api.main(common) == 0
    output = capsys.readouterr().out
    assert output.startswith("50 answered, 0 not, ")
    assert "p95 " in output


def test_api_describes_spending_where_the_direction_is_known(own: Client) -> None:
    before = own.get("/model").json
    assert before["direction_known"] is False
    assert "median_income" not in before["segments"][0]
    customer = own.get("/openapi.json").json["components"]["schemas"]["Customer"]
    assert "description" not in customer
    publish(own.data_dir, **SPENDING)
    assert eventually(lambda: own.get("/model").json["direction_known"])
    found = own.get("/model").json
    assert found["inputs"][0]["label"] == "Number of spending transactions"
    assert [one["median_income"] for one in found["segments"]] == [2000.0, 0.0, 4000.0]
    customer = own.get("/openapi.json").json["components"]["schemas"]["Customer"]
    assert customer["description"] == schema.SPENDING_ALONE
    assert customer["properties"]["frequency"]["title"] == "Number of spending transactions"
    refused = own.post("/score", {"frequency": 2, "income": 30_000})
    assert refused.status == 422
    assert "'income' is not an input of the model" in refused.detail


OTHERS = ("recency", "average_balance")


def _addresses(pid: int) -> set[tuple[str, int]]:
    """Return the addresses on which a process listens, from /proc."""
    sockets = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            sockets.add(str(path.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                name = ".".join(str(part) for part in bytes.fromhex(address)[::-1])
                found.add((name, int(port, 16)))
    return found


def test_unsure_answer_has_no_action(tmp_path: Path) -> None:
    publish(tmp_path, {ACTIONS: CALL_THEM}, inputs=FORM_INPUTS)
    with serving(tmp_path) as client:
        found = client.post("/score", {}).json
    assert not found["sure"]
    assert found["action"] is None
