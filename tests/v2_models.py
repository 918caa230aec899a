"""Models of one's own by v2: what tests of them and of their files share."""

from support import MIXTRAL
from together_mock.services.catalog import Catalog

PLATFORM = Catalog().platform
BASE = PLATFORM.model_named(MIXTRAL)


def models(api):
    """The path of the project's models."""
    return f"/v2/projects/{api.get('/_mock/project').json()['id']}/models"


def registered(api, name="my-model", **fields):
    """Register a model; its answer."""
    body = {"name": name, "type": "model", "baseModelId": BASE.id, **fields}
    answer = api.post(models(api), json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def model_of(api, name="my-model", kind="model"):
    """Register a model; its id."""
    return registered(api, name, type=kind)["id"]


def malformed(answer):
    """Check that an answer refuses what does not fit its schema; the field at fault."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "INVALID_ARGUMENT")
    return error["param"]


def got(api, path, **params):
    """An answer that has to be one."""
    answer = api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(api, path, body):
    """Post to a path below the models; the answer, which has to be one."""
    answer = api.post(f"{models(api)}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def revisions_of(api, model_id):
    """A model's revisions, newest first."""
    return got(api, f"{models(api)}/{model_id}/revisions")["data"]
