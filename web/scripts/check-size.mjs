/** Prints what each page costs over the wire, and fails when the first page costs too much JavaScript. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 250
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

/** Gzipped kB of a built file. */
const kilobytes = (file) => gzipSync(readFileSync(new URL(file, dist))).length / 1024

/** The files that a page needs: its own chunk and all that it imports statically. */
function filesOf(key, seen = new Set()) {
  const chunk = manifest[key]
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const imported of chunk.imports ?? []) filesOf(imported, seen)
  return seen
}

const sum = (files) => [...files].reduce((total, file) => total + kilobytes(file), 0)
const shell = filesOf('index.html')
const first = new Set([...shell, ...filesOf('src/pages/AutomationsPage.tsx')])

const rows = Object.entries(manifest)
  .filter(([, chunk]) => chunk.isDynamicEntry)
  .map(([key]) => [key, sum([...filesOf(key)].filter((file) => !shell.has(file)))])
  .sort((one, other) => other[1] - one[1])

console.log('\nJavaScript over the wire, gzip:')
console.log(`  ${sum(first).toFixed(1).padStart(7)} kB  first page (limit ${LIMIT_KB} kB)`)
for (const [key, size] of rows) console.log(`  ${size.toFixed(1).padStart(7)} kB  + ${key}`)

if (sum(first) > LIMIT_KB) {
  console.error(`The first page is larger than ${LIMIT_KB} kB.`)
  process.exit(1)
}
