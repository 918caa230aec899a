// docs.together.ai/docs/deepseek-3-1-quickstart: Hybrid Thinking
import Together from 'together-ai';

import type { ChatCompletionChunk } from "together-ai/resources/chat/completions";

const together = new Together();

async function main() {
  const stream = await together.chat.completions.stream({
    model: "deepseek-ai/DeepSeek-V3.1",
    messages: [
      { role: "user", content: "What are some fun things to do in New York?" },
    ],
    reasoning: {
      enabled: true,
    },
  } as any);

  for await (const chunk of stream) {
    const delta = chunk.choices[0]
          ?.delta as ChatCompletionChunk.Choice.Delta & { reasoning?: string };

    // Show reasoning tokens if present
    if (delta?.reasoning) process.stdout.write(delta.reasoning);

    // Show content tokens if present
    if (delta?.content) process.stdout.write(delta.content);
  }
}

main();
