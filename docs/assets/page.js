/* What a page does beside the theme: the language switcher leads to the section that is being read (sections have the
 * same id in every language), and what the theme's script makes can be used with the keyboard and a screen reader. */
const root = new URL("../", document.currentScript.src)

document$.subscribe(() => {
  // Instant navigation leaves the header as it was; the head is that of the page. What is not translated has no link
  // there; the first language is served at the root, each other one below its name.
  for (const [index, link] of document.querySelectorAll(".md-select__link").entries()) {
    const page = document.querySelector(`link[rel~=alternate][hreflang="${link.hreflang}"]`)
    link.href = new URL(page?.dataset.page ?? `${root}${index ? `${link.hreflang}/` : ""}`, location)
  }
})

document.addEventListener("click", event => {
  const link = event.target.closest?.(".md-select__link")
  if (link) link.hash = beingRead()
}, true)

/* The target of the address while it can be seen; otherwise the last section that begins in the upper third; while
 * the title can be seen, the page. */
function beingRead() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const { top, bottom } = target?.getBoundingClientRect() ?? { top: -1, bottom: -1 }
  if (bottom > 0 && top < innerHeight) return location.hash
  if (document.querySelector("article h1")?.getBoundingClientRect().bottom > 0) return ""
  const passed = [...document.querySelectorAll("article :is(h2, h3)[id]")]
    .filter(heading => heading.getBoundingClientRect().top < innerHeight / 3)
  return passed.length ? passed.at(-1).id : ""
}

/* A table that is wider than its window is scrolled with the arrow keys, once it can be focused. The theme puts a button
 * into a landmark of its own at each block of code; a reader of landmarks would hear one after the other. */
function mend() {
  // All are measured before any is changed.
  const frames = [...document.querySelectorAll(".md-typeset__scrollwrap")]
  for (const [frame, wide] of frames.map(frame => [frame, frame.scrollWidth > frame.clientWidth]))
    if (wide) frame.tabIndex = 0
    else frame.removeAttribute("tabindex")
  for (const buttons of document.querySelectorAll(".md-code__nav:not([role])")) buttons.role = "none"
}

/* Once before the next picture, however often it is asked for: each asking for a width lays out the page anew. */
let due = 0
function mendSoon() {
  due ||= requestAnimationFrame(() => { due = 0; mend() })
}

new MutationObserver(mendSoon).observe(document.body, { childList: true, subtree: true })
addEventListener("resize", mendSoon)
mendSoon()
