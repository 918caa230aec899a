// Vercel's AI SDK with its Together provider at work: `with_ai_sdk.mjs PART` prints a report as JSON.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createTogetherAI } from '@ai-sdk/togetherai';
import {
  embed,
  embedMany,
  extractReasoningMiddleware,
  generateObject,
  generateText,
  rerank,
  stepCountIs,
  streamObject,
  streamText,
  tool,
  wrapLanguageModel,
} from 'ai';
import { z } from 'zod';

const QWEN = 'Qwen/Qwen2.5-7B-Instruct-Turbo';
const LLAMA = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
const HELLO = 'Hello there!';
const WEATHER_QUESTION = 'How is the weather today?';
const BOTH_QUESTION = 'Tell me about the weather and the stock price.';
const TOOL_RESULT = 'Cold, 3 degrees.';
const DOCUMENTS = [
  'The giant panda is a bear species endemic to China.',
  'The guanaco is a camelid native to South America; animals like it live near Peru.',
  'Stock prices fell on Friday.',
];
// It prints warnings to standard output otherwise.
globalThis.AI_SDK_LOG_WARNINGS = false;
const baseURL = process.env.TOGETHER_BASE_URL;
const apiKey = process.env.TOGETHER_API_KEY;
const together = createTogetherAI({ baseURL });
// The same service through the provider that sends schemas along.
const compatible = createOpenAICompatible({
  name: 'together',
  baseURL,
  apiKey,
  supportsStructuredOutputs: true,
});

const Trip = z.object({
  title: z.string(),
  season: z.enum(['winter', 'summer']),
  places: z.array(z.object({ city: z.string(), country: z.literal('Norway') })),
  nights: z.number().int(),
  note: z.string().optional(),
});
const Tag = z.object({ label: z.literal('new') });
const tools = {
  get_weather: tool({
    description: 'Forecast for a city',
    inputSchema: z.object({ city: z.enum(['Oslo']), days: z.literal(3) }),
    execute: async () => TOOL_RESULT,
  }),
  get_stock_price: tool({
    description: 'Quote of a share',
    inputSchema: z.object({ ticker: z.literal('ACME') }),
    execute: async () => '12 dollars.',
  }),
};

const addsUp = ({ inputTokens, outputTokens, totalTokens }) =>
  totalTokens > 0 && totalTokens === inputTokens + outputTokens;
const called = (calls) => calls.map((call) => [call.toolName, call.input]);

async function generate(name) {
  const model = together(name);
  const plain = await generateText({ model, prompt: HELLO });
  const system = await generateText({
    model,
    messages: [
      { role: 'user', content: 'One.' },
      { role: 'assistant', content: plain.text },
      { role: 'user', content: 'Two.' },
    ],
  });
  const limited = await generateText({ model, prompt: HELLO, maxOutputTokens: 5 });
  return {
    text: plain.text,
    finish: plain.finishReason,
    usage: addsUp(plain.usage),
    model: plain.response.modelId,
    second: system.text,
    limited: [limited.finishReason, limited.usage.outputTokens],
  };
}

async function stream(name) {
  const whole = await generateText({ model: together(name), prompt: HELLO });
  const result = streamText({ model: together(name), prompt: HELLO });
  const kinds = new Set();
  let text = '';
  for await (const part of result.fullStream) {
    kinds.add(part.type);
    if (part.type === 'text-delta') text += part.text;
  }
  const usage = await result.usage;
  return {
    text: text === whole.text,
    errors: kinds.has('error'),
    finish: await result.finishReason,
    usage: usage.totalTokens === whole.usage.totalTokens,
  };
}

