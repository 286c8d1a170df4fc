"""What is said of a PostgreSQL database that cannot be used."""

from __future__ import annotations

import pytest

from hotplate.engines.postgres import database
from hotplate.engines.postgres.database import Database
from hotplate.errors import Unavailable


def test_what_keeps_it_from_being_reached_is_the_cause_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE_S", 1)
    with pytest.raises(Unavailable) as caught:
        Database("postgresql://me:secret@127.0.0.1:1/none")
    said = str(caught.value.__cause__)
    assert "port 1 failed: Connection refused" in said
    assert "secret" not in said
    assert "\n" not in said
