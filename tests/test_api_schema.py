"""The contract: every documented call is made and its answer held against the document; schemathesis looks for more."""
import io
import json
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
import schemathesis
from helpers import PROJECT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from steady import LABELS, PlayedCamera, SteadyRecognizer

from fer_nb.serve import Service


@contextmanager
def composed(**options):
    "A service whose recognizer sees a face in every picture."
    service = Service(PlayedCamera(), SteadyRecognizer(), **options)
    yield service
    service.close()


@pytest.fixture(scope="module")
def app():
    "No limits that a fast test would reach."
    with composed(rate=10**6, limit=10**6) as service:
        service.warm()
        yield service.app


@pytest.fixture(scope="module")
def schema(app):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.fixture(scope="module")
def contract(app):
    return app.test_client().get("/api/openapi.json").json


class Caller:
    "Makes calls and remembers which of the documented answers it has seen."

    def __init__(self, app, contract):
        self.client, self.contract, self.seen = app.test_client(), contract, set()

    def call(self, method, path, expected, at=None, **options):
        "The answer, after a look at its status, its kind and its shape; `at` is the documented path where `path` is another."
        answer = self.client.open(path, method=method, **options)
        documented = (at or path.split("?")[0], method.lower())
        assert answer.status_code == expected, answer.text
        operation = self.contract["paths"][documented[0]][documented[1]]
        description = resolved(self.contract, operation["responses"][str(expected)])
        content = description.get("content", {})
        if content:
            assert answer.mimetype in content, (answer.mimetype, content)
            schema = content[answer.mimetype].get("schema")
            if answer.is_json and schema:
                check(self.contract, schema, answer.json)
        else:
            assert expected == 303 or not answer.data
        self.seen.add((*documented, str(expected)))
        return answer


def documented_calls(contract):
    "Pairs of a path and a method."
    return [(path, method) for path, calls in contract["paths"].items() for method in calls]


def resolved(contract, node):
    "The node, or what it refers to."
    while "$ref" in node:
        found = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def check(contract, schema, data):
    "Hold the data against a schema of the document."
    Draft202012Validator({**schema, "components": contract["components"]}).validate(data)


