// The TypeScript SDK asks models: `with_together_ai.mjs PART` prints a report as JSON.

import Together from 'together-ai';

const QWEN = 'Qwen/Qwen2.5-7B-Instruct-Turbo';
const LLAMA = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
const EMBEDDER = 'BAAI/bge-base-en-v1.5';
const RANKER = 'Salesforce/Llama-Rank-V1';
const TOOL_RESULT = 'Cold, 3 degrees.';
const DOCUMENTS = [
  'The giant panda is a bear species endemic to China.',
  'The guanaco is a camelid native to South America; animals like it live near Peru.',
];
// TOGETHER_API_KEY and TOGETHER_BASE_URL configure it, as users do.
const client = new Together();
const messages = [{ role: 'user', content: 'Hello there!' }];

async function chat(model) {
  const whole = await client.chat.completions.create({ model, messages });
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  let streamed = '';
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta?.content ?? '';
  const cities = await Promise.all(
    ['Oslo', 'Lima'].map((content) =>
      client.chat.completions.create({ model, messages: [{ role: 'user', content }] }),
    ),
  );
  return {
    whole: whole.choices[0].message.content,
    streamed,
    finish: whole.choices[0].finish_reason,
    cities: cities.map((answer) => answer.choices[0].message.content),
  };
}

async function helper(model) {
  const runner = client.chat.completions.stream({ model, messages });
  let heard = '';
  runner.on('content', (delta) => (heard += delta));
  const final = await runner.finalChatCompletion();
  return {
    heard,
    content: final.choices[0].message.content,
    role: final.choices[0].message.role,
    finish: final.choices[0].finish_reason,
    usage: final.usage.total_tokens > 0,
  };
}

async function loop(model, how) {
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Oslo'] }, days: { const: 3 } },
    required: ['city', 'days'],
  };
  const described = { name: 'get_weather', description: 'Forecast for a city', parameters };
  const told = [{ role: 'user', content: 'How is the weather today?' }];
  const ask = async () => {
    const asked = { model, messages: told, tools: [{ type: 'function', function: described }] };
    const answer =
      how === 'helper'
        ? await client.chat.completions.stream(asked).finalChatCompletion()
        : await client.chat.completions.create(asked);
    return answer.choices[0];
  };
  const first = await ask();
  told.push(first.message);
  for (const call of first.message.tool_calls) {
    told.push({ role: 'tool', tool_call_id: call.id, content: TOOL_RESULT });
  }
  const last = await ask();
  return {
    called: first.message.tool_calls.map(({ function: { name, arguments: given } }) => [
      name,
      JSON.parse(given),
    ]),
    finish: [first.finish_reason, last.finish_reason],
    quoted: last.message.content.includes(TOOL_RESULT),
  };
}

async function others() {
  const vectors = await client.embeddings.create({ model: EMBEDDER, input: ['one', 'two'] });
  const ranked = await client.rerank.create({
    model: RANKER,
    query: 'What animals can I find near Peru?',
    documents: DOCUMENTS,
    return_documents: true,
  });
  const asked = { model: LLAMA, prompt: 'Once upon a time', max_tokens: 8 };
  const whole = await client.completions.create(asked);
  let streamed = '';
  for await (const chunk of await client.completions.create({ ...asked, stream: true })) {
    streamed += chunk.choices[0]?.text ?? '';
  }
  return {
    vectors: vectors.data.map((row) => [row.index, row.embedding.length]),
    best: [ranked.results[0].index, ranked.results[0].document.text === DOCUMENTS[1]],
    completed: [whole.choices[0].finish_reason, whole.usage.completion_tokens],
    streamed: streamed === whole.choices[0].text,
  };
}

const parts = { chat, helper, loop, others };
const [part, ...words] = process.argv.slice(2);
console.log(JSON.stringify(await parts[part](...words)));