async function loop(name) {
  const model = together(name);
  const asked = { model, tools, stopWhen: stepCountIs(3) };
  const told = await generateText({ ...asked, prompt: WEATHER_QUESTION });
  const streamed = streamText({ ...asked, prompt: BOTH_QUESTION });
  await streamed.consumeStream();
  const [first] = await streamed.steps;
  const forced = await generateText({
    model,
    tools,
    toolChoice: { type: 'tool', toolName: 'get_stock_price' },
    prompt: HELLO,
  });
  const required = await generateText({ model, tools, toolChoice: 'required', prompt: HELLO });
  return {
    steps: told.steps.map((step) => [step.finishReason, called(step.toolCalls)]),
    quoted: told.text.includes(TOOL_RESULT),
    streamed: called(first.toolCalls),
    'streamed answer': (await streamed.text).includes(TOOL_RESULT),
    forced: called(forced.toolCalls),
    required: called(required.toolCalls),
  };
}

async function object() {
  // The provider asks for JSON without saying which, so a script has the answer.
  const told = await generateObject({ model: together(LLAMA), schema: Tag, prompt: 'Tag it.' });
  return told.object;
}

async function structured() {
  const model = compatible(LLAMA);
  const trip = await generateObject({ model, schema: Trip, prompt: 'Plan a trip.' });
  const tags = await generateObject({ model, schema: Tag, output: 'array', prompt: 'Tag it.' });
  const choice = await generateObject({ model, enum: ['yes'], output: 'enum', prompt: 'Well?' });
  const streamed = streamObject({ model, schema: Tag, prompt: 'Tag it.' });
  for await (const _ of streamed.partialObjectStream);
  return {
    trip: Object.keys(trip.object).sort().filter((key) => key !== 'note'),
    finish: trip.finishReason,
    tags: tags.object.every((tag) => tag.label === 'new'),
    choice: choice.object,
    streamed: await streamed.object,
  };
}

async function reasoning() {
  const field = await generateText({ model: together('openai/gpt-oss-20b'), prompt: HELLO });
  const middleware = extractReasoningMiddleware({ tagName: 'think' });
  const model = wrapLanguageModel({ model: together('deepseek-ai/DeepSeek-R1'), middleware });
  const tagged = await generateText({ model, prompt: HELLO });
  const streamed = streamText({ model: together('openai/gpt-oss-20b'), prompt: HELLO });
  const order = [];
  for await (const part of streamed.fullStream) {
    if (/^(reasoning|text)-start$/.test(part.type)) order.push(part.type);
  }
  return {
    field: [field.reasoningText.length > 0, field.text],
    tagged: [tagged.reasoningText.length > 0, tagged.text.trim()],
    order,
  };
}

async function embeddings() {
  const model = together.embeddingModel('BAAI/bge-base-en-v1.5');
  const one = await embed({ model, value: 'one' });
  const both = await embedMany({ model, values: ['one', 'two'] });
  return {
    dimensions: [one, ...both.embeddings.map((embedding) => ({ embedding }))].map(
      ({ embedding }) => embedding.length,
    ),
    same: JSON.stringify(one.embedding) === JSON.stringify(both.embeddings[0]),
  };
}

async function ranks() {
  const told = await rerank({
    model: together.rerankingModel('Salesforce/Llama-Rank-V1'),
    query: 'What animals can I find near Peru?',
    documents: DOCUMENTS,
    topN: 2,
  });
  const scores = told.ranking.map((row) => row.score);
  return {
    best: told.rerankedDocuments[0],
    count: told.ranking.length,
    sorted: scores[0] >= scores[1],
  };
}

async function completion() {
  const model = together.completionModel(LLAMA);
  const whole = await generateText({ model, prompt: 'Once upon a time' });
  const streamed = streamText({ model, prompt: 'Once upon a time' });
  return {
    says: whole.text.length > 0,
    finish: whole.finishReason,
    usage: addsUp(whole.usage),
    streamed: (await streamed.text) === whole.text,
  };
}

async function refused(name) {
  try {
    await generateText({ model: together(name), prompt: HELLO });
  } catch (error) {
    return [error.name, error.statusCode, error.message, error.data.error.code];
  }
  return ['nothing'];
}

const parts = {
  generate,
  stream,
  loop,
  object,
  structured,
  reasoning,
  embeddings,
  ranks,
  completion,
  refused,
};
const [part, ...words] = process.argv.slice(2);
console.log(JSON.stringify(await parts[part](...words)));
