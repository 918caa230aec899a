# docs.together.ai/docs/deepseek-3-1-quickstart: How to use DeepSeek V3.1
from together import Together

client = Together()
resp = client.chat.completions.create(
    model="deepseek-ai/DeepSeek-V3.1",
    messages=[{"role": "user", "content": "What are some fun things to do in New York?"}],
    stream=True,
)
for tok in resp:
    print(tok.choices[0].delta.content, end="", flush=True)
