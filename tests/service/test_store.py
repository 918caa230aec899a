"""The database file: one schema however it came about, and files that are refused untouched."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel
from together_mock.bootstrap import StartError, build_world
from together_mock.settings import Settings
from together_mock.store import migrate, records
from together_mock.store.database import SCHEMA_VERSION, Database


def query(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as store:
        rows = store.execute(statement).fetchall()
        store.commit()
        return rows


def schema(file: Path) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, as SQLite understands them."""
    tables = query(file, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {table: _table(file, table) for (table,) in tables}


def _table(file: Path, table: str) -> dict[str, Any]:
    indexes = {
        # SQLite numbers the indexes of constraints in the order in which it meets them.
        (name if origin == "c" else "", unique, *query(file, f"PRAGMA index_info('{name}')"))
        for _, name, unique, origin, _ in query(file, f"PRAGMA index_list('{table}')")
    }
    columns = query(file, f"PRAGMA table_info('{table}')")
    keys = {row[2:] for row in query(file, f"PRAGMA foreign_key_list('{table}')")}
    # What an index is of may be an expression.
    made = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    statements = set(query(file, f"{made} AND tbl_name = '{table}'"))
    return {"columns": columns, "indexes": indexes, "keys": keys, "statements": statements}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_new_store_has_the_schema_that_the_migrations_make(tmp_path, file):
    """Created at once or brought up from nothing: tables, columns, keys and indexes are equal."""
    Database(str(file)).close()
    migrated = tmp_path / "migrated.db"
    migrate.upgrade(migrated)
    assert schema(file) == schema(migrated)
    versions = [query(store, "SELECT * FROM alembic_version") for store in (file, migrated)]
    assert versions == 2 * [[(SCHEMA_VERSION,)]]


# It cannot tell what an index on an expression is of; the test before this one can.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_tables_are_what_the_newest_migration_leaves(file):
    """Alembic finds nothing to do between the store and the tables of the code."""
    Database(str(file)).close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "record"),
    [
        ("project", records.ProjectRecord),
        ("endpoint", records.EndpointRecord),
        ("deployment", records.DeploymentRecord),
        ("event", records.EventRecord),
        ("usage", records.UsageRecord),
    ],
)
def test_records_are_the_columns_of_their_tables(table, record):
    """Rows are read and inserted by position."""
    assert record._fields == tuple(SQLModel.metadata.tables[table].columns.keys())


def test_a_store_is_opened_as_often_as_one_likes(file):
    """Opening changes neither the schema nor the version, and leaves no side files behind."""
    Database(str(file)).close()
    before = file.read_bytes()
    Database(f"sqlite:///{file}").close()
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_private_store_is_removed(tmp_path, monkeypatch):
    """Without a file there is a temporary one, which is gone after closing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = Database(None)
    assert store.path.parent == tmp_path
    store.close()
    assert list(tmp_path.iterdir()) == []


def newer(file: Path) -> None:
    Database(str(file)).close()
    query(file, "UPDATE alembic_version SET version_num = '9999'")


def foreign(file: Path) -> None:
    query(file, "CREATE TABLE cats (name TEXT)")


def versionless(file: Path) -> None:
    Database(str(file)).close()
    query(file, "DELETE FROM alembic_version")


def text(file: Path) -> None:
    file.write_text("A cat is not a database. " * 100)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (newer, "made by another version of together-mock (schema 9999, this one knows 0002)"),
        (foreign, "not a database of together-mock"),
        (versionless, "not a database of together-mock"),
        (text, "file is not a database"),
        (Path.mkdir, "unable to open database file"),
    ],
    ids=["newer", "foreign", "versionless", "text", "directory"],
)
def test_a_file_that_cannot_be_used_is_refused_and_left_alone(file, make, reason):
    """The error names the option, the file and the reason, in one line; not a byte is changed."""
    make(file)
    before = file.is_file() and file.read_bytes()
    with pytest.raises(StartError) as error:
        build_world(Settings(database=str(file)))
    assert str(error.value) == f"--database: {file}: {reason}"
    assert (file.is_file() and file.read_bytes()) == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("url", ["postgresql://host/db", "sqlite://", "sqlite:///"])
def test_a_url_that_is_no_sqlite_file_is_refused(url):
    """Other databases are not there yet; a URL without a file is a mistake."""
    with pytest.raises(StartError, match=r"^--database: .*only a file or a sqlite:///FILE URL"):
        build_world(Settings(database=url))


@pytest.mark.parametrize("name", ["what?.db", "100%25.db", "a#b.db", "two words.db"])
def test_a_file_name_is_taken_as_it_is(tmp_path, name):
    """No character of a path means anything to the store."""
    Database(str(tmp_path / name)).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("wrong", [{"start_at": "soon"}, {"preset": "slow"}])
def test_a_bad_option_makes_no_store(file, wrong):
    """Options are checked before the database is touched."""
    with pytest.raises(StartError):
        build_world(Settings(database=str(file), **wrong))
    assert not file.exists()
