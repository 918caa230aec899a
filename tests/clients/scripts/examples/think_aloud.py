# docs.together.ai/docs/deepseek-r1: How to use DeepSeek-R1 API
from together import Together

client = Together()  # pass in API key to api_key or set a env variable

stream = client.chat.completions.create(
    model="deepseek-ai/DeepSeek-R1",
    messages=[
        {
            "role": "user",
            "content": "Which number is bigger 9.9 or 9.11?",
        }
    ],
    stream=True,
)

for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
