/**
 * Opens documents as the builder does and writes what it would save, for tests in another language. A line on standard
 * input is `{"document": …, "operations": […]}`, its line on standard output `{"opened", "rewritten", "edited", "undone",
 * "refused", "edges"}`. Rewritten, its conditions are spelled from the editor's rows alone. The edges are those that are
 * drawn for the document as it was opened, loops included.
 */
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const model = async (name) => {
  const file = fileURLToPath(new URL(`../src/model/${name}.ts`, import.meta.url))
  return (await runnerImport(file, { configFile: false, logLevel: 'silent' })).module
}
const { allActions, innerActions, openDocument } = await model('document')
const { edgesOf } = await model('edges')
const { readTree, writeTree } = await model('conditions')
const { applyOperation } = await model('operations')
const { beginHistory, perform, undo } = await model('history')

/** A part without its memory of how it was written. */
const forgetful = ({ written, parts, ...part }) => (parts ? { ...part, parts: parts.map(forgetful) } : part)

function rewrite(document) {
  const tree = readTree(document)
  const { conditions, top } = writeTree({ ...tree, parts: tree.parts.map(forgetful) })
  return applyOperation(document, { kind: 'setConditions', conditions, top }).document
}

/** Every edge of the document and of the lists in its loops. */
const drawnEdges = (document) =>
  [document, ...allActions(document.actions).map((action) => ({ actions: innerActions(action) }))].flatMap(
    (list) =>
      edgesOf(list)
        .filter(({ kind }) => kind !== 'start')
        .map(({ source, target, kind, place }) => [source, target, kind, place]),
  )

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
  const answer = {
    opened,
    rewritten: rewrite(opened),
    edited,
    undone: history.present,
    refused,
    edges: drawnEdges(opened),
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
