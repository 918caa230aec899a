"""An application as compose.yaml runs it beside the mock: what it knows comes from its environment.

It waits for nothing: compose starts it once the mock is healthy. It finds the endpoint that the
state file has made, asks it something, and makes one of its own.
"""

import json
import os
import urllib.request

BASE_URL = os.environ["TOGETHER_BASE_URL"]
HEADERS = {
    "Authorization": f"Bearer {os.environ['TOGETHER_API_KEY']}",
    "Content-Type": "application/json",
}


def call(method: str, path: str, body: dict | None = None) -> dict:
    """Call the API; its answer. Anything but a 2xx raises `urllib.error.HTTPError`."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE_URL + path, data, HEADERS, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def main() -> None:
    """List, ask, create."""
    for endpoint in call("GET", "/endpoints?type=dedicated")["data"]:
        print(endpoint["state"], endpoint["name"])
        if endpoint["state"] == "STARTED":
            question = [{"role": "user", "content": "Hello!"}]
            answer = call(
                "POST", "/chat/completions", {"model": endpoint["name"], "messages": question}
            )
            print(answer["choices"][0]["message"]["content"])
    made = call(
        "POST",
        "/endpoints",
        {
            "model": "Qwen/Qwen2.5-7B-Instruct-Turbo",
            "hardware": "1x_nvidia_h100_80gb_sxm",
            "autoscaling": {"min_replicas": 1, "max_replicas": 1},
            # Nobody asks it anything: it is not to run on for as long as the volume is kept.
            "inactive_timeout": 10,
        },
    )
    print("created", made["name"])


if __name__ == "__main__":
    main()
