/**
 * Opens documents as the builder does and writes what it would save, for tests in another language. A line on standard
 * input is `{"document": …, "operations": […]}`, its line on standard output `{"opened", "edited", "undone", "refused"}`.
 */
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const model = async (name) => {
  const file = fileURLToPath(new URL(`../src/model/${name}.ts`, import.meta.url))
  return (await runnerImport(file, { configFile: false, logLevel: 'silent' })).module
}
const { openDocument } = await model('document')
const { beginHistory, perform, undo } = await model('history')

for await (const line of createInterface({ input: process.stdin })) {
  const { document, operations } = JSON.parse(line)
  const opened = openDocument(document)
  let history = beginHistory(opened)
  const refused = []
  for (const [number, operation] of operations.entries()) {
    // An hour lies between two operations, so that each is undone by itself.
    const done = perform(history, operation, number * 3_600_000)
    if (done.refused === undefined) history = done.history
    else refused.push(done.refused)
  }
  const edited = history.present
  while (history.past.length > 0) history = undo(history)
  process.stdout.write(`${JSON.stringify({ opened, edited, undone: history.present, refused })}\n`)
}
