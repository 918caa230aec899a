// Opens the page of a server as a browser would: page.cjs URL PROJECT [ACT...]; prints what it shows.
const { JSDOM, VirtualConsole } = require("jsdom");
const [url, project, ...acts] = process.argv.slice(2);
const failures = [];

async function until(holds, what) {
  for (let turn = 0; turn < 500; turn += 1) {
    if (holds()) return;
    await new Promise((resume) => setTimeout(resume, 20));
  }
  throw new Error(`${what} did not happen`);
}

async function main() {
  const told = new VirtualConsole();
  told.on("jsdomError", (error) => failures.push(String(error)));
  const page = await (await fetch(`${url}/_mock/ui`)).text();
  const dom = new JSDOM(page, {
    url: `${url}/_mock/ui#${project}`, runScripts: "dangerously", pretendToBeVisual: true, virtualConsole: told,
    beforeParse(window) { window.fetch = (path, options) => fetch(new URL(path, url), options); },
  });
  const { document } = dom.window;
  const text = (id) => document.getElementById(id).textContent.replace(/\s+/g, " ").trim();
  const rows = (id) => [...document.querySelectorAll(`#${id} > tr`)].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  const isEmpty = () => !document.getElementById("empty").hidden;
  await until(() => text("now") !== "–" || text("trouble") || isEmpty(), "the first look");
  for (const act of acts) {
    const [selector, id] = act.split("@");
    const before = text(id);
    document.querySelector(selector).click();
    await until(() => text(id) !== before, act);
  }
  const shown = Object.fromEntries(["trouble", "now", "due", "total", "spending", "timeline-of"].map((id) => [id, text(id)]));
  for (const id of ["endpoints", "requests", "past", "pools", "struck"]) shown[id] = rows(id);
  shown.project = document.getElementById("project").value;
  shown.marked = document.querySelectorAll("main b, main img, main script").length;
  shown.empty = isEmpty() && text("exports");
  shown.failures = failures;
  console.log(JSON.stringify(shown));
  dom.window.close();
  process.exit(0);
}

main();