def test_every_documented_call(app, contract, photo, tmp_path, monkeypatch):
    caller = Caller(app, contract)
    call, data, jpeg = caller.call, photo.read_bytes(), {"content_type": "image/jpeg"}
    for path in ("/", "/api/openapi.json", "/api/docs", "/healthz", "/metrics"):
        call("GET", path, 200)
    call("GET", "/?token=any", 303)
    device = "/device/{name}"
    with monkeypatch.context() as patched:
        patched.setattr("fer_nb.web._RUNTIME", tmp_path)  # LiteRT.js was never fetched
        assert "litert_js" in call("GET", "/device/constants.json", 400, at=device).json["error"]
    assert call("GET", "/device/constants.json", 200, at=device).json["model"]["labels"] == list(LABELS)
    tag = call("GET", "/device/model.tflite", 200, at=device).headers["ETag"]
    call("GET", "/device/model.tflite", 304, at=device, headers={"If-None-Match": tag})
    call("GET", "/device/else", 404, at=device)

    answer = call("POST", "/api/predict", 200, data=data, **jpeg).json
    assert (answer["source"], answer["frame"], answer["seconds"], answer["model"]) == ("", 0, None, "steady")
    assert [(face["track"], face["label"], list(face["raw"])) for face in answer["faces"]] == [(None, "happy", list(LABELS))]
    files = {"image": [(io.BytesIO(data), "good.jpg"), (io.BytesIO(b"bad"), "bad.jpg")]}
    several = call("POST", "/api/predict", 200, data=files).json["images"]
    assert ["faces" in several[0], "error" in several[1]] == [True, True]
    call("POST", "/api/predict", 400, data=b"no image", **jpeg)
    call("POST", "/api/predict", 413, data=bytes(17 * 2**20), **jpeg)
    call("POST", "/api/predict", 415, data=b"{}", content_type="application/json")

    session = call("POST", "/api/sessions", 201).json["session"]
    frames = f"/api/frames?session={session}&frame=1"
    assert call("POST", frames, 200, data=data, **jpeg).json["faces"][0]["track"] == 1
    assert call("POST", frames, 200, data=data, **jpeg).json["dropped"]
    call("POST", frames, 400, data=b"no image", **jpeg)
    call("POST", frames, 413, data=bytes(3 * 2**20), **jpeg)
    call("POST", frames, 415, data=data, content_type="text/plain")
    call("POST", "/api/frames?session=none", 410, data=data, **jpeg)

    events = call("GET", f"/api/events?session={session}", 200)
    check(contract, contract["components"]["schemas"]["FrameFaces"], json.loads(next(events.response)[6:]))
    events.close()
    one = "/api/sessions/{session_id}"
    call("DELETE", f"/api/sessions/{session}", 204, at=one)
    call("DELETE", f"/api/sessions/{session}", 410, at=one)
    session = call("POST", "/api/sessions", 201).json["session"]
    call("POST", f"/api/sessions/{session}/end", 204, at=one + "/end")
    call("POST", f"/api/sessions/{session}/end", 410, at=one + "/end")
    call("GET", f"/api/events?session={session}", 410)

    events = call("GET", "/api/events", 200)
    states = []
    while states[-1:] != ["playing"]:
        event = json.loads(next(events.response)[6:])
        check(contract, contract["components"]["schemas"]["CameraEvent"], event)
        states.append(event["state"])
    assert (event["source"], len(event["faces"])) == ("A played camera", 1)
    events.close()
    asked = call("GET", "/api/live?viewer=somebody&seen=0&width=320", 200)
    told = asked.data.split(b"\r\n\r\n")[1].split(b"\r\n--")[0]
    check(contract, contract["components"]["schemas"]["CameraEvent"], json.loads(told))
    assert b"\xff\xd8" in asked.data and json.loads(told)["state"] == "playing"
    call("GET", "/api/live?viewer=me", 400)
    call("POST", "/api/live/end?viewer=somebody", 204)
    call("POST", "/api/live/end", 400)
    feed = call("GET", "/video_feed", 200)
    assert next(feed.response).startswith(b"--frame")
    feed.close()

    common = {"401", "403", "429", "503"}  # of every call: see the next test
    documented = {
        (path, method, status)
        for path, method in documented_calls(contract)
        for status in contract["paths"][path][method]["responses"]
    }
    assert {it for it in documented - caller.seen if it[2] not in common} == set()


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_what_every_call_may_answer(contract, status):
    "A token that is missing, another site, too many requests, and a server that stops."
    options = {401: {"token": "a-token-of-ours"}, 403: {}, 429: {"rate": 0.001}, 503: {}}[status]
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"} if status == 403 else {}
    with composed(**options) as service:
        caller = Caller(service.app, contract)
        if status == 503:
            service.close()
        for path, method in documented_calls(contract):
            if (path, status) not in {("/healthz", 401), ("/healthz", 429)}:
                asked = path.replace("{session_id}", "any").replace("{name}", "model.tflite")
                caller.call(method.upper(), asked, status, at=path, headers=headers)


def test_server_that_starts(contract):
    with composed() as service:
        assert Caller(service.app, contract).call("GET", "/healthz", 503).json == {"status": "starting"}


def test_routes_and_document_are_the_same(app, contract):
    documented = {(method.upper(), path) for path, method in documented_calls(contract)}
    routes = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules() if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert documented == routes


def test_document_is_openapi(schema):
    schema.validate()
    assert schema.specification.version == "3.1.0"


# schemathesis: calls that the document allows, and some that it doesn't. The endless streams are left out.

JPEG = cv2.imencode(".jpg", np.full((64, 64, 3), 128, np.uint8))[1].tobytes()
for kind in ("image/jpeg", "image/png", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, st.one_of(st.just(JPEG), st.binary(max_size=1000)))
CHECKS = [
    schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]


def finite_calls():
    document = json.loads((PROJECT / "fer_nb" / "static" / "openapi.json").read_text())
    return [call for call in documented_calls(document) if call[0] not in ("/video_feed", "/api/events")]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=["allowed", "not allowed"])
@pytest.mark.parametrize("path, method", finite_calls())
def test_schemathesis(app, schema, path, method, mode):
    client = app.test_client()

    @settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def fuzz(case):
        if path == "/api/frames" and "session" in (case.query or {}):
            case.query["session"] = client.post("/api/sessions").json["session"]  # any other is refused before it is looked at
        case.call_and_validate(checks=CHECKS)

    try:
        fuzz()
    except Unsatisfiable:
        if mode == GenerationMode.POSITIVE:
            raise
        pytest.skip("there is no wrong way to make this call")
