"""With listed keys, nothing but a listed key opens a project."""

import httpx
from support import ServerFactory


def test_a_key_of_an_earlier_run_is_refused_once_keys_are_listed(
    start_server: ServerFactory, tmp_path
):
    """The database remembers keys; the list decides."""
    store = str(tmp_path / "store.db")
    first = start_server(database=store)
    assert first.api("zzz").get("/v1/whoami").status_code == 200
    first.stop()
    listed = start_server(database=store, api_keys=("a=one",))
    assert listed.api("zzz").get("/v1/whoami").status_code == 401
    assert listed.api("zzz").chat("any").status_code == 401
    assert listed.api("a").get("/v1/whoami").json()["project_slug"] == "one"


def test_naming_a_project_takes_a_listed_key(start_server: ServerFactory):
    """X-Mock-Project is no way around the list."""
    running = start_server(api_keys=("a=one", "b=two"))
    url, named = f"{running.root}/_mock/project", {"X-Mock-Project": "one"}
    assert httpx.get(url, headers=named).status_code == 401
    stranger = {**named, "Authorization": "Bearer zzz"}
    assert httpx.get(url, headers=stranger).status_code == 401
    known = {**named, "Authorization": "Bearer b"}
    assert httpx.get(url, headers=known).json()["slug"] == "one"


def test_a_listed_key_starts_from_its_state_file(start_server, tmp_path):
    """Also where the key is listed with a slug; what a database holds is left as it is."""
    file, database = tmp_path / "state.yaml", str(tmp_path / "mock.db")
    file.write_text("api_key: mine\npreset: manual")
    for listed in ("mine", "mine=myslug"):
        api = start_server(api_keys=(listed,), state=(str(file),)).api("mine")
        assert api.state()["preset"] == "manual"
    for preset in ("manual", "realistic"):
        running = start_server(api_keys=("mine",), state=(str(file),), database=database)
        assert running.api("mine").state()["preset"] == preset
        running.api("mine").preset("realistic")
        running.stop()
