// docs.together.ai/docs/chat-overview: Running a single query
import Together from "together-ai";

const together = new Together();

const response = await together.chat.completions.create({
  model: "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
  messages: [{ role: "user", content: "What are some fun things to do in New York?" }],
});

console.log(response.choices[0].message.content)
