"""Files of models: uploaded in parts as the command line does it, and downloaded."""

import hashlib

import httpx
import pytest
from support import refused
from v2_models import BASE, PLATFORM, got, malformed, model_of, models, posted, revisions_of

# In parts ----------------------------------------------------------------------------------


def md5(content):
    return hashlib.md5(content).hexdigest()


def file_hash(parts):
    """The hash of a file in parts, as the command line builds it."""
    if len(parts) == 1:
        return md5(parts[0])
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{md5(digests)}-{len(parts)}"


def begun(api, model_id, files):
    """Ask where the parts of files are to be put; the answer's files."""
    described = [
        {"path": path, "hash": file_hash(parts), "numParts": len(parts)}
        for path, parts in files.items()
    ]
    return posted(api, "upload/create", {"objectId": model_id, "files": described})["files"]


def put(part, content):
    """Put a part as the command line does: without a key, and in chunks."""
    chunks = (content[at : at + 65_536] for at in range(0, len(content), 65_536))
    answer = httpx.put(part["url"], headers=part["headers"], content=chunks, verify=False)
    assert answer.status_code == 200, answer.text
    return {"partNumber": part["partNumber"], "hash": answer.headers["ETag"].strip('"')}


def sent(planned, files):
    """Put every part; what completes the upload."""
    done = []
    for file in planned:
        parts = files[file["path"]]
        entry = {"path": file["path"], "hash": file_hash(parts)}
        if file.get("skipUpload"):
            done.append({**entry, "skipUpload": True})
            continue
        tags = [put(part, parts[part["partNumber"] - 1]) for part in file["parts"]]
        done.append({**entry, "uploadDetails": {"uploadId": file["uploadId"], "parts": tags}})
    return done


def uploaded(api, model_id, files):
    """Upload files in parts; the revision's id."""
    body = {"objectId": model_id, "files": sent(begun(api, model_id, files), files)}
    return posted(api, "upload/complete", body)["revisionId"]


FILES = {"config.json": [b"{}"], "weights/model.safetensors": [b"a" * 300_000, b"b" * 1000]}


def test_files_are_uploaded_in_parts(api):
    """Each part to its URL, without a key; then there is a revision with paths, hashes, sizes."""
    model_id = model_of(api)
    revision_id = uploaded(api, model_id, FILES)
    [revision] = revisions_of(api, model_id)
    assert revision["revisionId"] == revision_id
    files = got(api, f"{models(api)}/{model_id}/files")
    assert files["data"] == [
        {"path": "config.json", "hash": md5(b"{}"), "sizeBytes": "2"},
        {
            "path": "weights/model.safetensors",
            "hash": file_hash(FILES["weights/model.safetensors"]),
            "sizeBytes": "301000",
        },
    ]
    assert files["totalSizeBytes"] == "301002"
    assert "architecture" in got(api, f"{models(api)}/{model_id}")["weights"]


def test_a_model_is_uploaded_to_by_its_name(api):
    """The command line takes names as well as ids."""
    model_id = model_of(api)
    name = got(api, f"{models(api)}/{model_id}")["name"]
    assert uploaded(api, name, FILES) == revisions_of(api, model_id)[0]["revisionId"]


def test_a_part_may_be_larger_than_any_other_body(api):
    """Parts are of 20 MB, which is more than a request in JSON may have."""
    files = {"big": [b"x" * (20 * 1024 * 1024)]}
    model_id = model_of(api)
    uploaded(api, model_id, files)
    assert got(api, f"{models(api)}/{model_id}/files")["totalSizeBytes"] == str(20 * 1024 * 1024)


def test_what_a_model_has_is_not_uploaded_again(api):
    """A file of the same path and hash is skipped; the new revision has it all the same."""
    model_id = model_of(api)
    uploaded(api, model_id, FILES)
    files = FILES | {"config.json": [b"{...}"]}
    planned = begun(api, model_id, files)
    assert [file["path"] for file in planned if file.get("skipUpload")] == [
        "weights/model.safetensors"
    ]
    body = {"objectId": model_id, "files": sent(planned, files)}
    posted(api, "upload/complete", body)
    assert len(revisions_of(api, model_id)) == 2
    assert got(api, f"{models(api)}/{model_id}/files")["totalSizeBytes"] == "301005"


@pytest.mark.parametrize(
    ("path", "count"),
    [("../up", 1), ("/etc/passwd", 1), ("a//b", 1), ("", 1), ("a\0", 1), ("many", 10**9)],
)
def test_a_plan_that_cannot_be_is_refused(api, path, count):
    """No path out of the model's directory, and no plan without bounds."""
    body = {"objectId": model_of(api), "files": [{"path": path, "hash": "h", "numParts": count}]}
    refused(api.post(f"{models(api)}/upload/create", json=body), "v2_bad_value")


def test_a_plan_names_its_files_once(api):
    """None is no upload, and no path stands twice."""
    one = {"path": "a", "hash": "h", "numParts": 1}
    for files, param in (([], "files"), ([one, one], "files.1.path")):
        body = {"objectId": model_of(api, f"m-{param}"), "files": files}
        error = refused(api.post(f"{models(api)}/upload/create", json=body), "v2_bad_value")
        assert error["param"] == param


