// Pins the dependencies anew, without download addresses: `npm run lock`.
// (npm's own setting for that leaves out the packages of other platforms, and `npm ci` then refuses the file.)
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { stdio: 'inherit' })
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
for (const entry of Object.values(lock.packages)) delete entry.resolved
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
