# docs.together.ai/docs/composio: Create a Chat Completion with Tools
# Composio needs an account, so one of its tools is written out here.
from together import Together

client = Together()

tools = [
    {
        "type": "function",
        "function": {
            "name": "GITHUB_STAR_A_REPOSITORY_FOR_THE_AUTHENTICATED_USER",
            "description": "Star a repository for the authenticated user",
            "parameters": {
                "type": "object",
                "properties": {
                    "owner": {"type": "string", "description": "The account owner"},
                    "repo": {"type": "string", "description": "The name of the repository"},
                },
                "required": ["owner", "repo"],
            },
        },
    }
]

response = client.chat.completions.create(
    tools=tools,
    model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
    messages=[
        {
            "role": "user",
            "content": "Star the repo 'togethercomputer/together-cookbook'",
        }
    ],
)

for call in response.choices[0].message.tool_calls:
    print(call.function.name, call.function.arguments)
