/* The search worker: Material's own, with three things before it.
 *
 * Nothing is loaded before something is searched for: Material's worker and the index are larger than a page.
 * A query is cut into the words that the index has. Material's own way of cutting Chinese drops the last character.
 * What is shown has none of the zero-width spaces that mark words in the index.
 *
 * Called as search.js?folder=zh/&worker=../assets/javascripts/workers/search.….min.js; the folder is the language's.
 * The messages are Material's: SETUP and QUERY from the page, READY and RESULT to it. */
"use strict"

const [SETUP, READY, QUERY, RESULT] = [0, 1, 2, 3]
const HAN = /\p{sc=Han}+/gu
const CUT = /\u200b/g
// Keeps Material from cutting a Chinese word once more; taken out again before the words are looked up.
const GLUE = "\u2060"
const EXCERPT = 160

const settings = new URLSearchParams(location.search)
const root = new URL("../", location)
const post = self.postMessage.bind(self)
const words = new Set()
let material
let last = ""

self.postMessage = message => {
  if (message.type !== RESULT) return
  const items = message.data.items.sort((one, other) => worth(other) - worth(one))
  post({ ...message, data: { ...message.data, items: items.map(group => group.map(shown)) } })
}

self.addEventListener("message", async ({ data: message }) => {
  if (message.type !== QUERY) return
  last = message.data
  if (!last.trim()) return post({ type: RESULT, data: { items: [] } })
  const answer = await (material ??= load())
  // While it was loading, something else may have been typed.
  if (message.data === last) answer({ data: { type: QUERY, data: rewritten(last) } })
})

post({ type: READY })

/* Material's handler of messages, with the index in it. */
async function load() {
  const index = fetch(new URL(`${settings.get("folder")}search/search_index.json`, root))
  const listen = self.addEventListener
  let handler
  self.addEventListener = (_, listener) => { handler = listener }
  importScripts(new URL(settings.get("worker").replace(/^.*?(?=assets\/)/, ""), root))
  self.addEventListener = listen
  unglue()
  const data = await (await index).json()
  for (const doc of data.docs)
    for (const text of [doc.title, doc.text, ...(doc.tags ?? []), ...doc.names, ...doc.also])
      for (const word of text.match(HAN) ?? []) words.add(word)
  await handler({ data: { type: SETUP, data: { ...data, options: { suggest: false } } } })
  return handler
}

function unglue() {
  const { QueryParser } = lunr
  lunr.QueryParser = Object.assign(
    function (text, query) { return new QueryParser(text.replaceAll(GLUE, ""), query) }, QueryParser
  )
}

/* A query as lunr reads it: signs that it would take for operators are none here (-ENOENT, *.c). A word counts more
 * where it stands by itself than where a longer one begins with it. */
function rewritten(query) {
  const plain = query.normalize("NFKC").replace(/[~^*:+]|(^|\s)-+/g, " ").replace(HAN, run => ` ${cut(run).join(" ")} `)
  if (plain.includes('"')) return plain
  const all = plain.trim().split(/\s+/)
  const telling = all.filter(word => lunr.stopWordFilter(word.toLowerCase()))
  return (telling.length ? telling : all).map(word => `${glued(word)}^4 ${glued(singular(word))}`).join(" ")
}

const glued = word => word.replace(HAN, run => [...run].join(GLUE))

/* The beginning that a word and its plural share: each word also finds what begins with it. */
const singular = word =>
  /^[a-z]{4,}$/i.test(word) ? word.replace(/(?<=s|x|z|ch|sh)es$|(?<!s)s$/i, "").replace(/ie$/i, "") : word

/* The index's words in a run of Chinese characters, longer ones and those within them; what is left over is kept
 * where it may be a word in the making. */
function cut(run) {
  const found = new Set()
  let covered = 0
  for (let start = 0; start < run.length; start++)
    for (let end = run.length; end > start + 1; end--)
      if (words.has(run.slice(start, end))) {
        if (start > covered + 1) found.add(run.slice(covered, start))
        found.add(run.slice(start, end))
        covered = Math.max(covered, end)
      }
  if (covered < run.length && (!found.size || run.length - covered < 3)) found.add(run.slice(covered))
  return [...found]
}

/* What a page is worth is what its best section is worth: one with all the words before one with many of a few, and
 * one that has them side by side before one that has them here and there. */
const worth = group => Math.max(...group.map(item => {
  const found = Object.values(item.terms)
  return item.score * (found.filter(Boolean).length / Math.max(1, found.length)) ** 3 * (together(item) ? 3 : 1)
}))

function together({ title, text, also }) {
  const phrase = words_of(last)
  return phrase.trim().includes(" ") && words_of([title, text, ...also].join(" | ")).includes(phrase)
}

/* Words apart from all that is between them, each as its singular begins. */
const words_of = text =>
  ` ${text.replace(/<[^>]*>|\u200b/g, "").toLowerCase().match(/[\p{L}\p{N}|]+/gu)?.map(singular).join(" ")} `

/* A result as the page shows it. A section that was found by a name that its text does not have word for word (part of
 * a longer one, another name for the same) shows its beginning, not all of it. */
function shown(item) {
  // Tags would be a landmark in each result.
  const { title, text, terms, tags, ...rest } = item
  // Nothing is missing where a part of it is in question (影子页表: 影子, 页表), or its singular was found.
  const known = Object.entries(terms).filter(([word, found]) => found || !Object.keys(terms).some(
    other => other !== word && other.length > 1 && (terms[other] || /\p{sc=Han}/u.test(other)) && word.includes(other)
  ))
  const plain = text.replace(CUT, "")
  const excerpt = plain.includes("<mark") ? plain : beginning(plain)
  return { ...rest, terms: Object.fromEntries(known), title: title.replace(CUT, ""), text: excerpt }
}

function beginning(text) {
  const plain = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim()
  return plain.length > EXCERPT ? `${plain.slice(0, EXCERPT).replace(/&[^;]*$|\s\S*$/, "")} …` : plain
}
