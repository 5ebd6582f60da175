"""Forms that are sent in pieces."""

import io

import requests
from azure.core.rest import HttpRequest

from foundry.sandbox.emulator.files.forms import parse_forms
from foundry.service.forms import Form

DATA = bytes(range(256)) * 1000


def test_a_form_tells_its_length_and_may_be_sent_again():
    file = io.BytesIO(DATA)
    form = Form([("metadata", '{"a": "ü"}'), ("code", ("code.zip", file, "application/zip"))])

    first, second = b"".join(form), b"".join(form)

    assert first == second
    assert len(form) == len(first)
    assert max(map(len, form)) < len(DATA)
    told = {part.name: (part.filename, part.content) for part in parse_forms(form.content_type, first)}
    assert told == {"metadata": (None, '{"a": "ü"}'.encode()), "code": ("code.zip", DATA)}


def test_a_form_is_the_one_that_the_official_clients_send():
    parts = [("default", "True"), ("files", ("a.zip", DATA, "application/zip"))]
    sent = HttpRequest("POST", "https://x.example", files=parts)
    theirs = requests.Request("POST", sent.url, files=sent._files).prepare()
    boundary = theirs.headers["Content-Type"].partition("boundary=")[2].encode()
    form = Form(parts)
    ours = form.content_type.partition("boundary=")[2].encode()

    assert b"".join(form).replace(ours, boundary) == theirs.body
