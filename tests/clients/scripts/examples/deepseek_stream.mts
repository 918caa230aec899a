// docs.together.ai/docs/deepseek-3-1-quickstart: How to use DeepSeek V3.1
import Together from 'together-ai';
const together = new Together();

const stream = await together.chat.completions.create({
  model: 'deepseek-ai/DeepSeek-V3.1',
  messages: [{ role: 'user', content: 'What are some fun things to do in New York?' }],
  stream: true,
});

for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content || '');
}
