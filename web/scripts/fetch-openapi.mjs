/**
 * Writes src/api/schema.d.ts from the API's OpenAPI document: of a running server
 * (`npm run api-types -- http://127.0.0.1:8080`) or of a file (`npm run api-types -- openapi.json`).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const source = process.argv[2] ?? 'http://127.0.0.1:8080'
const document = source.startsWith('http')
  ? await (await fetch(new URL('/api/v1/openapi.json', source))).json()
  : JSON.parse(readFileSync(source, 'utf8'))

const heading =
  '/** Generated from the OpenAPI document of the API by `npm run api-types`. Not written by hand. */\n'
const types = astToString(await openapiTS(document))
writeFileSync(new URL('../src/api/schema.d.ts', import.meta.url), heading + types)
console.log(`src/api/schema.d.ts: ${Object.keys(document.paths).length} paths`)
