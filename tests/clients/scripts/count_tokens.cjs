// How many tokens real tokenizers find in each text of a JSON object read from standard input.

const cl100k = require('gpt-tokenizer/cjs/encoding/cl100k_base');
const o200k = require('gpt-tokenizer/cjs/encoding/o200k_base');
const bundle = 'llama3-tokenizer-js/bundle/commonjs-llama3-tokenizer-with-baked-data.cjs';
const { llama3Tokenizer } = require(bundle);

const bare = { bos: false, eos: false };
const plain = { disallowedSpecial: new Set() };

function counts(text) {
  return {
    llama3: llama3Tokenizer.encode(text, bare).length,
    cl100k: cl100k.encode(text, plain).length,
    o200k: o200k.encode(text, plain).length,
  };
}

const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const told = Object.entries(texts).map(([name, text]) => [name, counts(text)]);
console.log(JSON.stringify(Object.fromEntries(told)));
