// Answer each search on standard input, a line each, as the search box of a built site does: with the site's own worker.
// Written for Material for MkDocs 9.8: messages 0 (set up) and 2 (query), an answer to each.
const fs = require("node:fs")
const path = require("node:path")
const { createInterface } = require("node:readline")

const site = path.resolve(process.argv[2])
const workers = path.join(site, "assets/javascripts/workers")

let receive
globalThis.self = globalThis
globalThis.addEventListener = (_, listener) => { receive = listener }
require(path.join(workers, fs.readdirSync(workers).find(name => /^search\..*\.js$/.test(name))))
const ask = message => new Promise(answer => { globalThis.postMessage = answer; receive({ data: message }) })

const main = async () => {
  const index = JSON.parse(fs.readFileSync(path.join(site, "search/search_index.json"), "utf-8"))
  await ask({ type: 0, data: { ...index, options: {} } })
  for await (const query of createInterface({ input: process.stdin })) {
    const { data } = await ask({ type: 2, data: query })
    console.log(JSON.stringify(data.items.map(([first]) => first.location.split("#")[0])))
  }
}
main()
