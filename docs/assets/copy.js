/* The buttons below an example: each copies one part of it. Without script the style sheet leaves them out. */

/* Lines of a console by kind (c: of a command, o: of output, x: about its end), as data-lines tells them. */
function consoleLines(block, kind) {
  const lines = block.textContent.split("\n")
  const kinds = [...block.closest("[data-lines]").dataset.lines.matchAll(/(\d+)(.)/g)]
    .flatMap(([, count, one]) => Array(Number(count)).fill(one))
  return lines.filter((_, number) => kinds[number] === kind)
}

function partOf({ dataset: { of, copy: what }, parentElement }) {
  const id = CSS.escape(of)
  if (what === "install") return parentElement.querySelector("code").textContent
  if (what === "text") return document.querySelector(`figure#${id} details pre`).textContent
  const block = document.querySelector(`.example#${id} code`)
  if (what === "commands") return consoleLines(block, "c").map(line => line.slice(2)).join("\n")
  if (what === "source") return block.textContent.replace(/\n$/, "")
  if (block.closest("[data-lines]")) return consoleLines(block, "o").join("\n")
  return document.querySelector(`.output[data-of="${id}"][data-what="${what}"] code`).textContent.replace(/\n$/, "")
}

/* A page that came without TLS and not from this machine has no navigator.clipboard. */
function copyByHand(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true })
  area.className = "example-copied"
  document.body.append(area)
  area.select()
  const done = document.execCommand("copy")
  area.remove()
  if (!done) throw new Error("copying was refused")
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("button[data-copy]")
  if (!button) return
  const said = button.closest(".example-bar").querySelector("[role=status]")
  const text = partOf(button)
  try {
    await (navigator.clipboard ? navigator.clipboard.writeText(text) : copyByHand(text))
    said.textContent = said.dataset.copied
  } catch {
    said.textContent = said.dataset.refused
  }
  button.focus()
  setTimeout(() => { said.textContent = "" }, 2000)
})