def test_a_place_that_was_not_given_out_takes_no_part(api):
    """Another number, another upload, another project or no signature: it is not found."""
    [file, _] = begun(api, model_of(api), FILES)
    [part] = file["parts"]
    url = part["url"]
    for wrong in (
        url.partition("?")[0],
        url.replace("/1?", "/2?"),
        url.replace("upl_", "upl_x"),
        url.replace("proj_", "proj_x"),
    ):
        refused(httpx.put(wrong, content=b"{}"), "v2_unknown_item")


def test_an_upload_is_completed_as_it_was_begun(api):
    """Parts, tags and hashes must fit together; what does not makes no revision."""
    model_id = model_of(api)
    good = sent(begun(api, model_id, FILES), FILES)
    details = good[1]["uploadDetails"]
    first, second = details["parts"]
    swapped = [{**first, "hash": second["hash"]}, {**second, "hash": first["hash"]}]
    for field, value in (
        ("uploadDetails", {**details, "parts": [first]}),
        ("uploadDetails", {**details, "parts": [first, first]}),
        ("uploadDetails", {**details, "parts": [first, {**second, "hash": "tag"}]}),
        ("uploadDetails", {**details, "parts": swapped}),
        ("uploadDetails", {**details, "uploadId": "upl_other"}),
        ("path", "elsewhere"),
        ("hash", "0" * 32),
    ):
        body = {"objectId": model_id, "files": [good[0], {**good[1], field: value}]}
        answer = api.post(f"{models(api)}/upload/complete", json=body)
        assert refused(answer, "v2_bad_value")["param"].startswith("files.1.")
    skipped = {**good[0], "uploadDetails": None, "skipUpload": True}
    body = {"objectId": model_id, "files": [skipped]}
    refused(api.post(f"{models(api)}/upload/complete", json=body), "v2_bad_value")
    body = {"objectId": model_id, "files": [{**skipped, "skipUpload": False}]}
    answer = api.post(f"{models(api)}/upload/complete", json=body)
    assert malformed(answer) == "files.0.uploadDetails"
    assert revisions_of(api, model_id) == []


# Downloads ---------------------------------------------------------------------------------


def downloaded(api, path, **body):
    """Download files as the command line does; path -> content."""
    answer = api.post(f"{path}/download", json=body)
    assert answer.status_code == 200, answer.text
    contents = {}
    for file in answer.json()["files"]:
        content = b""
        for part in file["parts"]:
            piece = httpx.get(part["url"], headers=part["headers"], verify=False)
            assert (piece.status_code, len(piece.content)) == (200, int(part["sizeBytes"]))
            content += piece.content
        assert len(content) == int(file["sizeBytes"])
        # The command line leaves a file alone that it finds with this hash.
        assert md5(content) == file["hash"]
        contents[file["path"]] = content
    return answer.json()["revisionId"], contents


def test_a_download_gives_stand_ins(api):
    """Every file in one small part without a key, the same bytes each time."""
    model_id = model_of(api)
    revision_id = uploaded(api, model_id, {**FILES, "a b&c?.txt": [b"12345"]})
    asked = {"objectId": model_id, "paths": [], "revisionId": revision_id}
    first = downloaded(api, models(api), **asked)
    assert first == downloaded(api, models(api), objectId=model_id)
    assert first[0] == revision_id
    assert sorted(first[1]) == ["a b&c?.txt", "config.json", "weights/model.safetensors"]
    assert len(first[1]["config.json"]) == 2
    assert len(first[1]["weights/model.safetensors"]) == 4096
    some = downloaded(api, models(api), objectId=model_id, paths=["config.json"])[1]
    assert some == {"config.json": first[1]["config.json"]}


def test_the_platforms_models_can_be_downloaded(api):
    """In the platform's project; what stands for a shard of gigabytes is small."""
    path = f"/v2/projects/{PLATFORM.project_id}/models"
    revision_id, contents = downloaded(api, path, objectId=BASE.id)
    assert revision_id == BASE.revision
    assert all(len(content) <= 4096 for content in contents.values())


def test_what_is_not_there_cannot_be_downloaded(api):
    """No revision yet, another revision, another file, another model."""
    model_id = model_of(api)
    path = f"{models(api)}/download"
    refused(api.post(path, json={"objectId": model_id}), "v2_no_revisions")
    uploaded(api, model_id, FILES)
    body = {"objectId": model_id, "revisionId": "rv_none"}
    refused(api.post(path, json=body), "v2_unknown_item")
    refused(api.post(path, json={"objectId": model_id, "paths": ["none"]}), "v2_unknown_item")
    refused(api.post(path, json={"objectId": "ml_nobody"}), "v2_unknown_model")
    refused(httpx.get(f"{api.root}/v2/projects/p/models/download/parts/rv_1"), "v2_unknown_item")
