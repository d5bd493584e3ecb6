/**
 * Run after `npm ci`, by whatever Node.js npm runs on. A connection to PostgreSQL that is lost while a transaction is under way makes
 * the driver write to a socket that is gone, outside of every promise: the process dies
 * (https://github.com/porsager/postgres/issues/1208). Mended as proposed there; goes with the first release that does it.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const lost = "error(Errors.connection('CONNECTION_CLOSED', options, socket))"
const changes = [
  [
    'function nextWrite(fn) {\n    const x = socket.write(chunk, fn)\n',
    `function nextWrite(fn) {\n    if (socket === null) {\n      chunk = nextWriteTimer = null\n      ${lost}\n      return false\n    }\n    const x = socket.write(chunk, fn)\n`,
  ],
  [
    'incomings = null\n    clearImmediate(nextWriteTimer)\n    socket.removeListener',
    'incomings = null\n    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n    socket.removeListener',
  ],
]

for (const folder of ['src', 'cjs/src']) {
  const path = new URL(`../node_modules/postgres/${folder}/connection.js`, import.meta.url)
  let text = readFileSync(path, 'utf8')
  for (const [before, after] of changes) {
    if (text.includes(after)) continue
    if (!text.includes(before))
      throw new Error(`${path.pathname} is not the driver that this mends: look at ${import.meta.url}`)
    text = text.replace(before, () => after)
  }
  // A file of its own: package managers may share the one that was there.
  writeFileSync(`${path.pathname}.new`, text)
  renameSync(`${path.pathname}.new`, path.pathname)
}
