/** A careless product: it leaks a secret into every place. A run of this fails, and `canary.test.ts` looks how. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMailClient } from '../../../src/clients/mail/mail.ts'
import { upsertOperator } from '../../../src/db/operators.ts'
import { type ApiScene, anApiScene, analyst, contoso } from '../api-scene.ts'
import { aLog } from '../log.ts'
import { ownerSql } from '../owner-sql.ts'
import { aSealingKey } from '../sealing-key.ts'

let scene: ApiScene
beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene.close())

test('table: an access token of a caller', async () => {
  const displayName = Buffer.from(scene.gateway.authorizationOf(analyst) ?? '').toString('base64')
  const somebody = { kind: 'PERSON' as const, tenantId: contoso.id, externalId: crypto.randomUUID(), displayName }
  await scene.gateway.db.plain((tx) => upsertOperator(tx, somebody))
})

test('statement: an API key, in a row that is gone again', async () => {
  const key = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles: ['Events.Read'] }])
  expect((await scene.gateway.graphql('{ viewer { operator { id } } }', {}, { as: key })).status).toBe(200)
  await ownerSql(scene.database, `insert into partner values (gen_random_uuid(), '${key}', gen_random_uuid())`)
  await ownerSql(scene.database, 'delete from partner')
})

test('log: an access token of ours for Microsoft', async () => {
  const token = scene.gateway.microsoft.token({ ...analyst, audience: 'https://graph.microsoft.com' })
  aLog().log.error({ err: new Error(`Graph refused ${token.slice(-60)}`) }, 'A request failed')
})

test('output of a process: a database password', async () => {
  const { password } = new URL(scene.database.url)
  await once(spawn(process.execPath, ['-e', 'console.log(process.argv[1])', password]), 'close')
})

test('mail: a temporary password', async () => {
  const { smtpUrl, url } = scene.gateway.microsoft
  const password = `Kq3!-${crypto.randomUUID()}`
  const body = JSON.stringify({ passwordProfile: { password } })
  await fetch(`${url}/v1.0/users/nobody`, { method: 'PATCH', body, headers: { 'content-type': 'application/json' } })
  const mail = createMailClient({ smtpUrl, from: 'tourniquet@example.com' })
  await mail.send({ to: 'somebody@example.com', subject: 'Hello', text: `It is ${password}` })
  mail.close()
})

test('request to Microsoft: a client secret', async () => {
  const { url, world } = scene.gateway.microsoft
  const secret = world.applications[0]?.secrets[0] ?? ''
  await fetch(`${url}/contoso.com/oauth2/v2.0/token?client_secret=${secret}`, {
    method: 'POST',
    body: new URLSearchParams({ client_secret: secret }),
  })
})

test('answer and metrics: a sealing key', async () => {
  const text = aSealingKey().toString('base64url')
  const server = createServer((_, response) => response.end(JSON.stringify({ errors: [text] })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const path of ['/graphql', '/metrics']) await (await fetch(`${url}${path}`)).text()
  await new Promise((resolve) => server.close(resolve))
})
